-- Totals that are exact, and cost the same to read however many payments there are.
-- A payment remembers what the totals have counted of it. Now and then a fold counts what has changed
-- since; until then a reader adds the difference up, in one snapshot.

-- What the totals count of a payment. The day is that of paid_at in UTC, or of created_at for what is
-- not paid.
CREATE TYPE counted_payment AS (
    day             date,
    user_id         text,
    package_name    text,
    payment_status  text,
    payment_method  text,
    currency        text,
    amount_paid     numeric(12, 2),
    amount_charged  numeric(20, 3),
    amount_refunded numeric(20, 3),
    amount_disputed numeric(20, 3)
);

-- Whoever writes a payment, by whatever hand, leaves these alone: is_counted becomes false of itself
-- when something that is counted changes.
ALTER TABLE payment_transactions
    ADD COLUMN counted counted_payment,
    ADD COLUMN is_counted boolean NOT NULL GENERATED ALWAYS AS (
        counted IS NOT DISTINCT FROM ROW (
            (coalesce(paid_at, created_at) AT TIME ZONE 'UTC')::date, user_id, package_name,
            payment_status, payment_method, currency, amount_paid, amount_charged, amount_refunded,
            amount_disputed)::counted_payment) STORED;

COMMENT ON COLUMN payment_transactions.counted IS
    'The payment as the totals have it; null before they have it. Only a fold writes this.';
COMMENT ON COLUMN payment_transactions.is_counted IS 'The totals have the payment as it is.';

-- Not in the order of time: the pages that counted payments leave are filled again.
CREATE INDEX payment_transactions_uncounted ON payment_transactions (stripe_session_id)
    WHERE NOT is_counted;

-- Each payment is written once more when it is counted. Dead entries of that index cost every report
-- on a standby, which cannot mark them.
ALTER TABLE payment_transactions SET (autovacuum_vacuum_scale_factor = 0.05);

-- One line a UTC day, status and value of a slice. The slice "status" has the one value ''.
CREATE TABLE folded_payment_totals (
    slice                text NOT NULL CHECK (slice IN ('status', 'package', 'currency', 'method')),
    day                  date NOT NULL,
    payment_status       text NOT NULL,
    value                text NOT NULL,
    payments             bigint NOT NULL,
    unknown_usd_payments bigint NOT NULL,
    gross_usd            numeric(20, 2) NOT NULL,
    refunded_usd         numeric(20, 2) NOT NULL,
    disputed_usd         numeric(20, 2) NOT NULL,
    charged              numeric(28, 3) NOT NULL,
    refunded             numeric(28, 3) NOT NULL,
    disputed             numeric(28, 3) NOT NULL,
    PRIMARY KEY (slice, day, payment_status, value)
);

COMMENT ON COLUMN folded_payment_totals.day IS 'Of paid_at; of created_at for what is not paid.';
COMMENT ON COLUMN folded_payment_totals.charged IS
    'In the currency of the payments: a sum over several currencies means nothing.';

CREATE TABLE folded_customer_totals (
    user_id              text PRIMARY KEY,
    payments             bigint NOT NULL,
    unknown_usd_payments bigint NOT NULL,
    gross_usd            numeric(20, 2) NOT NULL,
    refunded_usd         numeric(20, 2) NOT NULL,
    disputed_usd         numeric(20, 2) NOT NULL,
    net_usd              numeric(20, 2) NOT NULL
        GENERATED ALWAYS AS (gross_usd - refunded_usd - disputed_usd) STORED
);

CREATE INDEX folded_customer_totals_by_net ON folded_customer_totals (net_usd, user_id);
CREATE INDEX folded_customer_totals_empty ON folded_customer_totals (user_id) WHERE payments = 0;

-- The part of amount_paid that went back, rounded half even to cents: all of it at the most.
CREATE FUNCTION usd_returned(amount_paid numeric, amount_charged numeric, amount_returned numeric)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN amount_returned = 0 OR amount_charged = 0 OR amount_paid IS NULL THEN 0.00
    WHEN amount_returned >= amount_charged THEN amount_paid
    WHEN mod(amount_paid * amount_returned / amount_charged * 1000, 20) = 5
        THEN trunc(amount_paid * amount_returned / amount_charged, 2)
    ELSE round(amount_paid * amount_returned / amount_charged, 2)
END;

-- Each payment as the totals have it, and as it is.
CREATE VIEW countable_payments AS
SELECT payment_id, stripe_session_id, is_counted, counted AS was,
       ROW ((coalesce(paid_at, created_at) AT TIME ZONE 'UTC')::date, user_id, package_name,
            payment_status, payment_method, currency, amount_paid, amount_charged, amount_refunded,
            amount_disputed)::counted_payment AS became
