-- Spends a user's credits by an operator's word, and remembers the request when the function has recorded it.
-- Parameters: event_id, event_type, request, actor, note; request_id, user_id, amount.
-- Result: one row: outcome, balance and available, as the function answers.
WITH answer AS MATERIALIZED (
    SELECT outcome, balance, available
      FROM spend_credits(%(user_id)s::text, %(amount)s::bigint, %(request_id)s::text,
                         note => %(note)s::text, actor => %(actor)s::text)
), request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, %(user_id)s::text, 'operations', 'recorded',
           %(request)s::jsonb, %(actor)s::text, %(note)s::text
      FROM answer
     WHERE outcome = 'recorded'
)
SELECT outcome, balance, available FROM answer
