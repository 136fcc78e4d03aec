-- What an operation on a payment needs to know before it starts.
-- Parameters: event_id, under which the operation is remembered; payment_id; package_id or null.
-- Result: one row; done_type and done_object_id when the request was done before, session_id, user_id
-- and held_reason when there is such a payment; whether the package is for sale.
SELECT event.event_type AS done_type,
       event.object_id AS done_object_id,
       payment.stripe_session_id AS session_id,
       payment.user_id,
       payment.held_reason,
       EXISTS (SELECT FROM packages WHERE package_id = %(package_id)s::text) AS package_is_known
  FROM (VALUES (1)) AS always (one)
  LEFT JOIN stripe_events AS event
         ON event.event_id = %(event_id)s::text
  LEFT JOIN payment_transactions AS payment
         ON payment.payment_id = %(payment_id)s::text
