-- Credits that the application spends: functions that it calls in its own transaction, which commit and
-- roll back with it. Each answers one row: outcome, balance, available (what is not reserved).

-- Every request for credits has an id, which is good for that request alone, for ever.
CREATE TABLE credit_requests (
    request_id      text PRIMARY KEY CHECK (request_id <> ''),
    kind            text NOT NULL CHECK (kind IN ('spend', 'reserve', 'grant', 'operation')),
    -- Checked when the transaction commits: a grant notes the request before it makes the user.
    user_id         text REFERENCES users (user_id) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    amount          bigint CHECK (amount > 0),
    requested_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    lasts_until     timestamptz,
    available_after bigint CHECK (available_after >= 0),
    closed_as       text CHECK (closed_as IN ('captured', 'released')),
    taken           bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
    returned        bigint CHECK (returned > 0),
    actor           text,
    note            text,
    after_entry     bigint NOT NULL DEFAULT 0 CHECK (after_entry >= 0),

    CONSTRAINT an_operation_says_elsewhere_whom_and_how_much CHECK (
        (kind = 'operation') = (user_id IS NULL) AND (kind = 'operation') = (amount IS NULL)),
    CONSTRAINT a_reservation_lasts CHECK ((kind = 'reserve') = (lasts_until IS NOT NULL)),
    -- Nobody reserves what is not there.
    CONSTRAINT a_reservation_was_available CHECK ((kind = 'reserve') = (available_after IS NOT NULL)),
    CONSTRAINT only_a_reservation_is_closed CHECK (closed_as IS NULL OR kind = 'reserve'),
    CONSTRAINT what_a_request_takes CHECK (
        taken = CASE WHEN kind = 'spend' THEN amount WHEN closed_as = 'captured' THEN taken ELSE 0 END),
    CONSTRAINT no_more_is_returned_than_was_taken CHECK (returned <= taken)
);

COMMENT ON TABLE credit_requests IS 'What was asked for under each request id: the ids of functions and operations are of one name space.';
COMMENT ON COLUMN credit_requests.lasts_until IS 'Until when a reservation holds credits back; afterwards it holds nothing.';
COMMENT ON COLUMN credit_requests.available_after IS 'What the user had left to spend when the reservation was made.';
COMMENT ON COLUMN credit_requests.taken IS 'What a spend took, or the capture of a reservation.';
COMMENT ON COLUMN credit_requests.after_entry IS
    'The user''s latest ledger entry when it was asked for: where a timeline has its place.';

-- A user's requests are read, proved and erased without those of others.
CREATE INDEX credit_requests_by_user ON credit_requests (user_id, kind, after_entry);

-- What a user's live reservations hold back is read without those that have run out, however many.
CREATE INDEX credit_requests_open ON credit_requests (user_id, lasts_until) INCLUDE (amount)
    WHERE kind = 'reserve' AND closed_as IS NULL;

CREATE VIEW credit_reservations AS
SELECT request_id, user_id, amount, requested_at, lasts_until, available_after, closed_as,
       taken AS captured, returned, actor, note, after_entry
FROM credit_requests
WHERE kind = 'reserve';

-- The ids that operators have used so far.
INSERT INTO credit_requests (request_id, kind, requested_at)
SELECT substr(event_id, length('operation:') + 1), 'operation', received_at
FROM stripe_events
WHERE source = 'operations' AND event_id LIKE 'operation:%';

ALTER TABLE credit_ledger
    DROP CONSTRAINT credit_ledger_reason_check,
    ADD CONSTRAINT credit_ledger_reason_check CHECK (reason IN
        ('purchase', 'refund', 'dispute', 'reinstatement', 'adjustment',
         'spend', 'return', 'grant', 'transfer')),
    -- An erasure takes the actor out of what has a payment or a request.
    DROP CONSTRAINT an_entry_has_a_payment_or_an_actor,
    ADD CONSTRAINT an_entry_has_a_payment_a_request_or_an_actor CHECK (
        payment_id IS NOT NULL OR event_id IS NOT NULL OR actor IS NOT NULL);

COMMENT ON COLUMN credit_ledger.event_id IS
    'The event of Stripe''s or of an operator that caused the entry; of a spend, a capture, a return or a grant the request id.';

-- Ordered by time, as the application''s own: a UUID of version 7.
CREATE FUNCTION new_entry_id() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN 'entry_' || lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
       || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14);

