-- title: Ledger audit
-- description: Proves that the credits are right: no rows means sound. Each row names what is wrong,
--     with the number that it should be and the number that it is. With millions of payments the
--     whole takes long: audit one range of users after the other.
-- param from_user: text 1..500, example user_123
--     Only users from this id on, in the order of the database.
-- param to_user: text 1..500, example user_123
--     Only users up to this id. The same in both: one user.
-- sort: subject text asc, problem text asc

WITH entries AS (
    SELECT entry_id, user_id, payment_id, delta, balance_after, entry_number,
           lag(entry_number, 1, 0::bigint) OVER in_order AS number_before,
           lag(balance_after, 1, 0::bigint) OVER in_order AS balance_before
    FROM credit_ledger
    WHERE (%(from_user)s IS NULL OR user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
    WINDOW in_order AS (PARTITION BY user_id ORDER BY entry_number, entry_id)
),
by_user AS (
    SELECT user_id, sum(delta) AS credits, count(*) AS entries
    FROM credit_ledger
    WHERE (%(from_user)s IS NULL OR user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
    GROUP BY user_id
),
people AS (
    SELECT user_id, credits, ledger_entries
    FROM users
    WHERE (%(from_user)s IS NULL OR user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
),
payments AS (
    SELECT pt.payment_id, pt.user_id, pt.credits_granted,
           coalesce(sum(entry.delta), 0) AS credits_in_ledger,
           CASE
               WHEN pt.paid_at IS NULL OR pt.held_reason IS NOT NULL THEN 0
               WHEN pt.amount_charged = 0 THEN pt.tokens_purchased
               ELSE div(pt.tokens_purchased
                        * greatest(pt.amount_charged - pt.amount_refunded - pt.amount_disputed, 0),
                        pt.amount_charged)
           END AS entitlement
    FROM payment_transactions AS pt
    LEFT JOIN credit_ledger AS entry ON entry.payment_id = pt.payment_id
    WHERE (%(from_user)s IS NULL OR pt.user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR pt.user_id <= %(to_user)s)
    GROUP BY pt.payment_id
)
SELECT 'user ' || u.user_id AS subject,
       'The balance is not the sum of the user''s ledger entries.' AS problem,
       coalesce(by_user.credits, 0)::text AS expected, u.credits::text AS actual
FROM people AS u LEFT JOIN by_user ON by_user.user_id = u.user_id
WHERE u.credits <> coalesce(by_user.credits, 0)
UNION ALL
SELECT 'user ' || u.user_id,
       'The count of ledger entries is not how many the user has.',
       coalesce(by_user.entries, 0)::text, u.ledger_entries::text
FROM people AS u LEFT JOIN by_user ON by_user.user_id = u.user_id
WHERE u.ledger_entries <> coalesce(by_user.entries, 0)
UNION ALL
SELECT 'payment ' || payment_id,
       'The credits granted are not the sum of the payment''s ledger entries.',
       credits_in_ledger::text, credits_granted::text
FROM payments WHERE credits_granted <> credits_in_ledger
UNION ALL
SELECT 'payment ' || payment_id,
       'The credits granted are not what the retained money entitles to.',
       entitlement::text, credits_granted::text
FROM payments WHERE credits_granted IS DISTINCT FROM entitlement
UNION ALL
SELECT 'ledger entry ' || entry_id,
       'The entry number does not follow the one before: the ledger has a gap or a double.',
       (number_before + 1)::text, entry_number::text
FROM entries WHERE entry_number <> number_before + 1
UNION ALL
SELECT 'ledger entry ' || entry_id,
       'The balance after the entry is not the balance before plus the entry.',
       (balance_before + delta)::text, balance_after::text
FROM entries WHERE balance_after <> balance_before + delta
UNION ALL
SELECT 'ledger entry ' || entry_id,
       'The entry credits another user than its payment belongs to.',
       coalesce(pt.user_id, 'no user'), entries.user_id
FROM entries JOIN payment_transactions AS pt ON pt.payment_id = entries.payment_id
WHERE pt.user_id IS DISTINCT FROM entries.user_id
