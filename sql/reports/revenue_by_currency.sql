-- title: Revenue by currency
-- description: What all payments together were charged, refunded and disputed in each currency, in
--     that currency's major unit, and the US dollars that Stripe took for them. Disputed is what is
--     in disputes that are open or lost.
-- chart: bars of gross_usd by currency

SELECT value AS currency,
       sum(payments)::bigint AS payments,
       sum(charged) AS charged,
       sum(refunded) AS refunded,
       sum(disputed) AS disputed,
       sum(gross_usd)::numeric(20, 2) AS gross_usd,
       sum(unknown_usd_payments)::bigint AS unknown_usd_payments
FROM payment_totals
WHERE slice = 'currency' AND payment_status IN ('paid', 'refunded', 'disputed', 'lost')
GROUP BY value
HAVING sum(payments) > 0
ORDER BY gross_usd DESC, currency
