-- title: Recent payments
-- description: Paid payments of known users, newest first. A refund in part leaves a payment paid;
--     one refunded in full, or disputed, is not listed here.
-- sort: created_at timestamp desc, payment_id text desc

SELECT pt.payment_id, u.user_id, pt.stripe_session_id, pt.stripe_payment_intent_id, pt.package_id,
       pt.package_name, pt.tokens_purchased, pt.amount_paid, pt.currency, pt.payment_status,
       pt.payment_method, pt.customer_email, pt.created_at,
       pt.amount_charged, pt.amount_refunded, pt.amount_disputed, pt.credits_granted,
       pt.held_reason, pt.enriched, pt.paid_at, pt.updated_at, pt.revision, pt.resolved,
       pt.erased, pt.dismissed
FROM payment_transactions AS pt
JOIN users AS u ON u.user_id = pt.user_id
WHERE pt.payment_status = 'paid'
