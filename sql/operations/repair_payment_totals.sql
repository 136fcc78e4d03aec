-- Adds to the totals what they lack of the payments as they are, in one snapshot: for payments that
-- were written without their changes, by an older release or by hand. Changes nothing that is right.
-- To be run behind lock_payment_totals, for two repairs at once would add the difference twice.
-- Parameters: none. Result: one row, how many lines of the totals were wrong.
WITH payment_total AS (
    INSERT INTO folded_payment_totals AS standing (
        slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
        disputed_usd, charged, refunded, disputed)
    SELECT slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd,
           refunded_usd, disputed_usd, charged, refunded, disputed
      FROM missing_from_payment_totals
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
    SELECT user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd
      FROM missing_from_customer_totals
    ON CONFLICT (user_id) DO UPDATE
       SET payments = standing.payments + excluded.payments,
           unknown_usd_payments = standing.unknown_usd_payments + excluded.unknown_usd_payments,
           gross_usd = standing.gross_usd + excluded.gross_usd,
           refunded_usd = standing.refunded_usd + excluded.refunded_usd,
           disputed_usd = standing.disputed_usd + excluded.disputed_usd
    RETURNING 1
)
SELECT (SELECT count(*) FROM payment_total) + (SELECT count(*) FROM customer_total) AS repaired
