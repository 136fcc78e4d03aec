-- The tables of the till. Every rule that a constraint can carry is a constraint.

CREATE TABLE till (
    the_only_one boolean PRIMARY KEY DEFAULT true CHECK (the_only_one),
    installed_at timestamptz NOT NULL
);

COMMENT ON TABLE till IS 'What is to be known of the till itself: one row.';
COMMENT ON COLUMN till.installed_at IS
    'Money taken before may have been credited by another program: such a payment is held.';

-- To the second, as Stripe dates what it takes.
INSERT INTO till (installed_at) VALUES (date_trunc('second', now()));

CREATE TABLE packages (
    package_id       text PRIMARY KEY CHECK (package_id <> ''),
    package_name     text NOT NULL CHECK (package_name <> ''),
    tokens           bigint NOT NULL CHECK (tokens > 0),
    amount           numeric(20, 3) NOT NULL CHECK (amount >= 0),
    currency         text NOT NULL DEFAULT 'usd' CHECK (currency ~ '^[a-z]{3}$'),
    stripe_price_ids text[] NOT NULL DEFAULT '{}',
    active           boolean NOT NULL DEFAULT true,

    -- A null among them would sell the package to every item without a price.
    CONSTRAINT stripe_price_ids_are_a_list_of_ids CHECK (
        CASE WHEN array_ndims(stripe_price_ids) > 1 THEN false
             ELSE array_position(stripe_price_ids, NULL) IS NULL
                  AND array_position(stripe_price_ids, '') IS NULL
        END)
);

COMMENT ON TABLE packages IS 'What is for sale. Edited as data; a sale keeps the terms it was made on.';
COMMENT ON COLUMN packages.amount IS 'The list price, in currency, major units: of JPY whole yen.';
COMMENT ON COLUMN packages.active IS 'Offered for sale. A payment for a package withdrawn meanwhile is honoured all the same.';

CREATE TABLE users (
    user_id        text PRIMARY KEY CHECK (user_id <> ''),
    credits        bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    ledger_entries bigint NOT NULL DEFAULT 0 CHECK (ledger_entries >= 0)
);

COMMENT ON TABLE users IS 'Who has credits. The application''s own id of somebody, and nothing else of them.';
COMMENT ON COLUMN users.credits IS 'The sum of the user''s ledger. Below zero after a clawback of tokens already spent.';
COMMENT ON COLUMN users.ledger_entries IS 'How many ledger entries the user has; the next one is numbered one higher.';

CREATE TABLE payment_transactions (
    payment_id               text PRIMARY KEY,
    user_id                  text CHECK (user_id <> ''),
    stripe_session_id        text NOT NULL UNIQUE,
    stripe_payment_intent_id text UNIQUE,
    package_id               text,
    package_name             text,
    tokens_purchased         bigint CHECK (tokens_purchased > 0),
    amount_paid              numeric(12, 2) CHECK (amount_paid >= 0),
    currency                 text NOT NULL DEFAULT 'usd' CHECK (currency ~ '^[a-z]{3}$'),
    payment_status           text NOT NULL CHECK (payment_status IN
        ('pending', 'failed', 'expired', 'canceled', 'paid', 'refunded', 'disputed', 'lost')),
    payment_method           text,
    customer_email           text,
    created_at               timestamptz NOT NULL DEFAULT now(),
    amount_charged           numeric(20, 3) NOT NULL CHECK (amount_charged >= 0),
    amount_refunded          numeric(20, 3) NOT NULL DEFAULT 0 CHECK (amount_refunded >= 0),
    amount_disputed          numeric(20, 3) NOT NULL DEFAULT 0 CHECK (amount_disputed >= 0),
    credits_granted          bigint NOT NULL DEFAULT 0,
    held_reason              text CHECK (held_reason IN
        ('no_user', 'unknown_user', 'unknown_package', 'package_mismatch', 'amount_mismatch',
         'unreadable', 'before_till')),
    enriched                 boolean NOT NULL DEFAULT true,
    paid_at                  timestamptz,
    updated_at               timestamptz NOT NULL DEFAULT now(),
    revision                 bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    resolved                 boolean NOT NULL DEFAULT false,
    erased                   boolean NOT NULL DEFAULT false,
    dismissed                boolean NOT NULL DEFAULT false,

    CONSTRAINT paid_at_says_that_money_was_taken CHECK (
        (paid_at IS NOT NULL) = (payment_status IN ('paid', 'refunded', 'disputed', 'lost'))),
    CONSTRAINT only_paid_credits_are_held CHECK (held_reason IS NULL OR paid_at IS NOT NULL),
    CONSTRAINT a_paid_payment_names_its_user_or_is_held CHECK (
        paid_at IS NULL OR user_id IS NOT NULL OR held_reason IS NOT NULL),
    CONSTRAINT a_paid_payment_names_its_package_or_is_held CHECK (
        paid_at IS NULL OR held_reason IS NOT NULL
        OR (package_id IS NOT NULL AND package_name IS NOT NULL AND tokens_purchased IS NOT NULL)),
    -- floor(tokens x retained / charged): div() is exact where "/" would round a long quotient.
    CONSTRAINT credits_are_what_the_retained_money_entitles_to CHECK (
        credits_granted = CASE
            WHEN paid_at IS NULL OR held_reason IS NOT NULL THEN 0
            WHEN amount_charged = 0 THEN tokens_purchased
            ELSE div(tokens_purchased
                     * greatest(amount_charged - amount_refunded - amount_disputed, 0),
                     amount_charged)
        END),
    CONSTRAINT a_dismissed_payment_counts_for_nothing CHECK (
        NOT dismissed OR (payment_status = 'canceled' AND amount_paid = 0))
);

