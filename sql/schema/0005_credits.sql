-- Credits that the application spends: functions that it calls in its own transaction, which commit and
-- roll back with it. Each answers one row: outcome, balance, available (what is not reserved).

-- Whether a row of credit_requests says all that its kind has to say, and nothing else. A function, for
-- Postgres reads the text of each CHECK anew in every statement: these rules, written out, cost as much
-- as all else that a spend does.
CREATE FUNCTION is_whole_request(
    request_id text, kind text, user_id text, amount bigint, lasts_until timestamptz,
    available_after bigint, closed_as text, taken bigint, returned bigint
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN request_id <> ''
       AND CASE kind
               WHEN 'operation' THEN num_nonnulls(user_id, amount) = 0 AND taken = 0
               WHEN 'grant' THEN num_nulls(user_id, amount) = 0 AND amount > 0 AND taken = 0
               WHEN 'spend' THEN num_nulls(user_id, amount) = 0 AND amount > 0 AND taken = amount
               -- Nobody reserves what is not there.
               WHEN 'reserve' THEN
                   num_nulls(user_id, amount, lasts_until, available_after) = 0
                   AND amount > 0 AND available_after >= 0
                   AND CASE closed_as
                           WHEN 'captured' THEN taken >= 0
                           WHEN 'released' THEN taken = 0
                           ELSE closed_as IS NULL AND taken = 0
                       END
               ELSE false
           END
       AND (kind = 'reserve' OR num_nonnulls(lasts_until, available_after, closed_as) = 0)
       AND (returned IS NULL OR (returned > 0 AND returned <= taken));
END
$$;

-- Every request for credits has an id, which is good for that request alone, for ever.
CREATE TABLE credit_requests (
    request_id      text PRIMARY KEY,
    kind            text NOT NULL,
    user_id         text REFERENCES users (user_id) ON UPDATE CASCADE,
    amount          bigint,
    requested_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    lasts_until     timestamptz,
    available_after bigint,
    closed_as       text,
    taken           bigint NOT NULL DEFAULT 0,
    returned        bigint,
    actor           text,
    note            text,
    after_entry     bigint NOT NULL DEFAULT 0,

    CONSTRAINT a_request_is_whole CHECK (is_whole_request(
        request_id, kind, user_id, amount, lasts_until, available_after, closed_as, taken, returned))
);

COMMENT ON TABLE credit_requests IS 'What was asked for under each request id: the ids of functions and operations are of one name space.';
COMMENT ON COLUMN credit_requests.kind IS '''spend'', ''reserve'', ''grant'', or ''operation'', which says elsewhere whom it is about and how much.';
COMMENT ON COLUMN credit_requests.lasts_until IS 'Until when a reservation holds credits back; afterwards it holds nothing.';
COMMENT ON COLUMN credit_requests.available_after IS 'What the user had left to spend when the reservation was made.';
COMMENT ON COLUMN credit_requests.closed_as IS 'What became of a reservation: ''captured'' or ''released''.';
COMMENT ON COLUMN credit_requests.taken IS 'What a spend took, or the capture of a reservation.';
COMMENT ON COLUMN credit_requests.after_entry IS
    'The user''s latest ledger entry when it was asked for: where a timeline has its place.';

-- What a user's live reservations hold back is read without those that have run out, however many.
CREATE INDEX credit_requests_open ON credit_requests (user_id, lasts_until) INCLUDE (amount)
    WHERE kind = 'reserve' AND closed_as IS NULL;

-- A user's requests are read, proved and renamed by an erasure without those of others.
CREATE INDEX credit_requests_by_user ON credit_requests (user_id, kind, after_entry);

CREATE VIEW credit_reservations AS
SELECT request_id, user_id, amount, requested_at, lasts_until, available_after, closed_as,
       taken AS captured, returned, actor, note, after_entry
FROM credit_requests
WHERE kind = 'reserve';

-- The ids that operators have used so far.
INSERT INTO credit_requests (request_id, kind, requested_at)
SELECT substr(event_id, length('operation:') + 1), 'operation', received_at
FROM stripe_events
WHERE source = 'operations' AND event_id LIKE 'operation:_%';

ALTER TABLE credit_ledger
    DROP CONSTRAINT credit_ledger_reason_check,
    ADD CONSTRAINT credit_ledger_reason_check CHECK (reason = ANY (
        '{purchase,refund,dispute,reinstatement,adjustment,spend,return,grant,transfer}'::text[])),
    -- An erasure takes the actor out, and leaves the request.
    DROP CONSTRAINT an_entry_has_a_payment_or_an_actor,
    ADD CONSTRAINT an_entry_has_a_payment_a_request_or_an_actor CHECK (
        coalesce(payment_id, event_id, actor) IS NOT NULL);

COMMENT ON COLUMN credit_ledger.event_id IS
    'The event of Stripe''s or of an operator that caused the entry; of a spend, a capture, a return or a grant the request id.';

CREATE TYPE credit_answer AS (outcome text, balance bigint, available bigint);

CREATE FUNCTION credit_answer(outcome text, balance bigint, available bigint) RETURNS credit_answer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (outcome, coalesce(balance, 0), coalesce(available, 0));
END
$$;

CREATE FUNCTION is_credit_id(id text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN coalesce(length(id) BETWEEN 1 AND 255, false);

-- A month is 30 days here, and a day 24 hours: how long a reservation lasts depends on no calendar.
CREATE FUNCTION seconds_of_reservation(lasts interval) RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN CASE WHEN extract(epoch FROM lasts) > 0 AND extract(epoch FROM lasts) <= 30 * 86400
            THEN extract(epoch FROM lasts) END;

-- Ordered by time, as the application's own: a UUID of version 7.
CREATE FUNCTION new_entry_id() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN 'entry_' || lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
       || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14);

-- What a user has, and what of it live reservations do not hold back; nulls for nobody. One statement,
-- so that both are of one moment.
CREATE FUNCTION credits_of(of_user text, this_moment timestamptz) RETURNS credit_answer LANGUAGE plpgsql AS $$
DECLARE
    answer credit_answer;
BEGIN
    SELECT NULL, credits, greatest(
               -9223372036854775808,
               credits - coalesce((SELECT sum(amount) FROM credit_requests
                                    WHERE user_id = of_user AND kind = 'reserve' AND closed_as IS NULL
                                      AND lasts_until > this_moment), 0))
      INTO answer
      FROM users WHERE user_id = of_user;
    RETURN answer;
END
$$;

-- Adds to a balance, of a user whose row is locked, with the ledger's entry. Without an entry (0) the
-- row is written too: at REPEATABLE READ a lock alone is no conflict for whoever comes later.
CREATE FUNCTION enter_credits(
    of_user text, delta bigint, reason text, request_id text, actor text, note text
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    balance bigint;
    numbered bigint;
BEGIN
    UPDATE users
       SET credits = credits + delta, ledger_entries = ledger_entries + (delta <> 0)::int, updated_at = now()
     WHERE user_id = of_user
    RETURNING credits, ledger_entries INTO balance, numbered;
    IF delta <> 0 THEN
        INSERT INTO credit_ledger (
            entry_id, user_id, delta, balance_after, reason, event_id, actor, note, entry_number)
        VALUES (new_entry_id(), of_user, delta, balance, reason, request_id, actor, note, numbered);
    END IF;
    RETURN balance;
END
$$;

-- What spending, reserving and granting have in common.
CREATE FUNCTION request_credits(
    kind text, of_user text, amount bigint, request_id text, lasts interval, note text, actor text
) RETURNS credit_answer LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    -- A name, as session_user is, would bring along how names are compared.
    asked_by CONSTANT text COLLATE "default" := coalesce(actor, session_user::text COLLATE "default");
    seconds CONSTANT double precision := seconds_of_reservation(lasts);
    this_moment timestamptz;
    before credit_answer;
    is_possible boolean;
    delta bigint;
    earlier credit_requests;
    latest_entry bigint;
BEGIN
    SELECT ledger_entries INTO latest_entry FROM users WHERE user_id = of_user FOR NO KEY UPDATE;
    this_moment := clock_timestamp();
    -- Who was made since is not locked, and not there yet.
    IF FOUND THEN
        before := credits_of(of_user, this_moment);
    END IF;
    IF NOT is_credit_id(of_user) OR NOT is_credit_id(request_id) OR coalesce(amount, 0) <= 0
       OR (kind = 'reserve' AND seconds IS NULL)
    THEN
        RETURN credit_answer('invalid', before.balance, before.available);
    END IF;

    is_possible := CASE WHEN kind = 'grant' THEN before.balance <= 9223372036854775807 - amount
                        ELSE before.available >= amount END;
    IF is_possible THEN
        INSERT INTO credit_requests (
            request_id, kind, user_id, amount, lasts_until, available_after, taken, actor, note,
            after_entry)
        VALUES (request_id, kind, of_user, amount,
                CASE WHEN kind = 'reserve' THEN this_moment + make_interval(secs => seconds) END,
                CASE WHEN kind = 'reserve' THEN before.available - amount END,
                CASE WHEN kind = 'spend' THEN amount ELSE 0 END, asked_by, note, latest_entry)
        ON CONFLICT ON CONSTRAINT credit_requests_pkey DO NOTHING;
        IF FOUND THEN
            delta := CASE kind WHEN 'grant' THEN amount WHEN 'spend' THEN -amount ELSE 0 END;
            RETURN credit_answer(
                'recorded', enter_credits(of_user, delta, kind, request_id, asked_by, note),
                before.available + CASE kind WHEN 'grant' THEN amount ELSE -amount END);
        END IF;
    END IF;

    SELECT * INTO earlier FROM credit_requests AS standing WHERE standing.request_id = request_credits.request_id;
    RETURN credit_answer(
        CASE WHEN FOUND AND (earlier.kind, earlier.user_id, earlier.amount) = (kind, of_user, amount)
                  -- An operator's grant is no function's, be its words the same.
                  AND NOT EXISTS (SELECT FROM stripe_events WHERE event_id = 'operation:' || request_id)
                  THEN 'duplicate'
             WHEN FOUND THEN 'request_id_reused'
             WHEN before.balance IS NULL THEN 'unknown_user'
             WHEN kind = 'grant' THEN 'invalid'
             ELSE 'insufficient' END,
        before.balance, before.available);
END
$$;

-- The request of this id, with its user's row locked. Who is erased meanwhile has another id.
CREATE FUNCTION locked_request(of_request text) RETURNS credit_requests LANGUAGE plpgsql AS $$
DECLARE
    request credit_requests;
BEGIN
    LOOP
        SELECT * INTO request FROM credit_requests WHERE request_id = of_request;
        EXIT WHEN request.user_id IS NULL;
        PERFORM FROM users WHERE user_id = request.user_id FOR NO KEY UPDATE;
        CONTINUE WHEN NOT FOUND;
        SELECT * INTO request FROM credit_requests WHERE request_id = of_request;
        EXIT;
    END LOOP;
    RETURN request;
END
$$;

-- What the application calls. An id is handed on with the till's own rules of comparison: the caller's
-- may take two ids for the same, or find no index.

CREATE FUNCTION spend_credits(
    user_id text, amount bigint, request_id text, note text DEFAULT NULL, actor text DEFAULT NULL
) RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN request_credits('spend', user_id COLLATE "default", amount, request_id, NULL, note, actor);
END
$$;

CREATE FUNCTION reserve_credits(
    user_id text, amount bigint, request_id text, lasts interval DEFAULT '15 minutes',
    note text DEFAULT NULL, actor text DEFAULT NULL
) RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN request_credits('reserve', user_id COLLATE "default", amount, request_id, lasts, note, actor);
END
$$;

CREATE FUNCTION grant_credits(
    user_id text, amount bigint, request_id text, note text DEFAULT NULL, actor text DEFAULT NULL
) RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    answer credit_answer :=
        request_credits('grant', user_id COLLATE "default", amount, request_id, NULL, note, actor);
BEGIN
    WHILE answer.outcome = 'unknown_user' LOOP
        BEGIN
            INSERT INTO users (user_id) VALUES (user_id) ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING;
            answer := request_credits('grant', user_id COLLATE "default", amount, request_id, NULL, note, actor);
            IF answer.outcome <> 'recorded' THEN
                RAISE SQLSTATE 'TILL1';
            END IF;
        EXCEPTION WHEN SQLSTATE 'TILL1' THEN
            -- Somebody has just used the id. The user who was made for it goes again.
        END;
    END LOOP;
    RETURN answer;
END
$$;

CREATE FUNCTION extend_credits(request_id text, lasts interval)
RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    asked CONSTANT credit_requests := locked_request(request_id COLLATE "default");
    this_moment CONSTANT timestamptz := clock_timestamp();
    standing credit_answer := credits_of(asked.user_id, this_moment);
    seconds CONSTANT double precision := seconds_of_reservation(lasts);
    outcome CONSTANT text := CASE
        WHEN NOT is_credit_id(request_id) OR seconds IS NULL THEN 'invalid'
        WHEN asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN 'not_reserved'
        WHEN asked.lasts_until <= this_moment AND standing.available < asked.amount THEN 'insufficient'
        ELSE 'recorded' END;
BEGIN
    IF outcome = 'recorded' THEN
        UPDATE credit_requests AS reservation SET lasts_until = this_moment + make_interval(secs => seconds)
         WHERE reservation.request_id = asked.request_id;
        PERFORM enter_credits(asked.user_id, 0, NULL, NULL, NULL, NULL);
        standing := credits_of(asked.user_id, this_moment);
    END IF;
    RETURN credit_answer(outcome, standing.balance, standing.available);
END
$$;

-- Within a live reservation a capture always succeeds, whatever has become of the balance; what goes
-- beyond it is spent as anything else.
CREATE FUNCTION capture_credits(request_id text, amount bigint)
RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    asked CONSTANT credit_requests := locked_request(request_id COLLATE "default");
    this_moment CONSTANT timestamptz := clock_timestamp();
    standing credit_answer := credits_of(asked.user_id, this_moment);
    held CONSTANT bigint := CASE WHEN asked.lasts_until > this_moment THEN asked.amount ELSE 0 END;
    outcome CONSTANT text := CASE
        WHEN NOT is_credit_id(request_id) OR coalesce(amount, -1) < 0 THEN 'invalid'
        WHEN asked.closed_as = 'captured' AND asked.taken = amount THEN 'duplicate'
        WHEN asked.closed_as = 'captured' THEN 'request_id_reused'
        WHEN asked.closed_as = 'released' AND amount = 0 THEN 'duplicate'
        WHEN asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN 'not_reserved'
        WHEN amount > held AND standing.available < amount - held THEN 'insufficient'
        WHEN standing.balance < -9223372036854775808 + amount THEN 'invalid'
        ELSE 'recorded' END;
BEGIN
    IF outcome = 'recorded' THEN
        UPDATE credit_requests AS reservation SET closed_as = 'captured', taken = capture_credits.amount
         WHERE reservation.request_id = asked.request_id;
        PERFORM enter_credits(asked.user_id, -amount, 'spend', asked.request_id, asked.actor, asked.note);
        standing := credits_of(asked.user_id, this_moment);
    END IF;
    RETURN credit_answer(outcome, standing.balance, standing.available);
END
$$;

CREATE FUNCTION release_credits(request_id text)
RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    asked CONSTANT credit_requests := locked_request(request_id COLLATE "default");
    standing credit_answer;
    outcome CONSTANT text := CASE
        WHEN NOT is_credit_id(request_id) THEN 'invalid'
        WHEN asked.closed_as IS NOT NULL AND asked.taken = 0 THEN 'duplicate'
        WHEN asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN 'not_reserved'
        ELSE 'recorded' END;
BEGIN
    IF outcome = 'recorded' THEN
        UPDATE credit_requests AS reservation SET closed_as = 'released'
         WHERE reservation.request_id = asked.request_id;
        PERFORM enter_credits(asked.user_id, 0, NULL, NULL, NULL, NULL);
    END IF;
    standing := credits_of(asked.user_id, clock_timestamp());
    RETURN credit_answer(outcome, standing.balance, standing.available);
END
$$;

CREATE FUNCTION return_credits(request_id text, amount bigint)
RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    asked CONSTANT credit_requests := locked_request(request_id COLLATE "default");
    standing credit_answer := credits_of(asked.user_id, clock_timestamp());
    outcome CONSTANT text := CASE
        WHEN NOT is_credit_id(request_id) OR coalesce(amount, 0) <= 0
             OR (asked.taken > 0 AND amount > asked.taken) THEN 'invalid'
        WHEN asked.returned = amount THEN 'duplicate'
        WHEN asked.returned IS NOT NULL THEN 'request_id_reused'
        WHEN coalesce(asked.taken, 0) = 0 THEN 'not_spent'
        WHEN standing.balance > 9223372036854775807 - amount THEN 'invalid'
        ELSE 'recorded' END;
BEGIN
    IF outcome = 'recorded' THEN
        UPDATE credit_requests AS request SET returned = return_credits.amount
         WHERE request.request_id = asked.request_id;
        PERFORM enter_credits(asked.user_id, amount, 'return', asked.request_id,
                              session_user::text COLLATE "default", NULL);
        standing := credits_of(asked.user_id, clock_timestamp());
    END IF;
    RETURN credit_answer(outcome, standing.balance, standing.available);
END
$$;

CREATE FUNCTION credit_balance(user_id text) RETURNS credit_answer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    standing CONSTANT credit_answer := credits_of(user_id COLLATE "default", clock_timestamp());
BEGIN
    RETURN credit_answer(
        CASE WHEN NOT is_credit_id(user_id) THEN 'invalid'
             WHEN standing.balance IS NULL THEN 'unknown_user'
             ELSE 'found' END,
        standing.balance, standing.available);
END
$$;

-- Whoever logs in for the application is a member of this role. An owner who may make it may also
-- become it; nobody else needs to, for it owns nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'application') THEN
        CREATE ROLE application NOLOGIN;
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT application TO %I', current_user);
        END IF;
    END IF;
EXCEPTION
    -- Another database of the cluster has just made it.
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION USING
            ERRCODE = 'TILL0',
            MESSAGE = 'this user may not make the role of the application;'
                      ' let an administrator run: CREATE ROLE application NOLOGIN;';
END
$$;

-- Who migrates need not own the schema; then granting is no error, and does nothing.
DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO application', current_schema());
    IF NOT has_schema_privilege('application', current_schema(), 'USAGE') THEN
        RAISE insufficient_privilege;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
        ERRCODE = 'TILL0',
        MESSAGE = format('this user may not let the application into the schema;'
                         ' let an administrator run: GRANT USAGE ON SCHEMA %I TO application;',
                         current_schema());
END
$$;

-- The application may call what answers it, and nobody what works within. Called by whatever path and
-- with whatever tables of the caller's own, the functions find the till's. A connection keeps the plans
-- that it made when a table was small: none may read all of a table that has grown since, and none is
-- made anew for a user whose reservations are many.
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT oid::regprocedure AS name, prosecdef AS is_called
          FROM pg_proc
         WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
           AND proname IN ('is_whole_request', 'credit_answer', 'is_credit_id', 'seconds_of_reservation',
                           'new_entry_id', 'credits_of', 'enter_credits', 'request_credits', 'locked_request',
                           'spend_credits', 'reserve_credits', 'extend_credits', 'capture_credits',
                           'release_credits', 'return_credits', 'grant_credits', 'credit_balance')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made.name);
        IF made.is_called THEN
            EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp'
                           ' SET enable_seqscan = off SET plan_cache_mode = force_generic_plan',
                           made.name, current_schema());
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO application, operator', made.name);
        END IF;
        EXECUTE format('ALTER FUNCTION %s OWNER TO migrator', made.name);
    END LOOP;
END
$$;

-- Reports, and whoever folds totals, call these; everybody else did not need to.
REVOKE EXECUTE ON FUNCTION usd_returned, total_of, slices_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usd_returned, total_of, slices_of TO webhook_writer, operator, report_reader;

GRANT SELECT ON users, credit_ledger, payment_transactions, packages, credit_reservations TO application;
GRANT SELECT ON credit_requests, credit_reservations TO webhook_writer, operator, report_reader;
-- Operations note their request ids here, and an erasure takes the names out.
GRANT INSERT, UPDATE (actor, note) ON credit_requests TO operator;
GRANT SELECT (payment_id, event_id, reason, actor), UPDATE (actor) ON credit_ledger TO operator;
GRANT EXECUTE ON FUNCTION is_whole_request TO operator;

ALTER TABLE credit_requests OWNER TO migrator;
ALTER VIEW credit_reservations OWNER TO migrator;
ALTER TYPE credit_answer OWNER TO migrator;
