-- title: Top customers
-- description: Users by the US dollars that Stripe took from them and that did not go back by
--     refund or dispute, the best first, with their balance now. The part of a foreign charge that
--     went back is amount_paid x refunded (or disputed) / charged, rounded half even to cents.
--     Payments whose worth in dollars is not known yet are counted in unknown_usd_payments.
-- sort: net_usd number desc, user_id text desc

SELECT totals.user_id, totals.payments, totals.gross_usd, totals.refunded_usd, totals.disputed_usd,
       totals.net_usd, totals.unknown_usd_payments,
       (SELECT paid_at FROM payment_transactions AS payment
         WHERE payment.user_id = totals.user_id AND paid_at IS NOT NULL
         ORDER BY created_at DESC, payment_id DESC LIMIT 1) AS last_paid_at,
       users.credits
FROM customer_totals AS totals
JOIN users ON users.user_id = totals.user_id
