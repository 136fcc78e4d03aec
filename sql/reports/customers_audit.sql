-- title: Customers audit
-- description: Proves that the top customers are right: no rows means that the totals of each user
--     are what the user's payments come to. Each row names a user and how much the totals lack; a
--     negative number is too much. With millions of payments, audit one range of users after the
--     other.
-- param from_user: text 1..255, example user_123
--     Only users from this id on, in the order of the database.
-- param to_user: text 1..255, example user_123
--     Only users up to this id. The same in both: one user.
-- sort: user_id text asc

SELECT user_id,
       payments AS missing_payments,
       unknown_usd_payments AS missing_unknown_usd_payments,
       gross_usd AS missing_gross_usd,
       refunded_usd AS missing_refunded_usd,
       disputed_usd AS missing_disputed_usd
FROM missing_from_customer_totals
WHERE (%(from_user)s IS NULL OR user_id >= %(from_user)s)
  AND (%(to_user)s IS NULL OR user_id <= %(to_user)s)
