"""The yardstick: gradient-boosted trees over plain features of an entry.

    python3 yardstick.py TRAIN... -- TEST...
    python3 yardstick.py --keep WORLD...

With --keep the entries of worlds are written into their folders, with whether they
are theft by the truth, and used from there by later runs: the logs can go then.

Each argument is a folder of "paytriage simulate". The trees learn from the truth
of the first ones; of the second only auth.csv and payments.csv are read. Prints
world, account, odds: an account is as suspicious as its most suspicious entry.

An entry is a successful login, or the first that the logs show of a device in an
account; what the device does in the account until its next login belongs to it.
"""
import os
import sys

# Threads that wait by spinning are slow on a machine that does other things.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    import duckdb
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
except ImportError as problem:
    sys.exit(f"{problem} (pip install scikit-learn pandas duckdb)")

THREADS = os.cpu_count() or 1
ACCOUNTS = 3000  # most suspicious accounts of a world that are printed

# All rows in one order of time; rows without a device go by their address.
EVENTS = """
create temp table auth as select distinct * from read_csv('{world}/auth.csv', all_varchar=true);
create temp table pay as select distinct * from read_csv('{world}/payments.csv', all_varchar=true);
create temp table asns as select ip, max(asn) asn, max(country) country from auth where ip is not null group by ip;
create temp table addresses as select ip, count(distinct account_id) accounts,
    avg((outcome = 'failure')::int) failures from auth where ip is not null group by ip;
create temp table devices as select device_id, count(distinct account_id) accounts
    from (select device_id, account_id from auth where outcome = 'success' union all select device_id, account_id from pay)
    where device_id is not null group by device_id;
create temp table agents as select user_agent, ln(count(*)) common from auth where outcome = 'success' group by user_agent;
create temp table shops as select store_id, count(distinct account_id) customers from pay where store_id is not null group by store_id;
create temp table events as
with rows as (
    select epoch(event_time::timestamptz) t, account_id a, coalesce(device_id, ip) d, ip, user_agent ua, event, outcome,
        null kind, 0 amount, null store_id, null txn_id, null status, null original
    from auth
    union all
    select epoch(event_time::timestamptz), account_id, coalesce(device_id, ip), ip, null, null, null,
        kind, amount::bigint, store_id, txn_id, status, original_txn_id
    from pay)
select r.*, n.asn, n.country, hash(t, a, event, txn_id) id, hash(a) account, hash(a, d) device,
    coalesce(outcome = 'success' or (kind is not null and d is not null), false) inside
from rows r left join asns n using (ip);
"""

# Windows over the past and the next week of the account.
FEATURES = """
create temp table visits as
select *, sum((login or first_of_device)::int) over (partition by device order by t, id) entry from (
    select *, coalesce(event in ('login', 'external_login'), false) login,
        row_number() over (partition by device order by t, id) = 1 first_of_device,
        row_number() over (partition by account, ip order by t, id) = 1 first_of_address,
        row_number() over (partition by account, asn order by t, id) = 1 first_of_network,
        t - min(t) over (partition by device) device_age,
        t - min(t) over (partition by account) account_age,
        t - lag(t) over before_this since_last,
        count(*) over week_before - count(*) over own_before others_before,
        count(*) over week_after - count(*) over own_after others_after,
        max(amount) filter (kind in ('payment', 'topup') and status <> 'declined') over before most_before
    from events where inside
    window week_before as (partition by account order by t range between 604800 preceding and current row),
        own_before as (partition by device order by t range between 604800 preceding and current row),
        week_after as (partition by account order by t range between current row and 604800 following),
        own_after as (partition by device order by t range between current row and 604800 following),
        before as (partition by account order by t, id rows between unbounded preceding and 1 preceding),
        before_this as (partition by account order by t, id));
create temp table fails as select a, t from events where outcome = 'failure';
create temp table resets as select a, t from events where event in ('password_reset', 'password_change', 'email_change') and outcome = 'success';
create temp table entries as
select a, min(t) t, min_by(ip, id) ip, min_by(d, id) d, max(ua) ua, min_by(country, id) country,
    max(first_of_device::int) new_device, min_by(first_of_address::int, id) new_address, min_by(first_of_network::int, id) new_network,
    min_by(device_age, id) device_age, min_by(account_age, id) account_age, min_by(since_last, id) since_last,
    min_by(others_before, id) others_before, min_by(others_after, id) others_after, min_by(most_before, id) most_before,
    max((event = 'external_login')::int) external, max((event = 'password_reset' or event = 'email_change')::int) changed,
    count(*) filter (kind = 'topup') topups, sum(amount) filter (kind = 'topup' and status <> 'declined') topped,
    max(amount) filter (kind = 'topup') largest_topup, count(*) filter (kind = 'payment') payments,
    sum(amount) filter (kind in ('payment', 'transfer_out') and status <> 'declined') spent,
    max(amount) filter (kind in ('payment', 'transfer_out')) largest_payment,
    count(*) filter (status = 'declined') declined, count(distinct store_id) stores,
    min(s.customers) least_known_shop, min(t) filter (kind is not null) - min(t) first_charge,
    min(t) filter (kind in ('payment', 'transfer_out')) - min(t) filter (kind = 'topup') topup_to_payment,
    max(t) - min(t) stay, count(u.original) undone, list(txn_id) filter (txn_id is not null) txns
from visits left join shops s using (store_id) left join pay_undone u on u.original = txn_id
group by a, device, entry having count(*) filter (kind in ('payment', 'topup', 'transfer_out')) > 0;
create temp table answer as
select e.*, (t + 32400) % 86400 // 3600 hour_of_day, (e.country <> 'JP')::int abroad,
    x.accounts address_accounts, x.failures address_failures, y.accounts device_accounts, z.common agent_common,
    spent / nullif(topped, 0) spent_of_topped, greatest(topped, spent) / nullif(most_before, 0) above_usual,
    (select count(*) from fails f where f.a = e.a and f.t between e.t - 86400 and e.t) fails_before,
    (select count(*) from resets f where f.a = e.a and f.t between e.t - 86400 and e.t) resets_before,
    (select count(*) from resets f where f.a = e.a and f.t > e.t and f.t <= e.t + 604800) resets_after
from entries e left join addresses x using (ip) left join devices y on y.device_id = e.d left join agents z on z.user_agent = e.ua;
"""

