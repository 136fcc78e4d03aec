-- Who may do what. Roles without login: grant them to the user that each function connects as.
-- Roles belong to the whole cluster, so another database of it may have made them already.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['webhook_writer', 'report_reader', 'operator', 'migrator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO webhook_writer, report_reader, operator;
GRANT USAGE, CREATE ON SCHEMA public TO migrator;

-- The ledger is append-only: nobody but its owner can change or remove a line. Renaming an erased
-- user reaches it through the foreign key, which acts as the owner.
GRANT SELECT ON packages, users, payment_transactions, stripe_events TO webhook_writer, operator;
GRANT INSERT, UPDATE ON users, payment_transactions TO webhook_writer, operator;
GRANT INSERT ON credit_ledger, stripe_events TO webhook_writer, operator;
GRANT UPDATE (object_id) ON stripe_events TO operator;

GRANT SELECT ON packages, users, payment_transactions, credit_ledger, stripe_events TO report_reader;
