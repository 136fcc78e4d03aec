-- Who may do what. Each function logs in as one of these roles, or as a user who is a member of it.
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
        -- On RDS with IAM authentication the role itself logs in, with a token for a password. Not
        -- the migrator: whoever is a member of it would have to bring a token too.
        IF role_name <> 'migrator' AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
            EXECUTE format('ALTER ROLE %I LOGIN', role_name);
            EXECUTE format('GRANT rds_iam TO %I', role_name);
        END IF;
    END LOOP;
END
$$;

-- Clusters that come from PostgreSQL 14 let everybody create in public: a function made there, with
-- the name of one of Postgres' own and arguments that fit better, is run by whoever means that one.
-- Where this owner may not say so, the doctor has the command for whoever may.
DO $$
BEGIN
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

-- The ledger is append-only: nobody but its owner can change or remove a line. Renaming an erased
-- user reaches it through the foreign key, which acts as the owner. Operators may remove what was
-- noted of somebody, which is no part of the sums.
GRANT USAGE ON SCHEMA public TO webhook_writer, report_reader, operator;

GRANT SELECT ON till, packages, users, payment_transactions, stripe_events TO webhook_writer, operator;
GRANT INSERT, UPDATE ON users, payment_transactions TO webhook_writer, operator;
GRANT INSERT ON credit_ledger, stripe_events TO webhook_writer, operator;
GRANT UPDATE (object_id, request, note) ON stripe_events TO operator;
GRANT SELECT (user_id, note), UPDATE (note) ON credit_ledger TO operator;
GRANT INSERT, UPDATE ON packages TO operator;

GRANT SELECT ON packages, users, payment_transactions, credit_ledger, stripe_events TO report_reader;

-- Later migrations run as migrator, who owns what there is so far. To hand a table over one must be
-- a member of the role that gets it.
DO $$
DECLARE
    table_name text;
BEGIN
    BEGIN
        EXECUTE format('GRANT migrator TO %I', current_user);
    EXCEPTION WHEN unique_violation OR invalid_grant_operation THEN
        NULL;
    END;
    GRANT USAGE, CREATE ON SCHEMA public TO migrator;
    FOREACH table_name IN ARRAY ARRAY['till', 'packages', 'users', 'payment_transactions', 'credit_ledger',
                                      'stripe_events', 'schema_migrations'] LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO migrator', table_name);
    END LOOP;
END
$$;

-- Limits belong to roles: a pooled connection would carry a SET to the next client. In this database
-- only, for the roles may serve others.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['webhook_writer', 'operator'] LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = ''10s''',
                       role_name, current_database());
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET lock_timeout = ''5s''',
                       role_name, current_database());
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET idle_in_transaction_session_timeout = ''10s''',
                       role_name, current_database());
    END LOOP;
    EXECUTE format('ALTER ROLE report_reader IN DATABASE %I SET default_transaction_read_only = on',
                   current_database());
    EXECUTE format('ALTER ROLE report_reader IN DATABASE %I SET statement_timeout = ''30s''',
                   current_database());
    EXECUTE format('ALTER ROLE migrator IN DATABASE %I SET lock_timeout = ''5s''',
                   current_database());
END
$$;