FROM payment_transactions;

-- What a payment adds to the totals (sign 1), or takes from them (sign -1).
CREATE FUNCTION total_of(payment counted_payment, sign bigint)
RETURNS TABLE (
    payments bigint, user_id text, is_taken boolean, day date, payment_status text,
    package_name text, currency text, payment_method text,
    unknown_usd_payments bigint, gross_usd numeric, refunded_usd numeric, disputed_usd numeric,
    charged numeric, refunded numeric, disputed numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT sign, payment.user_id, payment.payment_status IN ('paid', 'refunded', 'disputed', 'lost'),
           payment.day, payment.payment_status, payment.package_name, payment.currency,
           payment.payment_method,
           CASE WHEN payment.amount_paid IS NULL THEN sign ELSE 0 END,
           sign * coalesce(payment.amount_paid, 0.00),
           sign * usd_returned(payment.amount_paid, payment.amount_charged, payment.amount_refunded),
           sign * (usd_returned(payment.amount_paid, payment.amount_charged,
                                payment.amount_refunded + payment.amount_disputed)
                   - usd_returned(payment.amount_paid, payment.amount_charged,
                                  payment.amount_refunded)),
           sign * payment.amount_charged, sign * payment.amount_refunded,
           sign * payment.amount_disputed;
END;

-- The totals that a payment is part of, one a slice.
CREATE FUNCTION slices_of(package_name text, currency text, payment_method text)
RETURNS TABLE (slice text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT slices.slice, coalesce(slices.value, '')
    FROM (VALUES ('status', NULL), ('package', package_name), ('currency', currency),
                 ('method', payment_method)) AS slices (slice, value);
END;

-- What the totals lack of the payments that are not counted as they are.
CREATE VIEW uncounted_totals AS
SELECT total.*
FROM countable_payments
CROSS JOIN LATERAL (VALUES (was, -1), (became, 1)) AS line (payment, sign)
CROSS JOIN LATERAL total_of(line.payment, line.sign) AS total
WHERE NOT is_counted AND total.payment_status IS NOT NULL;

-- What reports read. Lines are to be summed: there may be several a key.
CREATE VIEW payment_totals AS
SELECT slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
       disputed_usd, charged, refunded, disputed
FROM folded_payment_totals
UNION ALL
SELECT slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
       disputed_usd, charged, refunded, disputed
FROM uncounted_totals CROSS JOIN LATERAL slices_of(package_name, currency, payment_method);

CREATE VIEW customer_changes AS
SELECT user_id, sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
       sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
       sum(disputed_usd) AS disputed_usd
FROM uncounted_totals
WHERE is_taken AND user_id IS NOT NULL
GROUP BY user_id;

-- One line a user with money taken. The condition stands outside of the union, and the union's first
-- part is nothing but a table: so Postgres sees through it, reads what is folded in the order of its
-- index, and merges the few who changed since.
CREATE VIEW customer_totals AS
SELECT user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, net_usd
FROM (
    SELECT user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, net_usd,
           false AS has_changed
    FROM folded_customer_totals
    UNION ALL
    SELECT changed.user_id,
           (changed.payments + coalesce(folded.payments, 0))::bigint,
           (changed.unknown_usd_payments + coalesce(folded.unknown_usd_payments, 0))::bigint,
           (changed.gross_usd + coalesce(folded.gross_usd, 0))::numeric(20, 2),
           (changed.refunded_usd + coalesce(folded.refunded_usd, 0))::numeric(20, 2),
           (changed.disputed_usd + coalesce(folded.disputed_usd, 0))::numeric(20, 2),
           (changed.gross_usd + coalesce(folded.gross_usd, 0)
            - changed.refunded_usd - coalesce(folded.refunded_usd, 0)
            - changed.disputed_usd - coalesce(folded.disputed_usd, 0))::numeric(20, 2),
           true
    FROM customer_changes AS changed
    LEFT JOIN folded_customer_totals AS folded ON folded.user_id = changed.user_id
) AS customers
WHERE payments > 0 AND (has_changed OR user_id NOT IN (SELECT user_id FROM customer_changes));

-- What the payments come to, less what the totals say: nothing, unless somebody wrote to the totals or
-- deleted payments. They read every payment, and add up by day and kind before they slice.
CREATE VIEW missing_from_payment_totals AS
WITH payments_by_kind AS (
    SELECT day, payment_status, package_name, currency, payment_method,
           sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
           sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
           sum(disputed_usd) AS disputed_usd,
           sum(charged) AS charged, sum(refunded) AS refunded, sum(disputed) AS disputed
    FROM countable_payments CROSS JOIN LATERAL total_of(became, 1)
    GROUP BY day, payment_status, package_name, currency, payment_method
)
SELECT slice, day, payment_status, value,
       sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
       sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
       sum(disputed_usd) AS disputed_usd,
       sum(charged) AS charged, sum(refunded) AS refunded, sum(disputed) AS disputed
FROM (
    SELECT slice, day, payment_status, value, payments,
           unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, charged, refunded, disputed
    FROM payments_by_kind
    CROSS JOIN LATERAL slices_of(package_name, currency, payment_method)
    UNION ALL
    SELECT slice, day, payment_status, value, -payments,
           -unknown_usd_payments, -gross_usd, -refunded_usd, -disputed_usd, -charged, -refunded, -disputed
    FROM payment_totals
) AS difference
GROUP BY slice, day, payment_status, value
HAVING (sum(payments), sum(unknown_usd_payments), sum(gross_usd), sum(refunded_usd),
        sum(disputed_usd), sum(charged), sum(refunded), sum(disputed)) <> (0, 0, 0, 0, 0, 0, 0, 0);

CREATE VIEW missing_from_customer_totals AS
SELECT user_id, sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
       sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
       sum(disputed_usd) AS disputed_usd
FROM (
    SELECT user_id, payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd
    FROM countable_payments CROSS JOIN LATERAL total_of(became, 1)
    WHERE is_taken AND user_id IS NOT NULL
    UNION ALL
    SELECT user_id, -payments, -unknown_usd_payments, -gross_usd, -refunded_usd, -disputed_usd
    FROM customer_changes
    UNION ALL
    SELECT user_id, -payments, -unknown_usd_payments, -gross_usd, -refunded_usd, -disputed_usd
    FROM folded_customer_totals
) AS difference
GROUP BY user_id
HAVING (sum(payments), sum(unknown_usd_payments), sum(gross_usd), sum(refunded_usd),
        sum(disputed_usd)) <> (0, 0, 0, 0, 0);

-- The lists that ops page through. Those of rare payments are partial: a write that is of no
-- interest to them pays next to nothing.
CREATE INDEX payment_transactions_held ON payment_transactions (paid_at, payment_id)
    WHERE held_reason IS NOT NULL;
CREATE INDEX payment_transactions_pending ON payment_transactions (created_at, payment_id)
    WHERE payment_status = 'pending';
CREATE INDEX payment_transactions_returned ON payment_transactions (paid_at, payment_id)
    WHERE paid_at IS NOT NULL AND (amount_refunded > 0 OR amount_disputed > 0);
CREATE INDEX stripe_events_by_time ON stripe_events (received_at, event_id);
CREATE INDEX stripe_events_by_payment ON stripe_events (payment_id, received_at, event_id);
CREATE INDEX stripe_events_ignored ON stripe_events (received_at, event_id)
    WHERE outcome = 'ignored';
CREATE INDEX stripe_events_reconciled ON stripe_events (received_at, event_id)
    WHERE source = 'reconcile';
CREATE INDEX stripe_events_of_operators ON stripe_events (received_at, event_id)
    WHERE source = 'operations';

-- Whoever reconciles or erases counts what has changed. To lock payments through a view takes the
-- right to update it.
GRANT SELECT, INSERT, UPDATE, DELETE
    ON folded_payment_totals, folded_customer_totals TO webhook_writer, operator;
GRANT UPDATE ON countable_payments TO webhook_writer, operator;
GRANT SELECT ON countable_payments, uncounted_totals, payment_totals, customer_changes, customer_totals,
    missing_from_payment_totals, missing_from_customer_totals TO webhook_writer, operator, report_reader;
GRANT SELECT ON folded_payment_totals, folded_customer_totals TO report_reader;

ALTER TYPE counted_payment OWNER TO migrator;
ALTER TABLE folded_payment_totals OWNER TO migrator;
ALTER TABLE folded_customer_totals OWNER TO migrator;
ALTER FUNCTION usd_returned(numeric, numeric, numeric) OWNER TO migrator;
ALTER FUNCTION total_of(counted_payment, bigint) OWNER TO migrator;
ALTER FUNCTION slices_of(text, text, text) OWNER TO migrator;
ALTER VIEW countable_payments OWNER TO migrator;
ALTER VIEW uncounted_totals OWNER TO migrator;
ALTER VIEW payment_totals OWNER TO migrator;
ALTER VIEW customer_changes OWNER TO migrator;
ALTER VIEW customer_totals OWNER TO migrator;
ALTER VIEW missing_from_payment_totals OWNER TO migrator;
ALTER VIEW missing_from_customer_totals OWNER TO migrator;
