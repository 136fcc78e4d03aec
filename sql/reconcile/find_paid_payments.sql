-- The next rows that were paid in a stretch of time.
-- Parameters: since and until (exclusive); after_at and after_id, the last row of the page before,
-- or since and an empty id. Result: up to 500 rows, in the order of paid_at.
SELECT paid_at AS at, payment_id, stripe_session_id
  FROM payment_transactions
 WHERE paid_at IS NOT NULL
   AND paid_at < %(until)s::timestamptz
   AND (paid_at, payment_id) > (%(after_at)s::timestamptz, %(after_id)s::text)
 ORDER BY paid_at, payment_id
 LIMIT 500
