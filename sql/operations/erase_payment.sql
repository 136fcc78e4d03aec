-- Takes the person out of a payment that names no user, and what operators have noted of it, this
-- note too if it has the e-mail address; every amount stays.
-- Parameters: event_id, event_type, request, actor, note; payment_id.
-- Result: one row with the number of payments erased, 1; none when the request was done before or the
-- payment is not there or a user's.
WITH nobodys AS (
    -- Locked first, so that it still is nobody's when the request is written.
    SELECT payment_id, stripe_session_id, customer_email
      FROM payment_transactions
     WHERE payment_id = %(payment_id)s::text AND user_id IS NULL
       FOR UPDATE
), request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, payment_id, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, stripe_session_id, 'operations', 'recorded',
           payment_id, %(request)s::jsonb, %(actor)s::text,
           CASE WHEN strpos(lower(%(note)s::text), lower(customer_email)) > 0
                THEN NULL ELSE %(note)s::text END
      FROM nobodys
    ON CONFLICT (event_id) DO NOTHING
    RETURNING payment_id
), payment AS (
    UPDATE payment_transactions AS standing
       SET customer_email = NULL,
           erased = true,
           updated_at = now(),
           revision = standing.revision + 1
      FROM request
     WHERE standing.payment_id = request.payment_id
    RETURNING standing.payment_id
), past_request AS (
    UPDATE stripe_events AS past
       SET note = NULL
      FROM request
     WHERE past.source = 'operations' AND past.payment_id = request.payment_id
)
SELECT count(*) AS payments FROM payment HAVING count(*) > 0
