-- The latest payments, as if they had been recorded since the last fold.
-- Parameters: changes.
INSERT INTO payment_changes (payment_id, revision, created_at, became)
SELECT payment_id, revision, created_at,
       ROW (paid_at, user_id, package_name, payment_status, payment_method, currency, amount_paid,
            amount_charged, amount_refunded, amount_disputed)::counted_payment
FROM (SELECT * FROM payment_transactions ORDER BY created_at DESC LIMIT %(changes)s) AS latest
