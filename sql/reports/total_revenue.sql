-- title: Total revenue
-- description: US dollars taken by all payments that are paid now. Refunds in part are not
--     subtracted; payments refunded in full, or disputed, are not counted. While Stripe has not said
--     what a foreign charge is worth in dollars, its amount is missing from the sum, and the payment
--     is counted in payments_without_usd_amount.

SELECT CASE WHEN sum(payments) > sum(unknown_usd_payments) THEN sum(gross_usd) END AS total_revenue,
       coalesce(sum(payments), 0)::bigint AS paid_payments,
       coalesce(sum(unknown_usd_payments), 0)::bigint AS payments_without_usd_amount
FROM payment_totals
WHERE slice = 'status' AND payment_status = 'paid'
