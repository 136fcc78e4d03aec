-- title: Payments by status
-- description: How many payments stand at each status now, how many of them are held, and the US
--     dollars that Stripe took for them. A payment refunded in part is still paid.
-- chart: bars of payments by payment_status

WITH totals AS (
    SELECT payment_status, sum(payments)::bigint AS payments,
           sum(gross_usd)::numeric(20, 2) AS amount_usd,
           sum(unknown_usd_payments)::bigint AS unknown_usd_payments
    FROM payment_totals WHERE slice = 'status' GROUP BY payment_status
),
held AS (
    SELECT payment_status, count(*) AS payments
    FROM payment_transactions WHERE held_reason IS NOT NULL GROUP BY payment_status
)
SELECT payment_status,
       coalesce(totals.payments, 0) AS payments,
       coalesce(held.payments, 0) AS held_payments,
       coalesce(totals.amount_usd, 0)::numeric(20, 2) AS amount_usd,
       coalesce(totals.unknown_usd_payments, 0) AS unknown_usd_payments
FROM (VALUES (1, 'paid'), (2, 'pending'), (3, 'failed'), (4, 'expired'), (5, 'canceled'),
             (6, 'refunded'), (7, 'disputed'), (8, 'lost')) AS statuses (place, payment_status)
LEFT JOIN totals USING (payment_status)
LEFT JOIN held USING (payment_status)
ORDER BY statuses.place
