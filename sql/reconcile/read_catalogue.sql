-- What is for sale. Parameters: none. Result: one row; packages is a JSON array.
SELECT coalesce(json_agg(json_build_object(
           'package_id', package.package_id,
           'package_name', package.package_name,
           'tokens', package.tokens,
           'amount_usd_cents', (package.amount_usd * 100)::bigint,
           'stripe_price_ids', package.stripe_price_ids)
           ORDER BY package.package_id), '[]') AS packages
  FROM packages AS package
