-- The rows of a page of sessions or of payment intents.
-- Parameters: session_ids and payment_intent_ids, arrays, either of them empty; create_user, whether
-- a user id never seen would get a row. Result: one row a payment that there is; user_is_known says
-- whether its user may be credited.
SELECT payment.*,
       %(create_user)s::boolean
       OR EXISTS (SELECT FROM users WHERE users.user_id = payment.user_id) AS user_is_known
  FROM payment_transactions AS payment
 WHERE payment.stripe_session_id = ANY (%(session_ids)s::text[])
    OR payment.stripe_payment_intent_id = ANY (%(payment_intent_ids)s::text[])
