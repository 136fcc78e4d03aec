-- Adds to the totals what they lack of the payments, and remembers the request; or nothing. What they
-- lack stays the same while others write payments and fold, for both only add: so it is still right
-- when it is added. Totals are written as in fold_totals, in the same order.
-- To be run behind begin_repair.
-- Parameters: event_id, event_type, request, actor, note.
-- Result: one row with the number of totals that were wrong; none when the request was done before.
WITH request AS (
    INSERT INTO stripe_events (event_id, event_type, source, outcome, request, actor, note)
    VALUES (%(event_id)s::text, %(event_type)s::text, 'operations', 'recorded',
            %(request)s::jsonb, %(actor)s::text, %(note)s::text)
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
), missing_payments AS MATERIALIZED (
    SELECT missing.*
      FROM missing_from_payment_totals AS missing
     WHERE EXISTS (SELECT FROM request)
), missing_customers AS MATERIALIZED (
    SELECT missing.*
      FROM missing_from_customer_totals AS missing
     WHERE EXISTS (SELECT FROM request)
), found AS MATERIALIZED (
    -- Both are read before anything is locked.
    SELECT (SELECT count(*) FROM missing_payments) + (SELECT count(*) FROM missing_customers)
           AS repaired
      FROM request
), payment_total AS (
    INSERT INTO folded_payment_totals AS standing (
        slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
        disputed_usd, charged, refunded, disputed)
    SELECT slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd,
           refunded_usd, disputed_usd, charged, refunded, disputed
      FROM missing_payments
     WHERE (SELECT repaired FROM found) > 0
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
    SELECT user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd
      FROM missing_customers
     WHERE (SELECT count(*) FROM payment_total) >= 0
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
       SET payments = standing.payments + excluded.payments,
           unknown_usd_payments = standing.unknown_usd_payments + excluded.unknown_usd_payments,
           gross_usd = standing.gross_usd + excluded.gross_usd,
           refunded_usd = standing.refunded_usd + excluded.refunded_usd,
           disputed_usd = standing.disputed_usd + excluded.disputed_usd
)
SELECT repaired FROM found