-- What a user may spend of a balance: all but what live reservations hold back.
CREATE FUNCTION available_of(balance bigint, of_user text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    this_moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    RETURN balance - coalesce(
        (SELECT sum(amount) FROM credit_requests
          WHERE user_id = of_user AND kind = 'reserve' AND closed_as IS NULL
            AND lasts_until > this_moment), 0);
END
$$;

-- Adds to a balance, of a user whose row the caller has locked, with the ledger's entry.
CREATE FUNCTION enter_credits(
    of_user text, delta bigint, reason text, request_id text, actor text, note text
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    balance bigint;
    numbered bigint;
BEGIN
    UPDATE users
       SET credits = credits + enter_credits.delta, ledger_entries = ledger_entries + 1, updated_at = now()
     WHERE user_id = of_user
    RETURNING credits, ledger_entries INTO balance, numbered;
    INSERT INTO credit_ledger (
        entry_id, user_id, delta, balance_after, reason, event_id, actor, note, entry_number)
    VALUES (new_entry_id(), of_user, enter_credits.delta, balance, enter_credits.reason,
            enter_credits.request_id, enter_credits.actor, enter_credits.note, numbered);
    RETURN balance;
END
$$;

-- What spending, reserving and granting have in common. The user's row is locked first and written in
-- the end: at REPEATABLE READ a lock alone is no conflict for whoever comes later.
CREATE FUNCTION request_credits(
    kind text, of_user text, amount bigint, request_id text, lasts interval, note text, actor text,
    OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    earlier credit_requests;
    latest_entry bigint;
BEGIN
    IF coalesce(of_user, '') = '' OR length(of_user) > 255
       OR coalesce(request_credits.request_id, '') = '' OR length(request_credits.request_id) > 255
       OR coalesce(request_credits.amount, 0) <= 0
       OR (request_credits.kind = 'reserve' AND (coalesce(lasts, '0') <= '0' OR lasts > '30 days'))
    THEN
        outcome := 'invalid';
        SELECT credits INTO balance FROM users WHERE user_id = of_user;
    END IF;
    WHILE outcome IS NULL LOOP
        SELECT credits, ledger_entries INTO balance, latest_entry
          FROM users WHERE user_id = of_user FOR NO KEY UPDATE;
        available := available_of(balance, of_user);
        SELECT * INTO earlier FROM credit_requests WHERE request_id = request_credits.request_id;
        IF FOUND THEN
            outcome := CASE
                WHEN (earlier.kind, earlier.user_id, earlier.amount)
                     = (request_credits.kind, of_user, request_credits.amount)
                     -- An operator's grant is no function's, be its words the same.
                     AND NOT EXISTS (SELECT FROM stripe_events
                                      WHERE event_id = 'operation:' || request_credits.request_id)
                THEN 'duplicate' ELSE 'request_id_reused' END;
        ELSIF balance IS NULL AND request_credits.kind <> 'grant' THEN
            outcome := 'unknown_user';
        ELSIF request_credits.kind = 'grant' AND balance > 9223372036854775807 - request_credits.amount THEN
            outcome := 'invalid';
        ELSIF request_credits.kind <> 'grant' AND available < request_credits.amount THEN
            outcome := 'insufficient';
        ELSE
            INSERT INTO credit_requests (
                request_id, kind, user_id, amount, lasts_until, available_after, taken, actor, note,
                after_entry)
            VALUES (request_credits.request_id, request_credits.kind, of_user, request_credits.amount,
                    CASE WHEN request_credits.kind = 'reserve' THEN clock_timestamp() + lasts END,
                    CASE WHEN request_credits.kind = 'reserve' THEN available - request_credits.amount END,
                    CASE WHEN request_credits.kind = 'spend' THEN request_credits.amount ELSE 0 END,
                    coalesce(request_credits.actor, session_user), request_credits.note,
                    coalesce(latest_entry, 0))
            ON CONFLICT (request_id) DO NOTHING;
            -- Somebody has just used the id for another user: look again.
            CONTINUE WHEN NOT FOUND;
            outcome := 'recorded';
        END IF;
    END LOOP;

    IF outcome = 'recorded' THEN
        CASE request_credits.kind
            WHEN 'spend' THEN
                balance := enter_credits(of_user, -request_credits.amount, 'spend', request_credits.request_id,
                                         coalesce(request_credits.actor, session_user), request_credits.note);
                available := available - request_credits.amount;
            WHEN 'reserve' THEN
                UPDATE users SET updated_at = now() WHERE user_id = of_user;
                available := available - request_credits.amount;
            WHEN 'grant' THEN
                INSERT INTO users (user_id) VALUES (of_user) ON CONFLICT (user_id) DO NOTHING;
                balance := enter_credits(of_user, request_credits.amount, 'grant', request_credits.request_id,
                                         coalesce(request_credits.actor, session_user), request_credits.note);
                available := available_of(balance, of_user);
        END CASE;
    END IF;
    available := coalesce(available, available_of(balance, of_user), 0);
    balance := coalesce(balance, 0);
END
$$;

-- The request of this id, with its user's row locked. Who is erased meanwhile has another id.
CREATE FUNCTION locked_request(of_request text) RETURNS credit_requests LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    of_user text;
    request credit_requests;
BEGIN
    LOOP
        SELECT user_id INTO of_user FROM credit_requests WHERE request_id = of_request;
        EXIT WHEN of_user IS NULL;
        PERFORM FROM users WHERE user_id = of_user FOR NO KEY UPDATE;
        CONTINUE WHEN NOT FOUND;
        SELECT * INTO request FROM credit_requests WHERE request_id = of_request;
        EXIT;
    END LOOP;
    RETURN request;
END
$$;

CREATE FUNCTION spend_credits(
    user_id text, amount bigint, request_id text, note text DEFAULT NULL, actor text DEFAULT NULL,
    OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    SELECT * INTO outcome, balance, available
      FROM request_credits('spend', user_id, amount, request_id, NULL, note, actor);
END
$$;

CREATE FUNCTION reserve_credits(
    user_id text, amount bigint, request_id text, lasts interval DEFAULT '15 minutes',
    note text DEFAULT NULL, actor text DEFAULT NULL,
    OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    SELECT * INTO outcome, balance, available
      FROM request_credits('reserve', user_id, amount, request_id, lasts, note, actor);
END
$$;

CREATE FUNCTION grant_credits(
    user_id text, amount bigint, request_id text, note text DEFAULT NULL, actor text DEFAULT NULL,
    OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    SELECT * INTO outcome, balance, available
      FROM request_credits('grant', user_id, amount, request_id, NULL, note, actor);
END
$$;

CREATE FUNCTION extend_credits(
    request_id text, lasts interval, OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    asked credit_requests;
BEGIN
    asked := locked_request(extend_credits.request_id);
    SELECT credits INTO balance FROM users WHERE user_id = asked.user_id;
    available := available_of(balance, asked.user_id);
    IF coalesce(extend_credits.request_id, '') = '' OR length(extend_credits.request_id) > 255
       OR coalesce(lasts, '0') <= '0' OR lasts > '30 days'
    THEN
        outcome := 'invalid';
    ELSIF asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN
        outcome := 'not_reserved';
    ELSIF asked.lasts_until <= clock_timestamp() AND available < asked.amount THEN
        outcome := 'insufficient';
    ELSE
        UPDATE credit_requests SET lasts_until = clock_timestamp() + lasts
         WHERE request_id = extend_credits.request_id;
        UPDATE users SET updated_at = now() WHERE user_id = asked.user_id;
        available := available_of(balance, asked.user_id);
        outcome := 'recorded';
    END IF;
    balance := coalesce(balance, 0);
    available := coalesce(available, 0);
END
$$;

-- Within a live reservation a capture always succeeds, whatever has become of the balance; what goes
-- beyond it is spent as anything else.
CREATE FUNCTION capture_credits(
    request_id text, amount bigint, OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    asked credit_requests;
    held bigint;
BEGIN
    asked := locked_request(capture_credits.request_id);
    SELECT credits INTO balance FROM users WHERE user_id = asked.user_id;
    available := available_of(balance, asked.user_id);
    held := CASE WHEN asked.lasts_until > clock_timestamp() THEN asked.amount ELSE 0 END;
    IF coalesce(capture_credits.request_id, '') = '' OR length(capture_credits.request_id) > 255
       OR coalesce(capture_credits.amount, -1) < 0
    THEN
        outcome := 'invalid';
    ELSIF asked.closed_as = 'captured' THEN
        outcome := CASE WHEN asked.taken = capture_credits.amount THEN 'duplicate' ELSE 'request_id_reused' END;
    ELSIF asked.closed_as = 'released' AND capture_credits.amount = 0 THEN
        outcome := 'duplicate';
    ELSIF asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN
        outcome := 'not_reserved';
    ELSIF capture_credits.amount > held AND available < capture_credits.amount - held THEN
        outcome := 'insufficient';
    ELSE
        UPDATE credit_requests SET closed_as = 'captured', taken = capture_credits.amount
         WHERE request_id = capture_credits.request_id;
        IF capture_credits.amount > 0 THEN
            balance := enter_credits(asked.user_id, -capture_credits.amount, 'spend',
                                     capture_credits.request_id, asked.actor, asked.note);
        ELSE
            UPDATE users SET updated_at = now() WHERE user_id = asked.user_id;
        END IF;
        available := available_of(balance, asked.user_id);
        outcome := 'recorded';
    END IF;
    balance := coalesce(balance, 0);
    available := coalesce(available, 0);
END
$$;

CREATE FUNCTION release_credits(
    request_id text, OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    asked credit_requests;
BEGIN
    asked := locked_request(release_credits.request_id);
    SELECT credits INTO balance FROM users WHERE user_id = asked.user_id;
    IF coalesce(release_credits.request_id, '') = '' OR length(release_credits.request_id) > 255 THEN
        outcome := 'invalid';
    ELSIF asked.closed_as IS NOT NULL AND asked.taken = 0 THEN
        outcome := 'duplicate';
    ELSIF asked.kind IS DISTINCT FROM 'reserve' OR asked.closed_as IS NOT NULL THEN
        outcome := 'not_reserved';
    ELSE
        UPDATE credit_requests SET closed_as = 'released' WHERE request_id = release_credits.request_id;
        UPDATE users SET updated_at = now() WHERE user_id = asked.user_id;
        outcome := 'recorded';
    END IF;
    available := coalesce(available_of(balance, asked.user_id), 0);
    balance := coalesce(balance, 0);
END
$$;

CREATE FUNCTION return_credits(
    request_id text, amount bigint, OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    asked credit_requests;
BEGIN
    asked := locked_request(return_credits.request_id);
    SELECT credits INTO balance FROM users WHERE user_id = asked.user_id;
    IF coalesce(return_credits.request_id, '') = '' OR length(return_credits.request_id) > 255
       OR coalesce(return_credits.amount, 0) <= 0
       OR (asked.taken > 0 AND return_credits.amount > asked.taken)
       OR balance > 9223372036854775807 - return_credits.amount
    THEN
        outcome := 'invalid';
    ELSIF asked.returned IS NOT NULL THEN
        outcome := CASE WHEN asked.returned = return_credits.amount THEN 'duplicate' ELSE 'request_id_reused' END;
    ELSIF coalesce(asked.taken, 0) = 0 THEN
        outcome := 'not_spent';
    ELSE
        UPDATE credit_requests SET returned = return_credits.amount
         WHERE request_id = return_credits.request_id;
        balance := enter_credits(asked.user_id, return_credits.amount, 'return',
                                 return_credits.request_id, session_user, NULL);
        outcome := 'recorded';
    END IF;
    available := coalesce(available_of(balance, asked.user_id), 0);
    balance := coalesce(balance, 0);
END
$$;

CREATE FUNCTION credit_balance(
    user_id text, OUT outcome text, OUT balance bigint, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    this_moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    -- One statement, so that both are of one moment.
    SELECT credits, credits - coalesce(
               (SELECT sum(amount) FROM credit_requests
                 WHERE user_id = credit_balance.user_id AND kind = 'reserve' AND closed_as IS NULL
                   AND lasts_until > this_moment), 0)
      INTO balance, available
      FROM users WHERE user_id = credit_balance.user_id;
    outcome := CASE WHEN FOUND THEN 'found'
                    WHEN coalesce(credit_balance.user_id, '') = '' OR length(credit_balance.user_id) > 255
                    THEN 'invalid' ELSE 'unknown_user' END;
    balance := coalesce(balance, 0);
    available := coalesce(available, 0);
END
$$;

-- Whoever logs in for the application is a member of this role.
DO $$
DECLARE
    privilege_to_become text := CASE WHEN current_setting('server_version_num')::int >= 160000
                                     THEN 'SET' ELSE 'MEMBER' END;
    function_name regprocedure;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'application') THEN
        CREATE ROLE application NOLOGIN;
    END IF;
    IF NOT pg_has_role('application', privilege_to_become) THEN
        EXECUTE format('GRANT application TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO application', current_schema());

    FOR function_name IN
        SELECT oid::regprocedure FROM pg_proc
         WHERE pronamespace = current_schema()::regnamespace
           AND proname IN ('new_entry_id', 'available_of', 'enter_credits', 'request_credits', 'locked_request',
                           'spend_credits', 'reserve_credits', 'extend_credits', 'capture_credits',
                           'release_credits', 'return_credits', 'grant_credits', 'credit_balance')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function_name);
        IF (SELECT prosecdef FROM pg_proc WHERE oid = function_name) THEN
            -- What is called within finds its tables here, whatever the caller's path is.
            EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function_name, current_schema());
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO application, operator', function_name);
        END IF;
        EXECUTE format('ALTER FUNCTION %s OWNER TO migrator', function_name);
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION USING
            ERRCODE = 'TILL0',
            MESSAGE = format('this user may not make the role of the application, or is no member of it;'
                             ' let an administrator run: CREATE ROLE application NOLOGIN;'
                             ' GRANT application TO %I;', current_user);
END
$$;

GRANT SELECT ON users, credit_ledger, payment_transactions, packages, credit_reservations TO application;
GRANT SELECT ON credit_requests, credit_reservations TO webhook_writer, operator, report_reader;
-- Operators note the ids that they use, and remove what was noted of somebody.
GRANT INSERT, UPDATE (actor, note) ON credit_requests TO operator;
GRANT SELECT (payment_id, event_id, reason, actor), UPDATE (actor) ON credit_ledger TO operator;

ALTER TABLE credit_requests OWNER TO migrator;
ALTER VIEW credit_reservations OWNER TO migrator;
