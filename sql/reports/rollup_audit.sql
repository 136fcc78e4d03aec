-- title: Rollup audit
-- description: Proves that the summaries are right: no rows means that the totals they add up are
--     what all payments come to. Each row names a total and how much it lacks; a negative number is
--     too much. It reads every payment. Amounts without "usd" are in the currency of the payments.
-- sort: subject text asc

SELECT concat_ws(' ', slice, nullif(value, ''), payment_status, day::text) AS subject,
       payments AS missing_payments,
       unknown_usd_payments AS missing_unknown_usd_payments,
       gross_usd AS missing_gross_usd,
       refunded_usd AS missing_refunded_usd,
       charged AS missing_charged,
       refunded AS missing_refunded,
       disputed AS missing_disputed
FROM missing_from_payment_totals
UNION ALL
SELECT 'user ' || user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, NULL, NULL, NULL
FROM missing_from_customer_totals
