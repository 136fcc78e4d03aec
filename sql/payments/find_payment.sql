-- The one read of an event: was it done before, the payment row if there is one, what is for sale.
-- Parameters: event_id; session_id and payment_intent_id, either of them null.
-- Result: always one row. known_event_id is null for a new event, payment_id for a new payment;
-- packages is a JSON array; user_is_still_unknown when the payment is held for that, and rightly;
-- installed_at, when the till was.
SELECT event.event_id AS known_event_id,
       event.payment_id AS known_payment_id,
       (SELECT coalesce(json_agg(json_build_object(
                   'package_id', package.package_id,
                   'package_name', package.package_name,
                   'tokens', package.tokens,
                   'amount', package.amount::text,
                   'currency', package.currency,
                   'stripe_price_ids', package.stripe_price_ids)
                   ORDER BY package.package_id), '[]')
          FROM packages AS package) AS packages,
       payment.held_reason = 'unknown_user'
           AND NOT EXISTS (SELECT FROM users WHERE users.user_id = payment.user_id)
           AS user_is_still_unknown,
       (SELECT installed_at FROM till) AS installed_at,
       payment.*
  FROM (VALUES (1)) AS always (one)
  LEFT JOIN stripe_events AS event
         ON event.event_id = %(event_id)s::text
  LEFT JOIN payment_transactions AS payment
         ON payment.stripe_session_id = %(session_id)s::text
         OR payment.stripe_payment_intent_id = %(payment_intent_id)s::text
 LIMIT 1
