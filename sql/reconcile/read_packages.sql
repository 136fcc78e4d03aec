-- What is for sale. Parameters: none. Result: one row; packages is a JSON array, installed_at when
-- the till was installed.
SELECT coalesce(json_agg(json_build_object(
           'package_id', package.package_id,
           'package_name', package.package_name,
           'tokens', package.tokens,
           'amount', package.amount::text,
           'currency', package.currency,
           'stripe_price_ids', package.stripe_price_ids)
           ORDER BY package.package_id), '[]') AS packages,
       (SELECT installed_at FROM till) AS installed_at
  FROM packages AS package
