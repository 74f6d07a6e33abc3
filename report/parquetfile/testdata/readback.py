"""Reads Parquet files with pyarrow and DuckDB and prints, for each, the
canonical hash of its rows by either reader, its types and its metadata. Writes
each again with pyarrow, under its name and ".again".

The hash is a second implementation of table.CanonicalHash, from its comment.
"""
import hashlib
import json
import struct
import sys

KINDS = {"text": 1, "code": 2, "int": 3, "amount": 4, "time": 5}


def uvarint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def text(s):
    b = s if isinstance(s, bytes) else s.encode("utf-8")
    return uvarint(len(b)) + b


def canonical(schema, columns, rows):
    h = hashlib.sha256()
    h.update(b"paytriage table 1\n" + text(schema["name"]) + uvarint(len(schema["columns"])) + uvarint(rows))
    for column, values in zip(schema["columns"], columns):
        kind = column["kind"]
        h.update(text(column["name"]) + bytes([KINDS[kind], int(column.get("nullable", False))]))
        for v in values:
            if v is None:
                h.update(b"\0")
            elif kind in ("text", "code"):
                h.update(b"\1" + text(v))
            else:
                h.update(b"\1" + struct.pack("<q", v))
    return h.hexdigest()


def by_pyarrow(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    f = pq.ParquetFile(path)
    table = f.read()
    pq.write_table(table, path + ".again", row_group_size=1000)
    meta = {k.decode(): v.decode() for k, v in (f.metadata.metadata or {}).items()}
    schema = json.loads(meta["paytriage.schema"])
    columns = []
    for column in schema["columns"]:
        c = table.column(column["name"])
        columns.append((c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist())
    statistics = []
    for i in range(f.metadata.num_columns):
        if f.metadata.num_row_groups:
            s = f.metadata.row_group(0).column(i).statistics
            statistics.append([s.has_min_max, s.null_count, s.has_distinct_count])
    return schema, {
        "hash": canonical(schema, columns, table.num_rows),
        "types": {n: str(t) for n, t in zip(table.schema.names, table.schema.types)},
        "nullable": [f.nullable for f in table.schema],
        "created_by": f.metadata.created_by,
        "meta": meta,
        "row_groups": f.metadata.num_row_groups,
        "statistics": statistics,
    }


def by_duckdb(path, schema):
    import duckdb

    db = duckdb.connect()
    db.execute("set timezone = 'Asia/Tokyo'")  # must not matter
    columns = []
    rows = db.execute("select count(*) from read_parquet(?)", [path]).fetchone()[0]
    for column in schema["columns"]:
        name = '"%s"' % column["name"]
        expr = "epoch_us(%s)" % name if column["kind"] == "time" else name
        columns.append([r[0] for r in db.execute("select %s from read_parquet(?)" % expr, [path]).fetchall()])
    types = {r[0]: r[1] for r in db.execute("describe select * from read_parquet(?)", [path]).fetchall()}
    out = {"hash": canonical(schema, columns, rows), "types": types}
    if rows:
        # Every value must be found again by a filter that may skip row groups
        # by their statistics.
        missed = 0
        for column, values in zip(schema["columns"], columns):
            probes = [v for v in values[:: max(1, rows // 7)] if v is not None]
            name = '"%s"' % column["name"]
            expr = "epoch_us(%s)" % name if column["kind"] == "time" else name
            for p in probes:
                if column["kind"] == "time":
                    where = "%s = make_timestamptz(?)" % name
                else:
                    where = "%s = ?" % name
                n = db.execute("select count(*) from read_parquet(?) where " + where, [path, p]).fetchone()[0]
                missed += n != sum(1 for v in values if v == p)
        out["missed"] = missed
    return out


def main():
    for path in sys.argv[1:]:
        schema, arrow = by_pyarrow(path)
        print(json.dumps({"pyarrow": arrow, "duckdb": by_duckdb(path, schema)}))


main()
