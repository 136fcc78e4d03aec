-- Holds off another repair until the transaction ends, which would add the same difference again.
-- Payments are written, and totals folded and read, meanwhile. Reading every payment takes longer
-- than the role may, else.
-- Parameters: none. Result: none.
LOCK TABLE folded_payment_totals IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL statement_timeout = '14min';
