-- Which of a page of Stripe's events are done already.
-- Parameters: event_ids, an array. Result: one row with an array, event_ids.
SELECT coalesce(array_agg(event_id), '{}') AS event_ids
  FROM stripe_events
 WHERE event_id = ANY (%(event_ids)s::text[])
