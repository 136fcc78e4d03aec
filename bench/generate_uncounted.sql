-- The latest payments, as if they had been recorded since the last fold.
-- Parameters: uncounted.
UPDATE payment_transactions
SET counted = NULL
FROM (SELECT payment_id FROM payment_transactions ORDER BY created_at DESC LIMIT %(uncounted)s) AS latest
WHERE payment_transactions.payment_id = latest.payment_id
