-- Takes a person out of the books and leaves every amount: the user id becomes an alias, e-mail
-- addresses go, those of payments moved to somebody else too, and so does who did what for this user
-- and why, this note too if it names the person. Ledger and requests for credits follow the user
-- through their foreign keys; what the totals have counted of the user follows with the next fold.
-- Request ids stay, for none may be good again.
-- To be run as a REPEATABLE READ transaction: a purchase of the user that commits meanwhile, and that
-- this does not see, then makes it fail.
-- Parameters: event_id, event_type, request, actor, note; user_id, alias.
-- Result: one row with the number of payments erased; none when the request was done before or there
-- is no such user: neither a row nor a payment.
WITH request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, %(alias)s::text, 'operations', 'recorded',
           %(request)s::jsonb, %(actor)s::text,
           CASE WHEN strpos(lower(%(note)s::text), lower(%(user_id)s::text)) > 0
                  OR EXISTS (SELECT FROM payment_transactions
                              WHERE user_id = %(user_id)s::text
                                AND strpos(lower(%(note)s::text), lower(customer_email)) > 0)
                THEN NULL ELSE %(note)s::text END
     WHERE EXISTS (SELECT FROM users WHERE user_id = %(user_id)s::text)
        OR EXISTS (SELECT FROM payment_transactions WHERE user_id = %(user_id)s::text)
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
), of_person AS (
    SELECT payment_id
      FROM payment_transactions
     WHERE user_id = %(user_id)s::text
     UNION
    SELECT payment_id
      FROM credit_ledger
     WHERE user_id = %(user_id)s::text AND reason = 'transfer'
), payment AS (
    UPDATE payment_transactions
       SET user_id = CASE user_id WHEN %(user_id)s::text THEN %(alias)s::text ELSE user_id END,
           customer_email = NULL,
           erased = true,
           updated_at = now(),
           revision = revision + 1
      FROM request
     WHERE payment_id IN (SELECT payment_id FROM of_person)
    RETURNING payment_id
), person AS (
    UPDATE users
       SET user_id = %(alias)s::text, updated_at = now()
      FROM request
     WHERE user_id = %(user_id)s::text
), entry AS (
    -- An entry of before there were request ids is kept by its actor alone.
    UPDATE credit_ledger AS past
       SET note = NULL,
           actor = CASE WHEN coalesce(past.payment_id, past.event_id) IS NULL THEN 'erased' END
      FROM request
     WHERE user_id = %(user_id)s::text AND (note IS NOT NULL OR actor IS NOT NULL)
), transfer AS (
    -- The other side of a move has the same note.
    UPDATE credit_ledger AS past
       SET note = NULL
      FROM request
     WHERE past.payment_id IN (SELECT payment_id FROM of_person) AND reason = 'transfer'
       AND user_id <> %(user_id)s::text AND note IS NOT NULL
), credit_request AS (
    UPDATE credit_requests
       SET note = NULL, actor = NULL
      FROM request
     WHERE user_id = %(user_id)s::text AND (note IS NOT NULL OR actor IS NOT NULL)
), past_request AS (
    -- Operations remember whom they were about.
    UPDATE stripe_events AS past
       SET object_id = CASE past.object_id WHEN %(user_id)s::text THEN %(alias)s::text
                            ELSE past.object_id END,
           request = CASE past.request ->> 'user_id' WHEN %(user_id)s::text
                          THEN jsonb_set(past.request, '{user_id}', 'null')
                          ELSE past.request END,
           note = NULL
      FROM request
     WHERE past.source = 'operations'
       AND (past.object_id = %(user_id)s::text OR past.request ->> 'user_id' = %(user_id)s::text
            OR past.payment_id IN (SELECT payment_id FROM payment))
)
SELECT (SELECT count(*) FROM payment) AS payments FROM request
