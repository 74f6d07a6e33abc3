-- What a skilled analyst would write for this question in an afternoon: DuckDB, as it comes.
-- {world} is the folder of auth.csv and payments.csv, {out} that of the answer.
CREATE TABLE auth AS SELECT * FROM read_csv('{world}/auth.csv', header=true, columns={'event_time':'TIMESTAMPTZ','account_id':'VARCHAR','event':'VARCHAR','outcome':'VARCHAR','reason':'VARCHAR','ip':'VARCHAR','device_id':'VARCHAR','user_agent':'VARCHAR','session_id':'VARCHAR','country':'VARCHAR','asn':'INTEGER'});
CREATE TABLE pay AS SELECT * FROM read_csv('{world}/payments.csv', header=true, columns={'event_time':'TIMESTAMPTZ','txn_id':'VARCHAR','account_id':'VARCHAR','kind':'VARCHAR','amount':'BIGINT','currency':'VARCHAR','status':'VARCHAR','merchant_id':'VARCHAR','store_id':'VARCHAR','device_id':'VARCHAR','session_id':'VARCHAR','ip':'VARCHAR','funding_source':'VARCHAR','original_txn_id':'VARCHAR','funding_ref':'VARCHAR','counterparty_account_id':'VARCHAR'});
CREATE TABLE ipstat AS SELECT ip, count(DISTINCT account_id) accts, count(*) n, count(*) FILTER (outcome='failure') fails, count(DISTINCT account_id) FILTER (outcome='failure') failaccts FROM auth GROUP BY ip;
CREATE TABLE devstat AS SELECT device_id, count(DISTINCT account_id) accts FROM auth WHERE device_id<>'' AND outcome='success' GROUP BY device_id;
CREATE TABLE logins AS SELECT a.*, 
  row_number() OVER w AS nth,
  min(event_time) OVER (PARTITION BY account_id, device_id) AS dev_first,
  count(*) FILTER (event='password_reset') OVER (PARTITION BY account_id ORDER BY event_time RANGE BETWEEN INTERVAL 24 HOURS PRECEDING AND CURRENT ROW) AS resets,
  lag(device_id) OVER w AS prev_dev, lead(device_id) OVER w AS next_dev
  FROM auth a WHERE outcome='success' WINDOW w AS (PARTITION BY account_id ORDER BY event_time);
CREATE TABLE susp AS SELECT l.account_id, l.event_time, l.device_id, l.session_id, l.ip,
   (l.event_time < l.dev_first + INTERVAL 48 HOURS) AS newdev, (l.nth>1) AS not_first, coalesce(d.accts,0) dev_accts, i.accts ip_accts, i.fails::DOUBLE/i.n ip_fail, resets,
   (next_dev IS NOT NULL AND next_dev<>l.device_id) comes_back
  FROM logins l LEFT JOIN devstat d USING(device_id) LEFT JOIN ipstat i ON i.ip=l.ip
  WHERE l.event IN ('login','external_login');
CREATE TABLE bad AS SELECT * FROM susp WHERE newdev AND (dev_accts>=3 OR (ip_fail>0.5 AND ip_accts>=5) OR (not_first AND comes_back AND resets>0));
CREATE TABLE fraud AS SELECT DISTINCT p.txn_id, p.event_time, p.account_id, p.kind, p.amount, p.store_id, p.device_id
  FROM pay p JOIN bad b ON p.account_id=b.account_id AND (p.session_id=b.session_id OR p.device_id=b.device_id) AND p.event_time BETWEEN b.event_time - INTERVAL 1 MINUTE AND b.event_time + INTERVAL 48 HOURS
  WHERE p.status='approved' AND p.kind IN ('topup','payment') AND NOT EXISTS (SELECT 1 FROM pay r WHERE r.original_txn_id=p.txn_id AND r.kind='reversal');
COPY (SELECT account_id, min(event_time) first_fraud, sum(amount) FILTER (kind='topup') topups, sum(amount) FILTER (kind='payment') spend, count(*) n FROM fraud GROUP BY account_id ORDER BY account_id) TO '{out}/victims.csv' (HEADER);
COPY (SELECT * FROM fraud ORDER BY account_id, event_time) TO '{out}/refunds.csv' (HEADER);
