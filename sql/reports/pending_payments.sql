-- title: Pending payments
-- description: Checkout is done but the money has not arrived, as with bank debits; the longest
--     waiting first. They become paid, failed, expired or canceled when Stripe says so. One that
--     waits for weeks deserves a look in Stripe's Dashboard.
-- sort: created_at timestamp asc, payment_id text asc

SELECT created_at, payment_id, user_id, customer_email, package_name, tokens_purchased, currency,
       amount_charged, payment_method, stripe_session_id, stripe_payment_intent_id, updated_at
FROM payment_transactions
WHERE payment_status = 'pending'