PLAIN = """new_device new_address new_network device_age account_age since_last others_before others_after external changed
topups topped largest_topup payments spent largest_payment declined stores least_known_shop first_charge topup_to_payment stay
undone hour_of_day abroad address_accounts address_failures device_accounts agent_common spent_of_topped above_usual
fails_before resets_before resets_after""".split()


def entries(world):
    """The entries of a world: accounts, features, and a list of transactions each."""
    db = duckdb.connect(config={"threads": THREADS})
    db.execute("set enable_progress_bar = false")
    db.execute(EVENTS.format(world=world))
    db.execute("create temp table pay_undone as select distinct original_txn_id original from pay where original_txn_id is not null")
    db.execute(FEATURES)
    frame = db.sql(f"select a, txns, {', '.join(PLAIN)} from answer order by a, t, d").df()
    return frame["a"].to_numpy(), frame[PLAIN].astype(float).to_numpy(), frame["txns"]


def judged(world):
    """The entries of a world, and which of them are theft by its truth."""
    stolen = set(duckdb.read_csv(f"{world}/truth_charges.csv", all_varchar=True).filter("status <> 'declined'").df()["txn_id"])
    accounts, x, txns = entries(world)
    return accounts, x, np.array([any(t in stolen for t in row) for row in txns], dtype=bool)


def kept(world):
    return os.path.join(world, "entries.npz")


def keep(world):
    accounts, x, theft = judged(world)
    np.savez(kept(world), accounts=accounts.astype(str), x=x, theft=theft)


def read(world, truth):
    """Accounts, features and theft, of which the last is None where no truth may be read."""
    if os.path.exists(kept(world)):
        with np.load(kept(world)) as f:
            return f["accounts"], f["x"], f["theft"] if truth else None
    if truth:
        return judged(world)
    return *entries(world)[:2], None


def main(train, test):
    xs, ys = [], []
    for world in train:
        _, x, theft = read(world, True)
        xs.append(x)
        ys.append(theft)
    trees = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=10,
                                           l2_regularization=1.0, random_state=0)
    trees.fit(np.concatenate(xs), np.concatenate(ys))
    for world in test:
        accounts, x, _ = read(world, False)
        worst = {}
        for account, odds in zip(accounts, trees.predict_proba(x)[:, 1]):
            worst[account] = max(worst.get(account, 0), odds)
        for account, odds in sorted(worst.items(), key=lambda item: (-item[1], item[0]))[:ACCOUNTS]:
            print(f"{world},{account},{odds:.9g}")


if __name__ == "__main__":
    if sys.argv[1] == "--keep":
        for world in sys.argv[2:]:
            keep(world)
        sys.exit()
    cut = sys.argv.index("--")
    main(sys.argv[1:cut], sys.argv[cut + 1:])
