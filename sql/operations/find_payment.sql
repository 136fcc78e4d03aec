-- What an operation on a payment needs to know of it.
-- Parameters: payment_id; package_id or null.
-- Result: one row, none when there is no such payment; whether the package is known.
SELECT stripe_session_id AS session_id, user_id, payment_status, held_reason, enriched,
       EXISTS (SELECT FROM packages WHERE package_id = %(package_id)s::text) AS package_is_known
  FROM payment_transactions
 WHERE payment_id = %(payment_id)s::text
