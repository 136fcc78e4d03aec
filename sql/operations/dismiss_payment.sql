-- Takes a held payment out of the books, by an operator's word that it is no sale of ours: it counts
-- for nothing, and keeps what was charged.
-- Parameters: event_id, event_type, request, actor, note; payment_id.
-- Result: one row with the payment's id; none when the request was done before or the payment is not
-- held.
WITH held AS (
    -- Locked first, so that it still is held when the request is written.
    SELECT payment_id, stripe_session_id
      FROM payment_transactions
     WHERE payment_id = %(payment_id)s::text AND held_reason IS NOT NULL
       FOR UPDATE
), request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, payment_id, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, stripe_session_id, 'operations', 'recorded',
           payment_id, %(request)s::jsonb, %(actor)s::text, %(note)s::text
      FROM held
    ON CONFLICT (event_id) DO NOTHING
    RETURNING payment_id
), payment AS (
    UPDATE payment_transactions AS standing
       SET payment_status = 'canceled',
           held_reason = NULL,
           paid_at = NULL,
           amount_paid = 0,
           credits_granted = 0,
           dismissed = true,
           updated_at = now(),
           revision = standing.revision + 1
      FROM request
     WHERE standing.payment_id = request.payment_id AND standing.held_reason IS NOT NULL
    RETURNING standing.payment_id
)
SELECT payment_id FROM payment
