-- The ledger of the payments: what was sold, and what a refund or dispute took back.
INSERT INTO credit_ledger (
    entry_id, user_id, payment_id, delta, balance_after, reason, event_id, created_at, entry_number)
SELECT 'entry_' || md5(payment_id || step), user_id, payment_id, delta,
       sum(delta) OVER in_order, reason, 'evt_' || md5(payment_id), at,
       row_number() OVER in_order
FROM (
    SELECT payment_id, user_id, step, at, delta, reason
    FROM payment_transactions
    CROSS JOIN LATERAL (VALUES
        (1, paid_at, tokens_purchased, 'purchase'),
        (2, paid_at + interval '1 day', credits_granted - tokens_purchased,
         CASE WHEN amount_disputed > 0 THEN 'dispute' ELSE 'refund' END)
    ) AS entry (step, at, delta, reason)
    WHERE paid_at IS NOT NULL AND held_reason IS NULL AND delta <> 0
) AS entries
WINDOW in_order AS (PARTITION BY user_id ORDER BY at, payment_id, step)
