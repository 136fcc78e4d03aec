-- Holds off folding, and another repair, until the transaction ends; writes of payments and reports
-- go on. Parameters: none. Result: none.
LOCK TABLE folded_payment_totals, folded_customer_totals IN SHARE ROW EXCLUSIVE MODE
