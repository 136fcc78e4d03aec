-- Changes a balance by an operator's word: the request, the ledger entry and the balance, or nothing.
-- Parameters: event_id, event_type, user_id, delta, entry_id, actor, note; create_user, whether a
-- user id never seen gets a row.
-- Result: one row with the new balance; none when the request was done before or the user is not
-- known.
WITH holder AS (
    SELECT 1 AS is_known
     WHERE %(create_user)s::boolean
        OR EXISTS (SELECT FROM users WHERE user_id = %(user_id)s::text)
), request AS (
    INSERT INTO stripe_events (event_id, event_type, object_id, source, outcome)
    SELECT %(event_id)s::text, %(event_type)s::text, %(user_id)s::text, 'operations', 'recorded'
      FROM holder
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
), balance AS (
    INSERT INTO users AS standing (user_id, credits, ledger_entries)
    SELECT %(user_id)s::text, %(delta)s::bigint, 1
      FROM request
    ON CONFLICT (user_id) DO UPDATE
       SET credits = standing.credits + excluded.credits,
           ledger_entries = standing.ledger_entries + 1,
           updated_at = excluded.updated_at
    RETURNING user_id, credits, ledger_entries
), entry AS (
    INSERT INTO credit_ledger (
        entry_id, user_id, delta, balance_after, reason, event_id, actor, note, entry_number)
    SELECT %(entry_id)s::text, user_id, %(delta)s::bigint, credits, 'adjustment',
           %(event_id)s::text, %(actor)s::text, %(note)s::text, ledger_entries
      FROM balance
)
SELECT credits FROM balance
