-- What is remembered of an event or of an operation, and the session it was about.
-- Parameters: event_id; user_id or null, whom an operation names. Result: one row, or none; asked, what
-- an operator asked for; user_is_there when that user has a row, or a payment.
SELECT event.event_type, event.outcome = 'ignored' AS was_ignored, event.request AS asked,
       payment.stripe_session_id AS session_id,
       EXISTS (SELECT FROM users WHERE user_id = %(user_id)s::text)
           OR EXISTS (SELECT FROM payment_transactions WHERE user_id = %(user_id)s::text)
           AS user_is_there
  FROM stripe_events AS event
  LEFT JOIN payment_transactions AS payment
         ON payment.payment_id = event.payment_id
 WHERE event.event_id = %(event_id)s::text
