-- title: Reservations run out
-- description: Work that was reserved for and never captured, and never released: perhaps it was
--     done, and given away. The latest to run out first, with whose credits they were and who asked.
--     The credits are free again; a capture still takes them, where there are enough.
-- param user_id: text 1..255, example user_123
--     Only this user's; everybody's when left out.
-- sort: ran_out_at timestamp desc, request_id text desc

SELECT lasts_until AS ran_out_at, user_id, amount, actor, note, requested_at, request_id
FROM credit_requests
WHERE kind = 'reserve' AND closed_as IS NULL AND lasts_until <= now()
  AND (%(user_id)s IS NULL OR user_id = %(user_id)s)
