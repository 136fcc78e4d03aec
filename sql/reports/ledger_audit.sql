-- title: Ledger audit
-- description: Proves that the credits are right: no rows means sound. Each row names what is wrong,
--     with the number that it should be and the number that it is. Balances, payments, moves of
--     payments, and what was granted, spent, reserved, captured and returned are all compared with
--     the ledger. With millions of payments the whole takes long: audit one range of users after
--     the other.
-- param from_user: text 1..500, example user_123
--     Only users from this id on, in the order of the database.
-- param to_user: text 1..500, example user_123
--     Only users up to this id. The same in both: one user.
-- sort: subject text asc, problem text asc

WITH entries AS (
    SELECT entry_id, user_id, payment_id, delta, balance_after, entry_number, reason, event_id,
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
),
requests AS (
    SELECT request_id, user_id, kind, amount, taken, returned, available_after
    FROM credit_requests
    WHERE kind <> 'operation'
      AND (%(from_user)s IS NULL OR user_id >= %(from_user)s)
      AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
),
due AS (
    SELECT request_id, user_id, 'spend' AS reason, -taken AS delta
    FROM requests WHERE kind IN ('spend', 'reserve') AND taken > 0
    UNION ALL
    SELECT request_id, user_id, 'return', returned
    FROM requests WHERE kind IN ('spend', 'reserve') AND returned IS NOT NULL
    UNION ALL
    SELECT request_id, user_id, 'grant', amount
    FROM requests WHERE kind = 'grant'
),
entered AS (
    SELECT event_id AS request_id, user_id, reason,
           count(*) AS entries, sum(delta) AS delta
    FROM entries
    WHERE reason IN ('spend', 'return', 'grant')
    GROUP BY event_id, user_id, reason
),
elsewhere AS (
    -- What a user who no longer has a payment got by it has gone with it.
    SELECT entries.entry_id, entries.user_id, pt.user_id AS holder,
           sum(delta) OVER of_payment = 0
               AND (pt.resolved OR bool_or(reason = 'transfer') OVER of_payment) AS is_moved
    FROM entries JOIN payment_transactions AS pt ON pt.payment_id = entries.payment_id
    WHERE pt.user_id IS DISTINCT FROM entries.user_id
    WINDOW of_payment AS (PARTITION BY entries.payment_id, entries.user_id)
),
transfers AS (
    SELECT payment_id, sum(delta) AS credits
    FROM credit_ledger
    WHERE reason = 'transfer'
      AND payment_id IN (SELECT payment_id FROM entries WHERE reason = 'transfer')
    GROUP BY payment_id
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
       coalesce(holder, 'no user'), user_id
FROM elsewhere WHERE NOT is_moved
UNION ALL
SELECT 'payment ' || payment_id,
       'What the payment''s transfers took from one user is not what they gave to another.',
       '0', credits::text
FROM transfers WHERE credits <> 0
UNION ALL
SELECT 'request ' || request_id,
       'The reservation was made of credits that were not available.',
       '0', available_after::text
FROM requests WHERE available_after < 0
UNION ALL
SELECT 'request ' || request_id,
       'More was returned than was taken.',
       taken::text, returned::text
FROM requests WHERE returned > taken
UNION ALL
SELECT CASE WHEN due.request_id IS NULL THEN 'user ' || entered.user_id || ', ' ELSE '' END
       || 'request ' || coalesce(due.request_id, entered.request_id, 'without an id'),
       'The ledger does not have exactly one entry of what the request '
       || CASE coalesce(due.reason, entered.reason)
              WHEN 'spend' THEN 'took.' WHEN 'return' THEN 'returned.' ELSE 'granted.' END,
       coalesce(due.delta::text, 'no entry'),
       CASE WHEN entries IS NULL THEN 'no entry' WHEN entries = 1 THEN entered.delta::text
            ELSE entered.delta || ' in ' || entries || ' entries' END
FROM due FULL JOIN entered
  ON (entered.request_id, entered.user_id, entered.reason) = (due.request_id, due.user_id, due.reason)
WHERE entered.entries IS DISTINCT FROM 1 OR entered.delta IS DISTINCT FROM due.delta
