-- What is for sale, was for sale, and by which of Stripe's prices.
-- Parameters: none. Result: a row a package.
SELECT package_id, package_name, amount, currency, stripe_price_ids, active
  FROM packages
 ORDER BY package_id
