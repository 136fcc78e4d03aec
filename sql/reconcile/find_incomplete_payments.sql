-- The next rows of which Stripe may know more by now: recorded from a snapshot; or pending or not
-- settled for so long that their sessions are no longer listed. Not those that were dismissed:
-- nothing that Stripe says changes them.
-- Parameters: since, the earliest created_at; listed_from; after_at and after_id, the last row of
-- the page before (null: none). Result: up to 100 rows, the latest first.
SELECT created_at AS at, payment_id, stripe_session_id
  FROM payment_transactions
 WHERE (NOT enriched
        OR ((payment_status = 'pending' OR amount_paid IS NULL)
            AND created_at < %(listed_from)s::timestamptz
            AND (paid_at IS NULL OR paid_at >= %(listed_from)s::timestamptz)))
   AND NOT dismissed
   AND created_at >= %(since)s::timestamptz
   AND (%(after_at)s::timestamptz IS NULL
        OR (created_at, payment_id) < (%(after_at)s::timestamptz, %(after_id)s::text))
 ORDER BY created_at DESC, payment_id DESC
 LIMIT 100
