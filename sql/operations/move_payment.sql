-- Makes a paid payment and its credits another user's, by an operator's word, which counts from then
-- on. A user who is not there is made.
-- Parameters: event_id, event_type, request, actor, note; payment_id, user_id, whose it shall be;
-- entry_id and other_entry_id.
-- Result: one row, payment_id, user_id and delta, the credits that moved; none when the request was
-- done before or the payment is not paid, held, not enriched, or this user's already.
WITH standing AS (
    -- Locked first, so that it still is so when the request is written.
    SELECT payment_id, stripe_session_id, user_id, credits_granted
      FROM payment_transactions
     WHERE payment_id = %(payment_id)s::text
       AND paid_at IS NOT NULL AND held_reason IS NULL AND enriched
       AND user_id <> %(user_id)s::text
       FOR UPDATE
), request AS (
    INSERT INTO stripe_events (
        event_id, event_type, object_id, source, outcome, payment_id, request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, stripe_session_id, 'operations', 'recorded',
           payment_id, %(request)s::jsonb, %(actor)s::text, %(note)s::text
      FROM standing
    ON CONFLICT (event_id) DO NOTHING
    RETURNING payment_id
), payment AS (
    UPDATE payment_transactions AS moved
       SET user_id = %(user_id)s::text,
           resolved = true,
           updated_at = now(),
           revision = moved.revision + 1
      FROM request
     WHERE moved.payment_id = request.payment_id
    RETURNING moved.payment_id, moved.user_id, moved.credits_granted
), share AS (
    SELECT standing.user_id, -payment.credits_granted AS delta, %(entry_id)s::text AS entry_id
      FROM payment, standing
    UNION ALL
    SELECT payment.user_id, payment.credits_granted, %(other_entry_id)s::text
      FROM payment
), balance AS (
    -- Both users, in the order of their ids; the balances that come back are the latest ones.
    INSERT INTO users AS standing (user_id, credits, ledger_entries)
    SELECT user_id, delta, (delta <> 0)::int
      FROM share
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
       SET credits = standing.credits + excluded.credits,
           ledger_entries = standing.ledger_entries + excluded.ledger_entries,
           updated_at = excluded.updated_at
    RETURNING user_id, credits, ledger_entries
), entry AS (
    INSERT INTO credit_ledger (
        entry_id, user_id, payment_id, delta, balance_after, reason, event_id, actor, note,
        entry_number)
    SELECT share.entry_id, share.user_id, payment.payment_id, share.delta, balance.credits,
           'transfer', %(event_id)s::text, %(actor)s::text, %(note)s::text, balance.ledger_entries
      FROM payment, share
      JOIN balance ON balance.user_id = share.user_id
     WHERE share.delta <> 0
)
SELECT payment_id, user_id, credits_granted AS delta FROM payment
