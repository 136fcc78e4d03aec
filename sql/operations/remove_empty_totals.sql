-- Removes the totals of nothing: of a status that payments have left, of a user who was erased.
-- Parameters: none. Result: none.
WITH payment_total AS (
    DELETE FROM folded_payment_totals
     WHERE (payments, unknown_usd_payments, gross_usd, refunded_usd, charged, refunded, disputed)
           = (0, 0, 0, 0, 0, 0, 0)
)
DELETE FROM folded_customer_totals
 WHERE payments = 0
   AND (unknown_usd_payments, gross_usd, refunded_usd) = (0, 0, 0)
