-- The users, with the balances that the ledger says.
-- Parameters: users.
INSERT INTO users (user_id, credits, ledger_entries)
SELECT 'user_' || i, coalesce(credits, 0), coalesce(entries, 0)
FROM generate_series(1, %(users)s) AS i
LEFT JOIN (SELECT user_id, sum(delta) AS credits, count(*) AS entries
           FROM credit_ledger GROUP BY user_id) AS ledger ON ledger.user_id = 'user_' || i
