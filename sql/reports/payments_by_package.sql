-- title: Payments by package
-- description: How many payments of each package are paid now, and the US dollars they brought, the
--     best first. A package without a name stands for held payments whose package is not known yet.
-- chart: bars of revenue by package_name

SELECT nullif(value, '') AS package_name,
       sum(payments)::bigint AS count,
       CASE WHEN sum(payments) > sum(unknown_usd_payments) THEN sum(gross_usd) END AS revenue
FROM payment_totals
WHERE slice = 'package' AND payment_status = 'paid'
GROUP BY value
HAVING sum(payments) > 0
ORDER BY revenue DESC NULLS LAST, package_name
