-- Changes a balance by an operator's word: the request, the ledger entry and the balance, or nothing.
-- Parameters: event_id, event_type, request, actor, note; user_id, delta, entry_id.
-- Result: one row, user_id, delta and the new balance; none when the request was done before or there
-- is no such user.
WITH holder AS (
    -- Locked first, so that the row still is this user's when the request is written.
    SELECT user_id
      FROM users
     WHERE user_id = %(user_id)s::text
       FOR UPDATE
), request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, user_id, 'operations', 'recorded',
           %(request)s::jsonb, %(actor)s::text, %(note)s::text
      FROM holder
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
), balance AS (
    UPDATE users
       SET credits = credits + %(delta)s::bigint,
           ledger_entries = ledger_entries + 1,
           updated_at = now()
      FROM request
     WHERE user_id = %(user_id)s::text
    RETURNING user_id, credits, ledger_entries
), entry AS (
    INSERT INTO credit_ledger (
        entry_id, user_id, delta, balance_after, reason, event_id, actor, note, entry_number)
    SELECT %(entry_id)s::text, user_id, %(delta)s::bigint, credits, 'adjustment',
           %(event_id)s::text, %(actor)s::text, %(note)s::text, ledger_entries
      FROM balance
)
SELECT user_id, %(delta)s::bigint AS delta, credits AS balance FROM balance
