-- title: Payments by package
-- description: How many payments of each package are paid now, and the US dollars they brought, the
--     best first. A package without a name stands for held payments whose package is not known yet.

SELECT package_name, count(*) AS count, sum(amount_paid) AS revenue
FROM payment_transactions
WHERE payment_status = 'paid'
GROUP BY package_name
ORDER BY revenue DESC NULLS LAST, package_name
