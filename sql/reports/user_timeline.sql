-- title: Timeline of a user
-- description: Why the balance is what it is: every change of one user's credits, the latest first,
--     with the balance after it, the payment and the event behind it, or who changed it and why.
--     A reservation changes nothing; it stands above the entry it was made after, with what was
--     reserved, what it left available, until when it lasts, and what became of it: open, run out,
--     captured or released. A spend with a reservation is its capture. event_id is the request id of
--     what an application asked for. A payment that is held or pending has changed nothing yet;
--     payments_for_user lists it.
-- param user_id: text 1..500, required, example user_123
--     Whose balance: the id that your application gave to Checkout.
-- sort: entry_number integer desc, created_at timestamp desc, entry_id text desc

SELECT moment.entry_number, moment.created_at, moment.reason, moment.delta, moment.balance_after,
       payment.package_name, payment.payment_status, moment.actor, moment.note, moment.payment_id,
       payment.amount_paid, payment.currency, payment.amount_charged, payment.amount_refunded,
       payment.amount_disputed, moment.event_id, event.event_type, event.source, moment.entry_id,
       reservation.amount AS reserved, reservation.available_after,
       reservation.lasts_until AS reserved_until,
       CASE WHEN reservation.closed_as IS NOT NULL THEN reservation.closed_as
            WHEN reservation.lasts_until > now() THEN 'open'
            WHEN reservation.lasts_until <= now() THEN 'run out'
       END AS reservation
FROM (
    SELECT user_id, entry_number, created_at, reason, delta, balance_after, actor, note, payment_id,
           event_id, entry_id
    FROM credit_ledger
    UNION ALL
    SELECT user_id, after_entry, requested_at, 'reservation', 0::bigint, NULL::bigint, actor, note,
           NULL::text,
           request_id, request_id
    FROM credit_requests
    WHERE kind = 'reserve'
) AS moment
LEFT JOIN payment_transactions AS payment ON payment.payment_id = moment.payment_id
LEFT JOIN credit_requests AS reservation
       ON reservation.request_id = moment.event_id AND reservation.kind = 'reserve'
      AND moment.reason IN ('spend', 'reservation')
LEFT JOIN stripe_events AS event
       ON event.event_id = CASE WHEN moment.reason IN ('spend', 'return', 'grant')
                                THEN 'operation:' || moment.event_id
                                WHEN moment.reason <> 'reservation' THEN moment.event_id END
WHERE moment.user_id = %(user_id)s
