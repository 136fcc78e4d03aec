-- Takes up payments that the totals do not have: written by other hands than the till's, or before there
-- were totals. Each becomes a change, which a fold adds. The revision rises, so that whoever read
-- such a row and is about to write it reads it anew.
-- Parameters: batch_size. Result: one row, how many payments were taken up.
WITH batch AS (
    SELECT payment_id
      FROM payment_transactions
     WHERE NOT is_counted
     LIMIT %(batch_size)s::bigint
       FOR UPDATE SKIP LOCKED
), counting AS (
    UPDATE payment_transactions AS payment
       SET is_counted = true, revision = revision + 1
      FROM batch
     WHERE payment.payment_id = batch.payment_id
    RETURNING payment.*
), change AS (
    INSERT INTO payment_changes (payment_id, revision, created_at, became)
    SELECT payment_id, revision, created_at,
           ROW (paid_at, user_id, package_name, payment_status, payment_method, currency,
                amount_paid, amount_charged, amount_refunded, amount_disputed)::counted_payment
      FROM counting
)
SELECT count(*) AS taken_up FROM counting
