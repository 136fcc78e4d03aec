-- title: Held payments
-- description: Paid, but the credits wait for somebody to say who bought what; the longest waiting
--     first. no_user: Checkout named no user. unknown_user: the user is not known here.
--     unknown_package: nothing says what was bought. package_mismatch: price and metadata disagree.
--     amount_mismatch: the price is not the package's. unreadable: an id, a quantity, an amount or a
--     currency makes no sense. before_till: paid before the till was installed, and perhaps credited
--     by another program. The operation resolve_payment releases one, dismiss_payment takes one that
--     is no sale of ours out of the books.
-- param held_reason: choice no_user|unknown_user|unknown_package|package_mismatch|amount_mismatch|unreadable|before_till
--     Only these; all when left out.
-- sort: paid_at timestamp asc, payment_id text asc

SELECT paid_at, payment_id, held_reason, user_id, customer_email, package_id, package_name,
       tokens_purchased, currency, amount_charged, amount_refunded, amount_disputed, amount_paid,
       payment_status, payment_method, stripe_session_id, stripe_payment_intent_id
FROM payment_transactions
WHERE held_reason IS NOT NULL AND (%(held_reason)s IS NULL OR held_reason = %(held_reason)s)
