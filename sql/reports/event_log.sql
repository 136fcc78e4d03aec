-- title: Event log
-- description: Every event and operation whose work is done, the latest first. recorded changed a
--     payment or a balance, unchanged found nothing to change, ignored was not about a purchase of
--     ours. A duplicate of a known event leaves no line. actor and note say who asked for an
--     operation, and why.
-- param payment_id: text 1..255, example pay_123
--     Only events of this payment.
-- param outcome: choice recorded|unchanged|ignored
--     Only events with this outcome.
-- param source: choice webhook|eventbridge|reconcile|operations
--     Only events that came this way.
-- param from: timestamp 2010-01-01..now
--     Only events received at this time or later.
-- param to: timestamp 2010-01-01..
--     Only events received before this time.
-- sort: received_at timestamp desc, event_id text desc

SELECT received_at, event_id, event_type, outcome, source, payment_id, object_id, event_created,
       api_version, actor, note
FROM stripe_events
WHERE (%(payment_id)s IS NULL OR payment_id = %(payment_id)s)
  AND (%(outcome)s IS NULL OR outcome = %(outcome)s)
  AND (%(source)s IS NULL OR source = %(source)s)
  AND (%(from)s IS NULL OR received_at >= %(from)s)
  AND (%(to)s IS NULL OR received_at < %(to)s)
