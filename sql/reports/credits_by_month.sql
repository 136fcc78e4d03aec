-- title: Credits by month
-- description: What became of all credits, by the month (UTC) of each ledger entry, and what the
--     balances came to at its end. balance = the month before + sold + given - spent + returned
--     - clawed_back + adjusted. given is granted, spent includes what was captured, clawed_back is
--     what refunds and disputes took less what came back of them, adjusted what operators added less
--     what they took. A payment moved to another user changes nothing. Months without an entry are
--     there too, and each month is whole.
-- param from: date 2010-01-01..tomorrow, default 365 days ago
--     A day of the first month.
-- param to: date 2010-01-01..tomorrow, default tomorrow
--     The day after the last one whose month is wanted.

WITH entries AS (
    SELECT date_trunc('month', created_at AT TIME ZONE 'UTC') AS month,
           CASE WHEN reason IN ('spend', 'return', 'grant', 'purchase') THEN reason
                WHEN payment_id IS NULL THEN 'adjustment'
                WHEN reason IN ('refund', 'dispute', 'reinstatement') THEN 'clawback'
                WHEN reason = 'transfer' THEN 'transfer'
                WHEN delta > 0 THEN 'purchase'
                ELSE 'clawback' END AS what,
           sum(delta) AS credits
    FROM credit_ledger
    GROUP BY month, what
),
by_month AS (
    SELECT month,
           sum(credits) FILTER (WHERE what = 'purchase') AS sold,
           sum(credits) FILTER (WHERE what = 'grant') AS given,
           -sum(credits) FILTER (WHERE what = 'spend') AS spent,
           sum(credits) FILTER (WHERE what = 'return') AS returned,
           -sum(credits) FILTER (WHERE what = 'clawback') AS clawed_back,
           sum(credits) FILTER (WHERE what = 'adjustment') AS adjusted,
           sum(credits) AS change
    FROM entries
    GROUP BY month
),
months AS (
    SELECT month
    FROM generate_series(date_trunc('month', %(from)s::timestamp),
                         %(to)s::timestamp - interval '1 day', interval '1 month') AS months (month)
)
SELECT to_char(months.month, 'YYYY-MM') AS month,
       coalesce(sold, 0)::bigint AS sold,
       coalesce(given, 0)::bigint AS given,
       coalesce(spent, 0)::bigint AS spent,
       coalesce(returned, 0)::bigint AS returned,
       coalesce(clawed_back, 0)::bigint AS clawed_back,
       coalesce(adjusted, 0)::bigint AS adjusted,
       coalesce((SELECT sum(change) FROM by_month AS past WHERE past.month <= months.month),
                0)::bigint AS balance
FROM months LEFT JOIN by_month ON by_month.month = months.month
ORDER BY months.month
