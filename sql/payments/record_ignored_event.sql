-- Remembers an event that turned out, once Stripe was asked, to be about no purchase of ours, so
-- that Stripe is not asked again.
-- Parameters: the event's columns. Result: one row, its id; none when it was remembered before.
INSERT INTO stripe_events (
    event_id, event_type, api_version, object_id, event_created, source, outcome, request, actor, note)
VALUES (%(event_id)s, %(event_type)s, %(api_version)s, %(object_id)s, %(event_created)s,
        %(source)s, 'ignored', %(request)s::jsonb, %(actor)s, %(note)s)
ON CONFLICT (event_id) DO NOTHING
RETURNING event_id
