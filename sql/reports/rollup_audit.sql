-- title: Rollup audit
-- description: Proves that the summaries are right: no rows means that the totals they add up are
--     what the payments come to. Each row names a total and how much it lacks; a negative number is
--     too much. It reads every payment of the days asked for: with millions of payments, audit one
--     month after the other. Amounts without "usd" are in the currency of the payments.
-- param from: date 2010-01-01..tomorrow
--     The first day, in UTC; without it from the beginning.
-- param to: date 2010-01-01..tomorrow
--     The day after the last one, in UTC; without it to the end.
-- sort: subject text asc

SELECT concat_ws(' ', slice, nullif(value, ''), payment_status, day::text) AS subject,
       payments AS missing_payments,
       unknown_usd_payments AS missing_unknown_usd_payments,
       gross_usd AS missing_gross_usd,
       refunded_usd AS missing_refunded_usd,
       disputed_usd AS missing_disputed_usd,
       charged AS missing_charged,
       refunded AS missing_refunded,
       disputed AS missing_disputed
FROM missing_from_payment_totals
WHERE (%(from)s IS NULL OR day >= %(from)s) AND (%(to)s IS NULL OR day < %(to)s)
