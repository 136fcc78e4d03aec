-- What is remembered of an event or of an operation, and the session it was about.
-- Parameters: event_id; user_id or null, whom an operation names. Result: one row, or none; event_type
-- is null when a function for credits has used the operation's request id; asked, what an operator
-- asked for; user_is_there when that user has a row, or a payment.
SELECT event.event_type, coalesce(event.outcome = 'ignored', false) AS was_ignored,
       event.request AS asked, payment.stripe_session_id AS session_id,
       EXISTS (SELECT FROM users WHERE user_id = %(user_id)s::text)
           OR EXISTS (SELECT FROM payment_transactions WHERE user_id = %(user_id)s::text)
           AS user_is_there
  FROM (VALUES (%(event_id)s::text)) AS wanted (event_id)
  LEFT JOIN stripe_events AS event ON event.event_id = wanted.event_id
  LEFT JOIN credit_requests AS request
         ON request.request_id = substr(wanted.event_id, length('operation:') + 1)
        AND starts_with(wanted.event_id, 'operation:')
  LEFT JOIN payment_transactions AS payment ON payment.payment_id = event.payment_id
 WHERE event.event_id IS NOT NULL OR request.request_id IS NOT NULL
