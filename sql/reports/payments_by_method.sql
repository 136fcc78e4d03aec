-- title: Payments by method
-- description: How customers paid, with the US dollars that Stripe took that way, the most first.
--     Only payments that Stripe took money for; a free one has no method.
-- chart: bars of gross_usd by payment_method

SELECT nullif(value, '') AS payment_method,
       sum(payments)::bigint AS payments,
       sum(gross_usd)::numeric(20, 2) AS gross_usd,
       sum(unknown_usd_payments)::bigint AS unknown_usd_payments
FROM payment_totals
WHERE slice = 'method' AND payment_status IN ('paid', 'refunded', 'disputed', 'lost')
GROUP BY value
HAVING sum(payments) > 0
ORDER BY gross_usd DESC, payment_method NULLS LAST
