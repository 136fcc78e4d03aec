-- title: Credits outstanding
-- description: The credits that customers may still spend, and that they owe, by the package they
--     came from. Together they are the sum of all balances. Gifts (grants, and what an operator's
--     adjustment gave) count as spent first, then the oldest purchase; so what is left of a balance
--     is of the latest purchases, and what no purchase covers is a gift's. What a refund or dispute
--     took back is taken from its own payment. A balance below zero is owed for the oldest payments
--     of which credits were taken back, or moved away; what none of them explains, an adjustment
--     took. Reserved credits are not spent yet. users counts those who have or owe any of a line.
--     With millions of payments ask for one range of users after the other.
-- param from_user: text 1..500, example user_123
--     Only users from this id on, in the order of the database.
-- param to_user: text 1..500, example user_123
--     Only users up to this id. The same in both: one user.

WITH holders AS (
    SELECT user_id, credits
    FROM users
    WHERE credits <> 0
      AND (%(from_user)s IS NULL OR user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
),
bought AS (
    -- What is left of each payment: of the latest first.
    SELECT user_id, package_id, package_name,
           least(pt.credits_granted,
                 greatest(credits - (sum(pt.credits_granted) OVER latest_first - pt.credits_granted), 0)
           ) AS credits
    FROM holders JOIN payment_transactions AS pt USING (user_id)
    WHERE credits > 0 AND pt.credits_granted > 0
    WINDOW latest_first AS (PARTITION BY user_id ORDER BY paid_at DESC, payment_id DESC)
),
running AS (
    -- What those who owe had of each payment, entry by entry.
    SELECT user_id, payment_id, credits, delta,
           sum(delta) OVER (PARTITION BY user_id, payment_id ORDER BY entry_number) AS granted
    FROM holders JOIN credit_ledger USING (user_id)
    WHERE credits < 0 AND payment_id IS NOT NULL
),
taken_back AS (
    SELECT user_id, payment_id, -min(credits) AS owed, max(granted) - sum(delta) AS credits
    FROM running
    GROUP BY user_id, payment_id
),
owed AS (
    -- What is owed for each payment: for the oldest first.
    SELECT taken_back.user_id, package_id, package_name,
           least(credits, greatest(owed - (sum(credits) OVER oldest_first - credits), 0)) AS credits
    FROM taken_back JOIN payment_transactions AS pt USING (payment_id)
    WINDOW oldest_first AS (PARTITION BY taken_back.user_id ORDER BY paid_at, payment_id)
),
lines AS (
    SELECT 'purchase' AS came_from, package_id, package_name, user_id, credits
    FROM bought WHERE credits > 0
    UNION ALL
    SELECT 'purchase', package_id, package_name, user_id, -credits
    FROM owed WHERE credits > 0
    UNION ALL
    SELECT 'gift', NULL, NULL, user_id, credits - coalesce(covered, 0)
    FROM holders
    LEFT JOIN (SELECT user_id, sum(credits) AS covered FROM bought GROUP BY user_id) AS purchases
        USING (user_id)
    WHERE credits > coalesce(covered, 0)
    UNION ALL
    SELECT 'adjustment', NULL, NULL, user_id, credits + coalesce(explained, 0)
    FROM holders
    LEFT JOIN (SELECT user_id, sum(credits) AS explained FROM owed GROUP BY user_id) AS debts
        USING (user_id)
    WHERE credits + coalesce(explained, 0) < 0
)
SELECT came_from, package_id, package_name, count(DISTINCT user_id) AS users,
       coalesce(sum(credits) FILTER (WHERE credits > 0), 0)::bigint AS owed_to_customers,
       coalesce(-sum(credits) FILTER (WHERE credits < 0), 0)::bigint AS owed_by_customers,
       sum(credits)::bigint AS credits
FROM lines
GROUP BY came_from, package_id, package_name
ORDER BY came_from DESC, package_id, package_name
