-- The analyst's question, as quick as ClickHouse (as a library, chDB) was made to answer
-- it: by the same steps as duckdb.sql.
-- {world} is the folder of auth.csv and payments.csv, {out} that of the answer.
SET max_threads = {threads};
SET max_insert_threads = {threads};
SET min_chunk_bytes_for_parallel_parsing = 2000000;
SET engine_file_truncate_on_insert = 1;
CREATE DATABASE rivals;
USE rivals;
CREATE TABLE auth ENGINE = Memory AS
SELECT cityHash64(account_id) account_id, cityHash64(ip) ip, cityHash64(device_id) device_id, cityHash64(session_id) session_id,
    toUnixTimestamp64Micro(parseDateTime64BestEffort(event_time, 6, 'UTC')) t,
    outcome = 'success' ok, event = 'password_reset' reset, event IN ('login', 'external_login') login
FROM file('{world}/auth.csv', 'CSVWithNames', 'event_time String, account_id String, event String, outcome String, reason String,
    ip String, device_id String, user_agent String, session_id String, country String, asn String');
CREATE TABLE hot ENGINE = Memory AS
SELECT ip FROM auth
WHERE ip IN (SELECT ip FROM auth WHERE ip <> cityHash64('') GROUP BY ip HAVING 2 * countIf(NOT ok) > count() AND count() >= 5)
GROUP BY ip HAVING uniqExact(account_id) >= 5;
CREATE TABLE shared ENGINE = Memory AS
SELECT device_id FROM auth
WHERE ok AND device_id IN (SELECT device_id FROM auth WHERE ok AND device_id <> cityHash64('')
    GROUP BY device_id HAVING min(account_id) <> max(account_id))
GROUP BY device_id HAVING uniqExact(account_id) >= 3;
CREATE TABLE candidates ENGINE = Memory AS
SELECT DISTINCT account_id FROM auth
WHERE ok AND (reset OR login AND (device_id IN (SELECT device_id FROM shared) OR ip IN (SELECT ip FROM hot)));
CREATE TABLE bad ENGINE = Memory AS
SELECT account_id, t, device_id, session_id
FROM (SELECT account_id, t, device_id, session_id, ip, login, row_number() OVER w AS nth, maxIf(t, reset) OVER w AS last_reset,
        min(t) OVER (PARTITION BY account_id, device_id) AS first_seen,
        leadInFrame(device_id, 1, cityHash64('')) OVER (PARTITION BY account_id ORDER BY t
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next_device
    FROM auth WHERE ok AND account_id IN (SELECT account_id FROM candidates)
    WINDOW w AS (PARTITION BY account_id ORDER BY t))
WHERE login AND t < first_seen + 48 * 3600000000
    AND (device_id IN (SELECT device_id FROM shared) OR ip IN (SELECT ip FROM hot)
        OR nth > 1 AND device_id <> cityHash64('') AND next_device <> cityHash64('') AND next_device <> device_id
            AND last_reset > 0 AND last_reset >= t - 24 * 3600000000);
CREATE TABLE pay ENGINE = Memory AS
SELECT txn_id, toUnixTimestamp64Micro(parseDateTime64BestEffort(event_time, 6, 'UTC')) t, account_id, kind, toInt64(amount) amount,
    store_id, device_id, session_id, original_txn_id
FROM file('{world}/payments.csv', 'CSVWithNames', 'event_time String, txn_id String, account_id String, kind String, amount String,
    currency String, status String, merchant_id String, store_id String, device_id String, session_id String, ip String,
    funding_source String, original_txn_id String, funding_ref String, counterparty_account_id String')
WHERE kind = 'reversal'
    OR kind IN ('topup', 'payment') AND status = 'approved' AND cityHash64(account_id) IN (SELECT account_id FROM bad);
CREATE TABLE fraud ENGINE = Memory AS
SELECT DISTINCT p.txn_id txn_id, p.t t, p.account_id account_id, p.kind kind, p.amount amount, p.store_id store_id, p.device_id device_id
FROM (SELECT *, cityHash64(account_id) a, cityHash64(session_id) s, cityHash64(device_id) d FROM pay
    WHERE kind <> 'reversal' AND txn_id NOT IN (SELECT original_txn_id FROM pay WHERE kind = 'reversal' AND original_txn_id <> '')) p
INNER JOIN bad b ON p.a = b.account_id
WHERE (p.s = b.session_id AND p.session_id <> '' OR p.d = b.device_id AND p.device_id <> '')
    AND p.t BETWEEN b.t - 60000000 AND b.t + 48 * 3600000000;
INSERT INTO FUNCTION file('{out}/victims.csv', 'CSVWithNames')
SELECT account_id, fromUnixTimestamp64Micro(min(t), 'UTC') first_fraud, sumIf(amount, kind = 'topup') topups,
    sumIf(amount, kind = 'payment') spend, count() n
FROM fraud GROUP BY account_id ORDER BY account_id;
INSERT INTO FUNCTION file('{out}/refunds.csv', 'CSVWithNames')
SELECT txn_id, fromUnixTimestamp64Micro(t, 'UTC') event_time, account_id, kind, amount, store_id, device_id
FROM fraud ORDER BY account_id, t;
