-- title: Timeline of a user
-- description: Why the balance is what it is: every change of one user's credits, the latest first,
--     with the balance after it, the payment and the event behind it, or who changed it and why.
--     A payment that is held or pending has changed nothing yet; payments_for_user lists it.
-- param user_id: text 1..500, required, example user_123
--     Whose balance: the id that your application gave to Checkout.
-- sort: entry_number integer desc

SELECT entry.entry_number, entry.created_at, entry.reason, entry.delta, entry.balance_after,
       payment.package_name, payment.payment_status, entry.actor, entry.note, entry.payment_id,
       payment.amount_paid, payment.currency, payment.amount_charged, payment.amount_refunded,
       payment.amount_disputed, entry.event_id, event.event_type, event.source, entry.entry_id
FROM credit_ledger AS entry
LEFT JOIN payment_transactions AS payment ON payment.payment_id = entry.payment_id
LEFT JOIN stripe_events AS event ON event.event_id = entry.event_id
WHERE entry.user_id = %(user_id)s
