-- One event's whole effect: the payment, the event, the ledger entry and the balance, or nothing.
-- Parameters: the payment's columns; found_revision, the revision the payment was derived from
-- (null: there was no row); delta, the ledger entry's credits (0: no entry), entry_id, reason;
-- create_user, whether a user id never seen gets a row; request, actor and note, of an operator if
-- one had a hand in it; the event's columns.
-- Result: one row when it was written, with the payment's id and held_reason as they stand now;
-- none when the row is no longer at found_revision.
WITH holder AS (
    SELECT %(create_user)s::boolean
           OR EXISTS (SELECT FROM users WHERE user_id = %(user_id)s::text) AS is_known
), payment AS (
    INSERT INTO payment_transactions AS standing (
        payment_id, user_id, stripe_session_id, stripe_payment_intent_id,
        package_id, package_name, tokens_purchased, amount_paid, currency, payment_status,
        payment_method, customer_email, created_at,
        amount_charged, amount_refunded, amount_disputed,
        credits_granted, held_reason, enriched, paid_at, updated_at, revision,
        resolved, erased)
    SELECT %(payment_id)s::text, %(user_id)s::text, %(session_id)s::text, %(payment_intent_id)s::text,
           %(package_id)s::text, %(package_name)s::text, %(tokens_purchased)s::bigint,
           %(amount_paid)s::numeric, %(currency)s::text, %(payment_status)s::text,
           %(payment_method)s::text, %(customer_email)s::text, now(),
           %(amount_charged)s::numeric, %(amount_refunded)s::numeric, %(amount_disputed)s::numeric,
           CASE WHEN is_known THEN %(credits_granted)s::bigint ELSE 0 END,
           CASE WHEN is_known OR %(paid_at)s::timestamptz IS NULL THEN %(held_reason)s::text
                ELSE coalesce(%(held_reason)s::text, 'unknown_user') END,
           %(enriched)s::boolean, %(paid_at)s::timestamptz, now(),
           coalesce(%(found_revision)s::bigint, 0) + 1,
           %(resolved)s::boolean, %(erased)s::boolean
      FROM holder
    ON CONFLICT (stripe_session_id) DO UPDATE
       SET user_id = excluded.user_id,
           stripe_payment_intent_id = excluded.stripe_payment_intent_id,
           package_id = excluded.package_id,
           package_name = excluded.package_name,
           tokens_purchased = excluded.tokens_purchased,
           amount_paid = excluded.amount_paid,
           currency = excluded.currency,
           payment_status = excluded.payment_status,
           payment_method = excluded.payment_method,
           customer_email = excluded.customer_email,
           amount_charged = excluded.amount_charged,
           amount_refunded = excluded.amount_refunded,
           amount_disputed = excluded.amount_disputed,
           credits_granted = excluded.credits_granted,
           held_reason = excluded.held_reason,
           enriched = excluded.enriched,
           paid_at = excluded.paid_at,
           updated_at = excluded.updated_at,
           revision = excluded.revision,
           resolved = excluded.resolved
     WHERE standing.revision = %(found_revision)s::bigint
    RETURNING payment_id, user_id, held_reason
), event AS (
    INSERT INTO stripe_events (
        event_id, event_type, api_version, object_id, event_created, source, outcome, payment_id,
        request, actor, note)
    SELECT %(event_id)s::text, %(event_type)s::text, %(api_version)s::text, %(object_id)s::text,
           %(event_created)s::timestamptz, %(source)s::text, %(outcome)s::text, payment.payment_id,
           %(request)s::jsonb, %(actor)s::text, %(note)s::text
      FROM payment
), balance AS (
    -- The balance that comes back is the latest one, whatever this statement's snapshot shows:
    -- ON CONFLICT DO UPDATE waits for the row and reads it anew.
    INSERT INTO users AS standing (user_id, credits, ledger_entries)
    SELECT payment.user_id, %(delta)s::bigint, (%(delta)s::bigint <> 0)::int
      FROM payment, holder
     WHERE payment.user_id IS NOT NULL AND holder.is_known
    ON CONFLICT (user_id) DO UPDATE
       SET credits = standing.credits + excluded.credits,
           ledger_entries = standing.ledger_entries + 1,
           updated_at = excluded.updated_at
     WHERE excluded.ledger_entries = 1
    RETURNING user_id, credits, ledger_entries
), entry AS (
    INSERT INTO credit_ledger (
        entry_id, user_id, payment_id, delta, balance_after, reason, event_id, actor, note,
        entry_number)
    SELECT %(entry_id)s::text, balance.user_id, payment.payment_id, %(delta)s::bigint,
           balance.credits, %(reason)s::text, %(event_id)s::text, %(actor)s::text,
           %(note)s::text, balance.ledger_entries
      FROM balance, payment
     WHERE %(delta)s::bigint <> 0
)
SELECT payment_id, held_reason FROM payment
