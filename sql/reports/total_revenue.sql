-- title: Total revenue
-- description: US dollars taken by all payments that are paid now. Refunds in part are not
--     subtracted; payments refunded in full, or disputed, are not counted. While Stripe has not said
--     what a foreign charge is worth in dollars, its amount is missing from the sum, and the payment
--     is counted in payments_without_usd_amount.

SELECT sum(amount_paid) AS total_revenue,
       count(*) AS paid_payments,
       count(*) FILTER (WHERE amount_paid IS NULL) AS payments_without_usd_amount
FROM payment_transactions
WHERE payment_status = 'paid'
