-- Removes the totals of nothing: of a status that payments have left, of a user who was erased. Those
-- that a fold is writing are left for the next time, so that neither waits for the other.
-- Parameters: none. Result: none.
WITH empty_payment AS (
    SELECT slice, day, payment_status, value
      FROM folded_payment_totals
     WHERE (payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, charged, refunded,
            disputed) = (0, 0, 0, 0, 0, 0, 0, 0)
       FOR UPDATE SKIP LOCKED
), payment_total AS (
    DELETE FROM folded_payment_totals AS total
     USING empty_payment AS empty
     WHERE total.slice = empty.slice
       AND total.day = empty.day
       AND total.payment_status = empty.payment_status
       AND total.value = empty.value
), empty_customer AS (
    SELECT user_id
      FROM folded_customer_totals
     WHERE payments = 0
       AND (unknown_usd_payments, gross_usd, refunded_usd, disputed_usd) = (0, 0, 0, 0)
       FOR UPDATE SKIP LOCKED
)
DELETE FROM folded_customer_totals AS total
 USING empty_customer AS empty
 WHERE total.user_id = empty.user_id
