-- Who may do what. Roles without login: grant them to the user that each function connects as.
-- Roles belong to the whole cluster, so another database of it may have made them already.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['webhook_writer', 'report_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO webhook_writer, report_reader;

-- The ledger and the events are append-only: nobody but their owner can change or remove a line.
GRANT SELECT ON packages, users, payment_transactions, stripe_events TO webhook_writer;
GRANT INSERT, UPDATE ON users, payment_transactions TO webhook_writer;
GRANT INSERT ON credit_ledger, stripe_events TO webhook_writer;

GRANT SELECT ON packages, users, payment_transactions, credit_ledger, stripe_events TO report_reader;
