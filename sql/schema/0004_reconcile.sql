-- How far reconcile has come in each of Stripe's lists.

CREATE TABLE reconcile_checkpoints (
    run         text NOT NULL CHECK (run <> ''),
    listing     text NOT NULL CHECK (listing IN ('events', 'sessions', 'refunds', 'disputes')),
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz,
    resume_from timestamptz NOT NULL,
    window_end  timestamptz,
    cursor      text,
    updated_at  timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (run, listing),
    CONSTRAINT a_cursor_is_inside_a_window CHECK (cursor IS NULL OR window_end IS NOT NULL)
);

COMMENT ON TABLE reconcile_checkpoints IS 'A row each of Stripe''s lists, and each run over them.';
COMMENT ON COLUMN reconcile_checkpoints.run IS '''schedule'', or the backfill that goes on until ends_at.';
COMMENT ON COLUMN reconcile_checkpoints.begins_at IS 'The run never looks at what is older.';
COMMENT ON COLUMN reconcile_checkpoints.resume_from IS 'Everything before this is finished.';
COMMENT ON COLUMN reconcile_checkpoints.cursor IS 'The last object finished in the window from resume_from to window_end, which is read from its end.';

-- The schedule's run begins with the till: what was sold before is history, which only somebody who
-- asks for it gets (as a backfill), for its tokens may have been granted by another program.
INSERT INTO reconcile_checkpoints (run, listing, begins_at, resume_from)
SELECT 'schedule', listing, now(), now()
  FROM unnest(ARRAY['events', 'sessions', 'refunds', 'disputes']) AS listing;

-- Rows of which Stripe may know more than the till: a handful, found without reading the others.
CREATE INDEX payment_transactions_incomplete ON payment_transactions (created_at DESC, payment_id DESC)
    WHERE NOT enriched OR payment_status = 'pending' OR amount_paid IS NULL;

-- A proof asks for the payments of one day after the other.
CREATE INDEX payment_transactions_by_paid_at ON payment_transactions (paid_at, payment_id)
    WHERE paid_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON reconcile_checkpoints TO webhook_writer;
GRANT SELECT ON reconcile_checkpoints TO report_reader, operator;
-- A proof reads the ledger.
GRANT SELECT ON credit_ledger TO webhook_writer;

ALTER TABLE reconcile_checkpoints OWNER TO migrator;
