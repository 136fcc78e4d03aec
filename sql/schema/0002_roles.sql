-- Who may do what. Privileges belong to four roles that nobody logs in as; whoever logs in is a member
-- of one of them, by password or by IAM. A role that holds privileges never has rds_iam: a member of
-- that, however indirect, can log in with a token alone.
-- Roles belong to the whole cluster, so another database of it may have made them already.

-- The owner becomes a member of all four: to hand a table over, and to read reports as report_reader,
-- one must be able to become that role. Since PostgreSQL 16 its creator is not, unless told so.
DO $$
DECLARE
    privilege_to_become text := CASE WHEN current_setting('server_version_num')::int >= 160000
                                     THEN 'SET' ELSE 'MEMBER' END;
    role_name text;
    lacking text := '';
BEGIN
    FOREACH role_name IN ARRAY ARRAY['webhook_writer', 'report_reader', 'operator', 'migrator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    lacking := lacking || format(' CREATE ROLE %I NOLOGIN; GRANT %1$I TO %I;',
                                                 role_name, current_user);
                    CONTINUE;
            END;
        END IF;
        IF NOT (pg_has_role(role_name, privilege_to_become) AND pg_has_role(role_name, 'USAGE')) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', role_name, current_user);
            EXCEPTION
                WHEN unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    lacking := lacking || format(' GRANT %I TO %I;', role_name, current_user);
            END;
        END IF;
    END LOOP;
    IF lacking <> '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'TILL0',
            MESSAGE = 'this user may not make the roles that hold the till''s privileges, or is no'
                      ' member of them; let an administrator run:' || lacking;
    END IF;
END
$$;

-- With IAM authentication the functions log in as roles of their own, with a token for a password.
-- They are made by a role that is gone afterwards: since PostgreSQL 16 a creator is a member of what it
-- creates, and an owner who is a member of rds_iam in this way has to bring a token too. Where this
-- owner may not make roles, the administrator makes these as well, or the functions bring passwords.
DO $$
DECLARE
    myself text := current_setting('role');
    home text := current_schema();
    maker text := format('tokentill_maker_%s', pg_current_xact_id());
    login record;
    setting text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE ROLE %I NOLOGIN CREATEROLE', maker);
    EXECUTE format('GRANT %I TO %I', maker, current_user);
    FOR login IN
        SELECT * FROM (VALUES
            ('tokentill_webhook', 'webhook_writer',
             ARRAY['statement_timeout = ''10s''', 'lock_timeout = ''5s''',
                   'idle_in_transaction_session_timeout = ''10s''']),
            ('tokentill_operations', 'operator',
             ARRAY['statement_timeout = ''10s''', 'lock_timeout = ''5s''',
                   'idle_in_transaction_session_timeout = ''10s''']),
            ('tokentill_reports', 'report_reader',
             ARRAY['statement_timeout = ''30s''', 'default_transaction_read_only = on']))
            AS logins (role_name, privileges, settings)
    LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = login.role_name) THEN
            CONTINUE;
        END IF;
        PERFORM set_config('role', maker, true);
        EXECUTE format('CREATE ROLE %I LOGIN', login.role_name);
        FOREACH setting IN ARRAY login.settings LOOP
            EXECUTE format('ALTER ROLE %I SET %s', login.role_name, setting);
        END LOOP;
        IF home <> 'public' THEN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I',
                           login.role_name, current_database(), home);
        END IF;
        PERFORM set_config('role', myself, true);
        EXECUTE format('GRANT rds_iam, %I TO %I', login.privileges, login.role_name);
    END LOOP;
    EXECUTE format('DROP ROLE %I', maker);
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    NULL;
END
$$;

-- Clusters that come from PostgreSQL 14 let everybody create in public: a function made there, with
-- the name of one of Postgres' own and arguments that fit better, is run by whoever means that one.
-- Where this owner may not say so, the doctor has the command for whoever may.
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO webhook_writer, report_reader, operator', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO migrator', current_schema());
END
$$;

-- The ledger is append-only: nobody but its owner can change or remove a line. Renaming an erased
-- user reaches it through the foreign key, which acts as the owner. Operators may remove what was
-- noted of somebody, which is no part of the sums.
GRANT SELECT ON till, packages, users, payment_transactions, stripe_events TO webhook_writer, operator;
GRANT INSERT, UPDATE ON users, payment_transactions TO webhook_writer, operator;
GRANT INSERT ON credit_ledger, stripe_events TO webhook_writer, operator;
GRANT UPDATE (object_id, request, note) ON stripe_events TO operator;
GRANT SELECT (user_id, note), UPDATE (note) ON credit_ledger TO operator;
GRANT INSERT, UPDATE ON packages TO operator;
-- The doctor, which runs with the operators' functions, says which migrations are due.
GRANT SELECT ON schema_migrations TO operator;

GRANT SELECT ON packages, users, payment_transactions, credit_ledger, stripe_events TO report_reader;

-- Later migrations run as migrator, or as a member of it: it owns what there is.
ALTER TABLE till OWNER TO migrator;
ALTER TABLE packages OWNER TO migrator;
ALTER TABLE users OWNER TO migrator;
ALTER TABLE payment_transactions OWNER TO migrator;
ALTER TABLE credit_ledger OWNER TO migrator;
ALTER TABLE stripe_events OWNER TO migrator;
ALTER TABLE schema_migrations OWNER TO migrator;

-- Limits belong to roles: a pooled connection would carry a SET to the next client. In this database
-- only, for the roles may serve others. So does the schema, where it is not public: poolers drop what
-- a client asks for as it connects. Each role sets itself what otherwise only its maker might.
DO $$
DECLARE
    myself text := current_setting('role');
    home text := current_schema();
    part record;
BEGIN
    FOR part IN
        SELECT * FROM (VALUES
            ('webhook_writer', 'statement_timeout = ''10s'''),
            ('webhook_writer', 'lock_timeout = ''5s'''),
            ('webhook_writer', 'idle_in_transaction_session_timeout = ''10s'''),
            ('operator', 'statement_timeout = ''10s'''),
            ('operator', 'lock_timeout = ''5s'''),
            ('operator', 'idle_in_transaction_session_timeout = ''10s'''),
            ('report_reader', 'default_transaction_read_only = on'),
            ('report_reader', 'statement_timeout = ''30s'''),
            ('migrator', 'lock_timeout = ''5s''')) AS limits (role_name, setting)
        UNION ALL
        SELECT role_name, format('search_path = %I', home)
          FROM unnest(ARRAY['webhook_writer', 'operator', 'report_reader', 'migrator']) AS role_name
         WHERE home <> 'public'
    LOOP
        PERFORM set_config('role', part.role_name, true);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s',
                       part.role_name, current_database(), part.setting);
        PERFORM set_config('role', myself, true);
    END LOOP;
END
$$;
