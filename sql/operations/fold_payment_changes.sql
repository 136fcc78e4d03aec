-- Takes changes of payments up into the totals: deletes a batch of them and adds it to the totals, so
-- that every snapshot sees it in one place. Two at once take different batches; both write lines in
-- the order of their keys, the payments' before the customers', so neither waits for the other twice.
-- Parameters: batch_size. Result: one row, how many changes were folded.
WITH batch AS (
    SELECT payment_id, revision
      FROM payment_changes
     LIMIT %(batch_size)s::bigint
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM payment_changes AS change
     USING batch
     WHERE change.payment_id = batch.payment_id AND change.revision = batch.revision
    RETURNING change.payment_id, change.revision
), folding AS MATERIALIZED (
    -- The statement's snapshot still shows what it deletes.
    SELECT counted.*
      FROM counted
      JOIN gone USING (payment_id, revision)
     WHERE counted.source = 'change'
), payment_total AS (
    INSERT INTO folded_payment_totals AS standing (
        slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
        disputed_usd, charged, refunded, disputed)
    SELECT slice, day, payment_status,
           slice_value(slice, package_name, currency, payment_method) AS value,
           sum(payments), sum(unknown_usd_payments), sum(gross_usd), sum(refunded_usd),
           sum(disputed_usd), sum(charged), sum(refunded), sum(disputed)
      FROM folding CROSS JOIN slices
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
      FROM folding
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
SELECT count(*) AS folded FROM gone
