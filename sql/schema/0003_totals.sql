-- Totals that are exact, and cost the same to read however many payments there are.
-- A write of a payment appends what it changed to payment_changes; now and then the changes are
-- folded into the totals. A reader adds what is folded and what is not yet, in one snapshot.

-- What was written by other hands than the till's, or before there were totals, is not counted yet: a
-- reader adds such rows up one by one, until a fold has taken them up.
ALTER TABLE payment_transactions ADD COLUMN is_counted boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN payment_transactions.is_counted IS 'The totals, or a change on its way to them, have the row.';

CREATE INDEX payment_transactions_uncounted ON payment_transactions (payment_id) WHERE NOT is_counted;

-- What the totals count of a payment.
CREATE TYPE counted_payment AS (
    paid_at         timestamptz,
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

CREATE TABLE payment_changes (
    payment_id text NOT NULL,
    revision   bigint NOT NULL,
    created_at timestamptz NOT NULL,
    was        counted_payment,
    became     counted_payment NOT NULL,
    PRIMARY KEY (payment_id, revision)
);

COMMENT ON TABLE payment_changes IS 'Writes of payments that the totals have not taken up yet.';
COMMENT ON COLUMN payment_changes.revision IS 'The revision to which the write brought the payment.';
COMMENT ON COLUMN payment_changes.created_at IS 'When the payment, not its change, was first recorded.';
COMMENT ON COLUMN payment_changes.was IS 'The payment before the write; null for a new one.';

-- Every line is deleted soon: dead lines would soon be many times the living.
ALTER TABLE payment_changes SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000);

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

-- The one definition of what is counted, for payments and for their changes alike.
CREATE VIEW counted AS
SELECT source, payment_id, revision, sign AS payments, user_id, paid_at IS NOT NULL AS is_taken,
       (coalesce(paid_at, created_at) AT TIME ZONE 'UTC')::date AS day,
       payment_status, package_name, currency, payment_method,
       CASE WHEN amount_paid IS NULL THEN sign ELSE 0 END AS unknown_usd_payments,
       sign * coalesce(amount_paid, 0.00) AS gross_usd,
       sign * usd_returned(amount_paid, amount_charged, amount_refunded) AS refunded_usd,
       sign * (usd_returned(amount_paid, amount_charged, amount_refunded + amount_disputed)
               - usd_returned(amount_paid, amount_charged, amount_refunded)) AS disputed_usd,
       sign * amount_charged AS charged,
       sign * amount_refunded AS refunded,
       sign * amount_disputed AS disputed
FROM (
    SELECT 'payment' AS source, payment_id, revision, 1 AS sign, created_at,
           paid_at, user_id, package_name, payment_status, payment_method, currency,
           amount_paid, amount_charged, amount_refunded, amount_disputed
    FROM payment_transactions
    UNION ALL
    SELECT 'uncounted', payment_id, revision, 1, created_at,
           paid_at, user_id, package_name, payment_status, payment_method, currency,
           amount_paid, amount_charged, amount_refunded, amount_disputed
    FROM payment_transactions
    WHERE NOT is_counted
    UNION ALL
    SELECT 'change', payment_id, revision, 1, created_at, (became).*
    FROM payment_changes
    UNION ALL
    SELECT 'change', payment_id, revision, -1, created_at, (was).*
    FROM payment_changes
    WHERE (was).payment_status IS NOT NULL
) AS counted_payments;

CREATE VIEW slices AS
SELECT slice FROM (VALUES ('status'), ('package'), ('currency'), ('method')) AS slices (slice);

CREATE FUNCTION slice_value(slice text, package_name text, currency text, payment_method text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(CASE slice
    WHEN 'package' THEN package_name
    WHEN 'currency' THEN currency
    WHEN 'method' THEN payment_method
END, '');

-- What reports read. Lines are to be summed: there may be several a key.
CREATE VIEW payment_totals AS
SELECT slice, day, payment_status, value, payments, unknown_usd_payments, gross_usd, refunded_usd,
       disputed_usd, charged, refunded, disputed
FROM folded_payment_totals
UNION ALL
SELECT slice, day, payment_status,
       slice_value(slice, package_name, currency, payment_method),
       payments, unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, charged, refunded,
       disputed
FROM counted CROSS JOIN slices
WHERE source <> 'payment';

CREATE VIEW customer_changes AS
SELECT user_id, sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
       sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
       sum(disputed_usd) AS disputed_usd
FROM counted
WHERE source <> 'payment' AND is_taken AND user_id IS NOT NULL
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

-- What the payments come to, less what the totals say: nothing, unless payments were written without
-- their changes. They read every payment, and add up by day and kind before they slice.
CREATE VIEW missing_from_payment_totals AS
WITH payments_by_kind AS (
    SELECT day, payment_status, package_name, currency, payment_method,
           sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
           sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
           sum(disputed_usd) AS disputed_usd,
           sum(charged) AS charged, sum(refunded) AS refunded, sum(disputed) AS disputed
    FROM counted
    WHERE source = 'payment'
    GROUP BY day, payment_status, package_name, currency, payment_method
)
SELECT slice, day, payment_status, value,
       sum(payments) AS payments, sum(unknown_usd_payments) AS unknown_usd_payments,
       sum(gross_usd) AS gross_usd, sum(refunded_usd) AS refunded_usd,
       sum(disputed_usd) AS disputed_usd,
       sum(charged) AS charged, sum(refunded) AS refunded, sum(disputed) AS disputed
FROM (
    SELECT slice, day, payment_status,
           slice_value(slice, package_name, currency, payment_method) AS value, payments,
           unknown_usd_payments, gross_usd, refunded_usd, disputed_usd, charged, refunded, disputed
    FROM payments_by_kind CROSS JOIN slices
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
    FROM counted
    WHERE source = 'payment' AND is_taken AND user_id IS NOT NULL
    UNION ALL
    SELECT user_id, -payments, -unknown_usd_payments, -gross_usd, -refunded_usd, -disputed_usd
    FROM counted
    WHERE source <> 'payment' AND is_taken AND user_id IS NOT NULL
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

-- Whoever records a payment appends its change; whoever reconciles folds the changes.
GRANT SELECT, INSERT, UPDATE, DELETE
    ON payment_changes, folded_payment_totals, folded_customer_totals TO webhook_writer, operator;
GRANT SELECT ON counted, slices, payment_totals, customer_changes, customer_totals,
    missing_from_payment_totals, missing_from_customer_totals TO webhook_writer, operator, report_reader;
GRANT SELECT ON payment_changes, folded_payment_totals, folded_customer_totals TO report_reader;

ALTER TYPE counted_payment OWNER TO migrator;
ALTER TABLE payment_changes OWNER TO migrator;
ALTER TABLE folded_payment_totals OWNER TO migrator;
ALTER TABLE folded_customer_totals OWNER TO migrator;
ALTER FUNCTION usd_returned(numeric, numeric, numeric) OWNER TO migrator;
ALTER FUNCTION slice_value(text, text, text, text) OWNER TO migrator;
ALTER VIEW counted OWNER TO migrator;
ALTER VIEW slices OWNER TO migrator;
ALTER VIEW payment_totals OWNER TO migrator;
ALTER VIEW customer_changes OWNER TO migrator;
ALTER VIEW customer_totals OWNER TO migrator;
ALTER VIEW missing_from_payment_totals OWNER TO migrator;
ALTER VIEW missing_from_customer_totals OWNER TO migrator;
