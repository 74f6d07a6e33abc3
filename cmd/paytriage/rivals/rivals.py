"""Answers the analyst's question (analyst.sql) with one engine, in a process of its own.

    rivals.py ENGINE                      the engine's version
    rivals.py ENGINE WORLD OUT THREADS    victims.csv and refunds.csv in OUT

ENGINE is analyst, duckdb, polars or clickhouse.
"""

import os
import sys


def statements(name, **places):
    """The statements of a file beside this one, with places filled in."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name)) as f:
        text = "".join(line for line in f if not line.startswith("--"))
    for place, value in places.items():
        text = text.replace("{" + place + "}", value)
    return [s for s in text.split(";\n") if s.strip()]


def duckdb(name, world, out, threads):
    import duckdb
    if world is None:
        return "DuckDB " + duckdb.__version__
    # What does not fit its memory goes to the folder it runs in, as far as that is sensible.
    db = duckdb.connect(config={"threads": threads, "temp_directory": "spilled", "max_temp_directory_size": "16GB"})
    db.execute("SET enable_progress_bar = false")
    db.execute("SET TimeZone = 'UTC'")
    for s in statements(name, world=world, out=out):
        db.execute(s)


def clickhouse(world, out, threads):
    import chdb
    from chdb import session
    if world is None:
        return "ClickHouse " + str(chdb.engine_version)
    db = session.Session()
    for s in statements("clickhouse.sql", world=world, out=out, threads=threads):
        db.query(s)
    db.close()


def polars(world, out, threads):
    os.environ["POLARS_MAX_THREADS"] = threads or "1"
    import polars as pl
    if world is None:
        return "Polars " + pl.__version__
    col, hours = pl.col, lambda n: pl.duration(hours=n)

    def scan(name):
        path = os.path.join(world, name)
        with open(path) as f:
            return pl.scan_csv(path, schema={c: pl.String for c in f.readline().strip().split(",")})

    def key(name):
        """Ids are 64-bit hashes, as in duckdb.sql; what is absent stays so."""
        return pl.when(col(name).is_not_null()).then(col(name).hash())

    def stamp(name):
        return col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us")

    def told(condition):
        return condition.fill_null(False)

    run = {"engine": "streaming"}
    auth = scan("auth.csv").select(
        stamp("event_time"), account_id=key("account_id"), ip=key("ip"), device_id=key("device_id"), session_id=key("session_id"),
        ok=col("outcome") == "success", reset=col("event") == "password_reset",
        login=col("event").is_in(["login", "external_login"])).collect(**run).lazy()

    failing = auth.filter(col("ip").is_not_null()).group_by("ip").agg(n=pl.len(), fails=(~col("ok")).sum())
    failing = failing.filter((2 * col("fails") > col("n")) & (col("n") >= 5))
    hot = auth.join(failing, on="ip", how="semi").group_by("ip").agg(k=col("account_id").n_unique())
    hot = hot.filter(col("k") >= 5).collect(**run)["ip"]
    known = auth.filter(col("ok") & col("device_id").is_not_null())
    several = known.group_by("device_id").agg(lo=col("account_id").min(), hi=col("account_id").max()).filter(col("lo") != col("hi"))
    shared = known.join(several, on="device_id", how="semi").group_by("device_id").agg(k=col("account_id").n_unique())
    shared = shared.filter(col("k") >= 3).collect(**run)["device_id"]
    place = told(col("device_id").is_in(shared.implode())) | told(col("ip").is_in(hot.implode()))

    candidates = auth.filter(col("ok") & (col("reset") | col("login") & place)).select("account_id").unique()
    visits = auth.filter("ok").join(candidates, on="account_id", how="semi").collect(**run).sort("account_id", "event_time")
    visits = visits.with_columns(
        first=pl.int_range(pl.len()).over("account_id") == 0,
        next_device=col("device_id").shift(-1).over("account_id"),
        last_reset=pl.when("reset").then("event_time").forward_fill().over("account_id"),
        first_seen=col("event_time").min().over("account_id", "device_id"))
    back = ~col("first") & told(col("next_device") != col("device_id")) & told(col("last_reset") >= col("event_time") - hours(24))
    bad = visits.filter(col("login") & (col("event_time") < col("first_seen") + hours(48)) & (place | back))
    bad = bad.select("account_id", t="event_time", d="device_id", s="session_id")

    named = bad["account_id"].unique()
    pay = scan("payments.csv").select("txn_id", "event_time", "account_id", "kind", "amount", "status", "store_id", "device_id",
                                      "session_id", "original_txn_id")
    pay = pay.filter((col("kind") == "reversal") | col("kind").is_in(["topup", "payment"]) & (col("status") == "approved")
                     & col("account_id").hash().is_in(named.implode())).collect(**run)
    undone = pay.filter(col("kind") == "reversal").select(txn_id="original_txn_id").drop_nulls().unique()
    pay = pay.filter(col("kind") != "reversal").join(undone, on="txn_id", how="anti")
    pay = pay.with_columns(stamp("event_time"), col("amount").cast(pl.Int64), a=key("account_id"), ks=key("session_id"), kd=key("device_id"))
    fraud = pay.join(bad, left_on="a", right_on="account_id").filter(
        told(col("ks") == col("s")) | told(col("kd") == col("d")),
        col("event_time").is_between(col("t") - pl.duration(minutes=1), col("t") + hours(48)))
    fraud = fraud.select("txn_id", "event_time", "account_id", "kind", "amount", "store_id", "device_id").unique()
    victims = fraud.group_by("account_id").agg(
        first_fraud=col("event_time").min(), topups=col("amount").filter(col("kind") == "topup").sum(),
        spend=col("amount").filter(col("kind") == "payment").sum(), n=pl.len())
    written = {"datetime_format": "%Y-%m-%d %H:%M:%S%.6f"}
    victims.sort("account_id").write_csv(os.path.join(out, "victims.csv"), **written)
    fraud.sort("account_id", "event_time").write_csv(os.path.join(out, "refunds.csv"), **written)


ENGINES = {
    "analyst": lambda *where: duckdb("analyst.sql", *where),
    "duckdb": lambda *where: duckdb("duckdb.sql", *where),
    "polars": polars,
    "clickhouse": clickhouse,
}

if __name__ == "__main__":
    engine = ENGINES[sys.argv[1]]
    if len(sys.argv) == 2:
        print(engine(None, None, None))
    else:
        engine(*sys.argv[2:5])
