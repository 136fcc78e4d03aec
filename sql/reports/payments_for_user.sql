-- title: Payments of a user
-- description: Everything one user has begun to buy, newest first, whatever became of it.
--     amount_paid is in US dollars; amount_charged, amount_refunded and amount_disputed are in currency.
-- param user_id: text 1..255, required, example user_123
--     Whose payments: the id that your application gave to Checkout.
-- sort: created_at timestamp desc, payment_id text desc

SELECT payment_id, user_id, stripe_session_id, stripe_payment_intent_id, package_id, package_name,
       tokens_purchased, amount_paid, currency, payment_status, payment_method, customer_email,
       created_at,
       amount_charged, amount_refunded, amount_disputed, credits_granted, held_reason, enriched,
       paid_at, updated_at, revision, resolved, erased, dismissed
FROM payment_transactions
WHERE user_id = %(user_id)s
