-- What is remembered of an event or of an operation, and the session it was about.
-- Parameters: event_id. Result: one row, or none.
SELECT event.event_type, event.object_id, payment.stripe_session_id AS session_id
  FROM stripe_events AS event
  LEFT JOIN payment_transactions AS payment
         ON payment.payment_id = event.payment_id
 WHERE event.event_id = %(event_id)s::text
