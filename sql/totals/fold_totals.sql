-- Counts a batch of payments as they are: marks them counted, and adds the difference from what was
-- counted of them before to the totals. Two at once take different payments; both write totals in the
-- order of their keys, the payments' before the customers', so neither waits for the other twice.
-- Parameters: batch_size. Result: one row, how many payments were counted.
WITH batch AS (
    SELECT payment_id, was, became
      FROM countable_payments
     WHERE NOT is_counted
     ORDER BY stripe_session_id
     LIMIT %(batch_size)s::bigint
       FOR UPDATE SKIP LOCKED
), counting AS (
    -- The rows are locked: what was read of them is what they still are.
    UPDATE payment_transactions AS payment
       SET counted = batch.became
      FROM batch
     WHERE payment.payment_id = batch.payment_id
    RETURNING batch.was, batch.became
), difference AS MATERIALIZED (
    SELECT total.*
      FROM counting
     CROSS JOIN LATERAL (VALUES (was, -1), (became, 1)) AS line (payment, sign)
     CROSS JOIN LATERAL total_of(line.payment, line.sign) AS total
     WHERE total.payment_status IS NOT NULL
), payment_total AS (
    INSERT INTO folded_payment_totals AS standing (
        slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
        disputed_usd, charged, refunded, disputed)
    SELECT slice, day, payment_status, value,
           sum(payments), sum(unknown_usd_payments), sum(gross_usd), sum(refunded_usd),
           sum(disputed_usd), sum(charged), sum(refunded), sum(disputed)
      FROM difference
     CROSS JOIN LATERAL slices_of(package_name, currency, payment_method)
     GROUP BY slice, day, payment_status, value
     ORDER BY slice, day, payment_status, value
    ON CONFLICT (slice, day, payment_status, value) DO UPDATE
       SET payments = standing.payments + excluded.payments,
           unknown_usd_payments = standing.unknown_usd_payments + excluded.unknown_usd_payments,
           gross_usd = standing.gross_usd + excluded.gross_usd,
           refunded_usd = standing.refunded_usd + excluded.refunded_usd,
           disputed_usd = standing.disputed_usd + excluded.disputed_usd,
           charged = standing.charged + excluded.charged,
           refunded = standing.refunded + excluded.refunded,
           disputed = standing.disputed + excluded.disputed
    RETURNING 1
), customer_total AS (
    INSERT INTO folded_customer_totals AS standing (
        user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd)
    SELECT user_id, sum(payments), sum(unknown_usd_payments), sum(gross_usd), sum(refunded_usd),
           sum(disputed_usd)
      FROM difference
     WHERE is_taken AND user_id IS NOT NULL AND (SELECT count(*) FROM payment_total) > 0
     GROUP BY user_id
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
       SET payments = standing.payments + excluded.payments,
           unknown_usd_payments = standing.unknown_usd_payments + excluded.unknown_usd_payments,
           gross_usd = standing.gross_usd + excluded.gross_usd,
           refunded_usd = standing.refunded_usd + excluded.refunded_usd,
           disputed_usd = standing.disputed_usd + excluded.disputed_usd
)
SELECT count(*) AS counted FROM counting