COMMENT ON TABLE payment_transactions IS 'One row a Checkout session, whatever became of it.';
COMMENT ON COLUMN payment_transactions.amount_paid IS
    'US dollars taken: 0 until paid, the amount Stripe settled for a charge in another currency, null while that is unknown. Refunds do not lower it.';
COMMENT ON COLUMN payment_transactions.amount_charged IS
    'What the customer is charged, in currency, major units; for an unpaid session what it asks for.';
COMMENT ON COLUMN payment_transactions.amount_disputed IS 'In disputes that are open or lost; a dispute won no longer counts.';
COMMENT ON COLUMN payment_transactions.credits_granted IS 'Net: the sum of the payment''s ledger entries.';
COMMENT ON COLUMN payment_transactions.enriched IS 'False: recorded from a signed snapshot, Stripe not asked yet.';
COMMENT ON COLUMN payment_transactions.revision IS 'Rises by one a write; a write names the revision it was derived from.';

COMMENT ON COLUMN payment_transactions.resolved IS 'An operator said who bought what; Stripe no longer decides that.';
COMMENT ON COLUMN payment_transactions.erased IS 'Personal data was erased and must not come back from Stripe.';
COMMENT ON COLUMN payment_transactions.dismissed IS
    'An operator said that it is no sale of ours. Nothing that Stripe says changes that.';

CREATE INDEX payment_transactions_by_user ON payment_transactions (user_id, created_at DESC, payment_id DESC);
CREATE INDEX payment_transactions_by_time ON payment_transactions (created_at DESC, payment_id DESC);

CREATE TABLE credit_ledger (
    entry_id      text PRIMARY KEY,
    user_id       text NOT NULL REFERENCES users (user_id) ON UPDATE CASCADE,
    payment_id    text REFERENCES payment_transactions (payment_id),
    delta         bigint NOT NULL CHECK (delta <> 0),
    balance_after bigint NOT NULL,
    reason        text NOT NULL CHECK (reason IN ('purchase', 'refund', 'dispute', 'reinstatement', 'adjustment')),
    event_id      text,
    actor         text,
    note          text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    entry_number  bigint NOT NULL CHECK (entry_number > 0),

    -- A user's entries are numbered without a gap, in the order in which they changed the balance.
    CONSTRAINT one_entry_a_number UNIQUE (user_id, entry_number),
    CONSTRAINT an_entry_has_a_payment_or_an_actor CHECK (payment_id IS NOT NULL OR actor IS NOT NULL)
);

COMMENT ON TABLE credit_ledger IS 'Every change of a balance, in order; nothing in it is ever changed or removed.';
COMMENT ON COLUMN credit_ledger.actor IS 'Who asked for an operation, and why: note.';

CREATE INDEX credit_ledger_by_payment ON credit_ledger (payment_id);

CREATE TABLE stripe_events (
    event_id      text PRIMARY KEY,
    event_type    text NOT NULL,
    api_version   text,
    object_id     text,
    event_created timestamptz,
    source        text NOT NULL CHECK (source IN ('webhook', 'eventbridge', 'reconcile', 'operations')),
    outcome       text NOT NULL CHECK (outcome IN ('recorded', 'unchanged', 'ignored')),
    payment_id    text,
    received_at   timestamptz NOT NULL DEFAULT now(),
    request       jsonb,
    actor         text,
    note          text
);

COMMENT ON TABLE stripe_events IS 'Events whose work is done. No payloads: Stripe keeps those, and they are full of personal data.';
COMMENT ON COLUMN stripe_events.request IS
    'The fields of an operation: its id cannot be used with others. A user who was erased since is null in it.';
COMMENT ON COLUMN stripe_events.actor IS 'Who asked for an operation, and why: note.';

INSERT INTO packages (package_id, package_name, tokens, amount) VALUES
    ('starter', 'Starter', 1000, 10.00),
    ('professional', 'Professional', 5000, 45.00),
    ('enterprise', 'Enterprise', 25000, 200.00);
