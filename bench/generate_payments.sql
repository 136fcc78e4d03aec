-- Two years of payments, the latest now. Nine in ten are paid, one in thirty is refunded, in whole or
-- in part, three in ten are in another currency, one in ten thousand is held. Some users
-- buy a hundred times as much as others. Each is as counted as a fold leaves it.
-- Parameters: payments, users.
INSERT INTO payment_transactions (
    payment_id, user_id, stripe_session_id, stripe_payment_intent_id, package_id, package_name,
    tokens_purchased, amount_paid, currency, payment_status, payment_method, customer_email,
    created_at, amount_charged, amount_refunded, amount_disputed, credits_granted, held_reason,
    paid_at, counted)
SELECT payment_id, user_id, stripe_session_id, stripe_payment_intent_id, package_id, package_name,
       tokens_purchased, amount_paid, currency, payment_status, payment_method, customer_email,
       created_at, charged, refunded, disputed, credits_granted, held_reason, paid_at,
       ROW ((coalesce(paid_at, created_at) AT TIME ZONE 'UTC')::date, user_id, package_name,
            payment_status, payment_method, currency, amount_paid, charged, refunded,
            disputed)::counted_payment
FROM (
    SELECT 'pay_' || md5('pay' || i) AS payment_id, 'user_' || user_number AS user_id,
           'cs_live_' || md5('cs' || i) AS stripe_session_id,
           'pi_' || left(md5('pi' || i), 24) AS stripe_payment_intent_id,
           lower(package_name) AS package_id, package_name, tokens AS tokens_purchased,
           CASE WHEN NOT taken THEN 0 WHEN currency <> 'usd' AND roll_4 < 0.0005 THEN NULL
                ELSE price END AS amount_paid,
           currency, status AS payment_status, method AS payment_method,
           'user_' || user_number || '@example.com' AS customer_email,
           created_at, charged, refunded, disputed,
           CASE WHEN taken AND NOT held THEN div(tokens * (charged - refunded - disputed), charged)
                ELSE 0 END AS credits_granted,
           CASE WHEN held THEN 'package_mismatch' END AS held_reason,
           CASE WHEN taken THEN created_at + interval '5 seconds' END AS paid_at
    FROM (
        SELECT drawn.*, taken AND roll_3 < 0.0001 AS held,
               CASE WHEN status = 'refunded' THEN charged
                    WHEN status = 'paid' AND roll_3 > 0.98 THEN round(charged * 0.4, decimals)
                    ELSE 0 END AS refunded,
               CASE WHEN status IN ('disputed', 'lost') THEN charged ELSE 0 END AS disputed
        FROM (
            SELECT rolled.*, fate.*, package.*, money.*, round(price * rate, decimals) AS charged,
                   status IN ('paid', 'refunded', 'disputed', 'lost') AS taken
            FROM (
                SELECT i, random() AS roll_1, random() AS roll_2, random() AS roll_3,
                       random() AS roll_4,
                       1 + floor(%(users)s * power(random(), 1.5))::bigint AS user_number,
                       now() - interval '730 days' * (1 - i::float8 / %(payments)s) AS created_at
                FROM generate_series(1, %(payments)s) AS i
            ) AS rolled
            CROSS JOIN LATERAL (
                SELECT CASE WHEN roll_1 < 0.900 THEN 'paid' WHEN roll_1 < 0.920 THEN 'refunded'
                            WHEN roll_1 < 0.922 THEN 'disputed' WHEN roll_1 < 0.924 THEN 'lost'
                            WHEN roll_1 < 0.925 THEN 'pending' WHEN roll_1 < 0.970 THEN 'failed'
                            WHEN roll_1 < 0.995 THEN 'expired' ELSE 'canceled' END AS status,
                       (ARRAY['card', 'card', 'card', 'link', 'us_bank_account', 'sepa_debit'])
                           [1 + floor(6 * roll_4)::int] AS method
            ) AS fate
            JOIN (VALUES (0, 'Starter', 1000, 10.00), (1, 'Professional', 5000, 45.00),
                         (2, 'Enterprise', 25000, 200.00)) AS package (place, package_name, tokens, price)
              ON package.place = floor(3 * power(roll_2, 2))::int
            JOIN (VALUES (0, 'usd', 1.0, 2), (1, 'eur', 0.9, 2), (2, 'gbp', 0.8, 2), (3, 'jpy', 150, 0))
                 AS money (coin, currency, rate, decimals)
              ON money.coin = greatest(floor(10 * roll_3)::int - 6, 0)
        ) AS drawn
    ) AS made
) AS payments
