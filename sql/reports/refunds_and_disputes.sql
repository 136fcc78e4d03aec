-- title: Refunds and disputes
-- description: Payments whose money went back, in whole or in part, or is being disputed; the latest
--     paid first. Amounts are in the payment's currency, amount_paid is in US dollars.
--     amount_disputed is in disputes that are open or lost; a dispute that was won no longer counts.
-- sort: paid_at timestamp desc, payment_id text desc

SELECT paid_at, payment_id, user_id, customer_email, package_name, payment_status, currency,
       amount_charged, amount_refunded, amount_disputed, amount_paid, tokens_purchased,
       credits_granted, stripe_payment_intent_id
FROM payment_transactions
WHERE paid_at IS NOT NULL AND (amount_refunded > 0 OR amount_disputed > 0)
