"""Writes one table as Parquet with every writer that is installed, in the ways
that they offer, into the folder named. Beside each file stands the CSV that it
is to be read as: a second implementation of the rules in the package comment,
from the Python values and from what pyarrow reads of the file's schema.

Prints the names of the files.
"""
import datetime
import decimal
import json
import os
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 800
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)


def make_columns():
    rnd = random.Random(7)
    texts = ["", "a,b", 'say "hi"', "two\nlines", "cr\r", "渋谷店", " x ", "plain text that is long enough", "'", "=1+1"]

    def some(make):
        return [make(i) if rnd.random() > 0.2 else None for i in range(ROWS)]

    def text(i):
        return rnd.choice(texts) if rnd.random() < 0.2 else "acct_%06d_%x" % (i // 3, rnd.getrandbits(40))

    def micros(i):
        return 1562068984123456 + i * 1_000_003 + rnd.randrange(10**9)

    return {
        "id": (pa.int64(), [rnd.getrandbits(64) - 2**63 for _ in range(ROWS)]),
        "small": (pa.int32(), some(lambda i: rnd.randrange(-50, 50))),
        "u32": (pa.uint32(), some(lambda i: rnd.getrandbits(32))),
        "text": (pa.string(), some(text)),
        "word": (pa.string(), some(lambda i: rnd.choice(["topup", "payment", "refund"]))),
        "raw": (pa.binary(), some(lambda i: bytes(rnd.getrandbits(8) for _ in range(rnd.randrange(9))))),
        "at_utc": (pa.timestamp("us", "UTC"), some(micros)),
        "at_ms": (pa.timestamp("ms"), some(lambda i: micros(i) // 1000 - 2 * 10**12)),
        "at_ns": (pa.timestamp("ns"), some(lambda i: micros(i) * 1000 + i % 1000)),
        "day": (pa.date32(), some(lambda i: rnd.randrange(-100_000, 100_000))),
        "clock": (pa.time64("us"), some(lambda i: rnd.randrange(86_400_000_000))),
        "cents": (pa.decimal128(9, 2), some(lambda i: decimal.Decimal(rnd.randrange(-10**9, 10**9)).scaleb(-2))),
        "fine": (pa.decimal128(38, 10), some(lambda i: decimal.Decimal(rnd.randrange(-10**20, 10**20)).scaleb(-10))),
        "f64": (pa.float64(), some(lambda i: rnd.randrange(-10**9, 10**9) / 100)),
        "f32": (pa.float32(), some(lambda i: rnd.randrange(-10**5, 10**5) / 8)),
        "yes": (pa.bool_(), some(lambda i: rnd.random() < 0.9)),
        "tags": (pa.list_(pa.string()), some(lambda i: [rnd.choice(texts + [None]) for _ in range(rnd.randrange(4))])),
        "card": (
            pa.struct([("brand", pa.string()), ("last4", pa.int32())]),
            some(lambda i: {"brand": rnd.choice(["v", "m", None]), "last4": rnd.randrange(10_000)}),
        ),
    }


def clock(units, digits):
    seconds, fraction = divmod(units, 10**digits)
    return "%02d:%02d:%02d.%0*d" % (seconds // 3600, seconds // 60 % 60, seconds % 60, digits, fraction)


def number(value):
    s = repr(value)
    return s[:-2] if s.endswith(".0") else s


DIGITS = {"milliseconds": 3, "microseconds": 6, "nanoseconds": 9}


def plain(value, kind, column):
    """The text of a value of an Arrow type in a column of a file."""
    logical = json.loads(column.logical_type.to_json())
    if pa.types.is_timestamp(kind):
        have = {"ms": 3, "us": 6, "ns": 9}[kind.unit]
        digits = 9 if column.physical_type == "INT96" else DIGITS[logical["timeUnit"]]
        units = value * 10 ** (9 - have) // 10 ** (9 - digits)
        day, rest = divmod(units, 86400 * 10**digits)
        date = (EPOCH + datetime.timedelta(days=day)).date().isoformat()
        return date + "T" + clock(rest, digits) + ("Z" if logical.get("isAdjustedToUTC") else "")
    if pa.types.is_time(kind):
        digits = DIGITS[logical["timeUnit"]]
        return clock(value * 10**digits // 10**6, digits) + ("Z" if logical["isAdjustedToUTC"] else "")
    if pa.types.is_date(kind):
        return (EPOCH + datetime.timedelta(days=value)).date().isoformat()
    if pa.types.is_decimal(kind):
        return format(value, "f")
    if pa.types.is_floating(kind):
        return number(value)
    if pa.types.is_boolean(kind):
        return "true" if value else "false"
    return value if isinstance(value, (str, bytes)) else str(value)


def cell(value, kind, column):
    if value is None:
        return b""
    if pa.types.is_list(kind):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    else:
        value = plain(value, kind, column)
    b = value if isinstance(value, bytes) else value.encode()
    if b == b"" or any(c in b for c in b',"\n\r'):
        return b'"' + b.replace(b'"', b'""') + b'"'
    return b


def expected(path, columns):
    schema = pq.ParquetFile(path).schema
    names, cells = [], []
    for i in range(len(schema)):
        column = schema.column(i)
        names.append(column.path.encode())
        first, _, rest = column.path.partition(".")
        kind, values = columns[first]
        if pa.types.is_struct(kind):
            kind = kind.field(rest).type
            values = [v and v[rest] for v in values]
        cells.append([cell(v, kind, column) for v in values])
    lines = [b",".join(names)] + [b",".join(row) for row in zip(*cells)]
    with open(path + ".csv", "wb") as f:
        f.write(b"\n".join(lines) + b"\n")


def by_pyarrow(folder, table):
    delta = {
        "id": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "at_utc": "DELTA_BINARY_PACKED",
        "text": "DELTA_BYTE_ARRAY", "word": "DELTA_LENGTH_BYTE_ARRAY", "raw": "DELTA_LENGTH_BYTE_ARRAY",
        "f64": "BYTE_STREAM_SPLIT", "f32": "BYTE_STREAM_SPLIT", "at_ns": "BYTE_STREAM_SPLIT",
        "fine": "BYTE_STREAM_SPLIT", "yes": "RLE", "tags.list.element": "DELTA_BYTE_ARRAY",
    }
    ways = {"plain": dict(use_dictionary=False, compression="none", write_page_checksum=True)}
    for i, codec in enumerate(("snappy", "gzip", "brotli", "zstd", "lz4")):
        ways[codec] = dict(
            compression=codec, data_page_version="%d.0" % (1 + i % 2), data_page_size=2000, row_group_size=300, write_page_checksum=True)
    for version in ("1.0", "2.0"):
        ways["delta-" + version] = dict(use_dictionary=False, column_encoding=delta, data_page_version=version, data_page_size=3000)
    ways["int96"] = dict(use_deprecated_int96_timestamps=True)
    ways["decimals"] = dict(store_decimal_as_integer=True)
    for name, options in ways.items():
        path = os.path.join(folder, "pyarrow-" + name)
        pq.write_table(table, path, **options)
        yield path


def by_duckdb(folder, table):
    import duckdb

    db = duckdb.connect()
    db.execute("set timezone = 'Asia/Tokyo'")  # must not matter
    db.register("t", table)
    for codec, version in ("uncompressed", "v1"), ("snappy", "v1"), ("gzip", "v2"), ("zstd", "v2"), ("brotli", "v1"), ("lz4_raw", "v2"):
        path = os.path.join(folder, "duckdb-%s-%s" % (codec, version))
        db.execute("copy t to '%s' (format parquet, codec '%s', parquet_version '%s')" % (path, codec, version))
        yield path


def by_polars(folder, table):
    import polars

    frame = polars.from_arrow(table)
    for codec in ("uncompressed", "snappy", "zstd", "lz4"):
        path = os.path.join(folder, "polars-" + codec)
        frame.write_parquet(path, compression=codec, row_group_size=500)
        yield path


def main():
    columns = make_columns()
    table = pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})
    for write in (by_pyarrow, by_duckdb, by_polars):
        try:
            for path in write(sys.argv[1], table):
                expected(path, columns)
                print(os.path.basename(path))
        except ImportError as e:
            print("passed over:", e, file=sys.stderr)


main()
