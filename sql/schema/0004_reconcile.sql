-- How far reconcile has come in each of Stripe's lists.

CREATE TABLE reconcile_progress (
    walk        text NOT NULL CHECK (walk <> ''),
    sweep       text NOT NULL CHECK (sweep IN ('events', 'sessions', 'refunds', 'disputes')),
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz,
    resume_from timestamptz NOT NULL,
    window_end  timestamptz,
    cursor      text,
    updated_at  timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (walk, sweep),
    CONSTRAINT a_cursor_is_inside_a_window CHECK (cursor IS NULL OR window_end IS NOT NULL)
);

COMMENT ON TABLE reconcile_progress IS 'A row each of Stripe''s lists that is walked, and each walk.';
COMMENT ON COLUMN reconcile_progress.walk IS '''schedule'', or the backfill that goes on until ends_at.';
COMMENT ON COLUMN reconcile_progress.begins_at IS 'The walk never looks at what is older.';
COMMENT ON COLUMN reconcile_progress.resume_from IS 'Everything before this is finished.';
COMMENT ON COLUMN reconcile_progress.cursor IS 'The last object finished in the window from resume_from to window_end, which is walked from its end.';

-- The schedule's walk begins with the till: what was sold before is history, which only somebody who
-- asks for it gets (as a backfill), for its tokens may have been granted by another program.
INSERT INTO reconcile_progress (walk, sweep, begins_at, resume_from)
SELECT 'schedule', sweep, now(), now()
  FROM unnest(ARRAY['events', 'sessions', 'refunds', 'disputes']) AS sweep;

-- Rows of which Stripe may know more than the till: a handful, found without reading the others.
CREATE INDEX payment_transactions_incomplete ON payment_transactions (created_at DESC, payment_id DESC)
    WHERE NOT enriched OR payment_status = 'pending' OR amount_paid IS NULL;

-- A proof asks for the payments of one day after the other.
CREATE INDEX payment_transactions_by_paid_at ON payment_transactions (paid_at, payment_id)
    WHERE paid_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON reconcile_progress TO webhook_writer;
GRANT SELECT ON reconcile_progress TO report_reader, operator;
-- A proof reads the ledger.
GRANT SELECT ON credit_ledger TO webhook_writer;

ALTER TABLE reconcile_progress OWNER TO migrator;
