"""One odd object does not stop the others: it is listed, and passed by."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.integration.reconcile.odd import (
    DISPUTES,
    EVENTS,
    REFUNDS,
    SESSIONS,
    Change,
    becomes,
    has,
    lacks,
    make_odd,
)
from tests.integration.reconcile.past import Past, recorded
from tests.till import completed

LOST = 5
BACKFILL = {"days": 10}
WALKS = pytest.mark.parametrize("walk", [{}, BACKFILL], ids=["schedule", "backfill"])


def around(odd: Sequence[Any], lost: Sequence[Any]) -> Iterator[Any]:
    """The lost ones with odd ones before, between and behind them."""
    share = -(-len(odd) // (len(lost) + 1))
    for at, each in enumerate(lost):
        yield from odd[at * share : (at + 1) * share]
        yield each
    yield from odd[len(lost) * share :]


def lose(past: Past, changes: dict[str, Change], move: Callable[[str], str]) -> list[str]:
    """Makes a `move` for each lost user and one for each of the odd ones, whose object, named by
    the move, is then changed. The lost users."""
    lost = [f"lost_{number}" for number in range(LOST)]
    for user in around(list(changes), lost):
        past.clock.at += 1
        changed = move(user)
        if user in changes:
            make_odd(past, changed, changes[user])
    return lost


def balances(past: Past, users: list[str]) -> list[int]:
    return [past.till.credits(user) for user in users]


def passes_by(answer: dict[str, Any]) -> bool:
    return bool(answer["finished"] and answer["stopped_because"] is None and answer["failures"])


@WALKS
def test_odd_events(past: Past, walk: dict[str, Any]) -> None:
    def sell(user: str) -> str:
        mark = past.account.mark()
        past.account.complete(past.till.sell(user))
        events = past.account.events_since(mark)
        past.forget([event for event in events if event["id"] != completed(events)["id"]])
        return str(completed(events)["id"])

    lost = lose(past, EVENTS, sell)
    answer = past.reconcile(**walk)
    assert passes_by(answer)
    assert balances(past, lost) == [1000] * LOST
    repaired = {repair["event_id"] for repair in answer["repairs"]}
    assert len([each for each in repaired if each.startswith("evt_")]) >= LOST


@WALKS
def test_odd_sessions(past: Past, walk: dict[str, Any]) -> None:
    def sell(user: str) -> str:
        session_id = past.till.sell(user)
        past.forget(past.account.complete(session_id))
        return session_id

    lost = lose(past, SESSIONS, sell)
    assert passes_by(past.reconcile(**walk))
    assert balances(past, lost) == [1000] * LOST


def old_purchases(past: Past, users: Sequence[str]) -> dict[str, str]:
    """Recorded sessions, so old that no run lists them any more, by their users."""
    past.at(days_ago=40)
    sessions = {user: past.till.sell(user) for user in users}
    for session_id in sessions.values():
        past.deliver([completed(past.account.complete(session_id))])
    past.reconcile()
    past.at(days_ago=1)
    return sessions


def lose_of_old(past: Past, changes: dict[str, Change], move: Callable[[str], Any]) -> list[str]:
    sessions = old_purchases(past, [*changes, *(f"lost_{number}" for number in range(LOST))])
    lost = lose(past, changes, lambda user: str(move(sessions[user])["id"]))
    past.forget(past.account.events)
    return lost


@WALKS
def test_odd_refunds(past: Past, walk: dict[str, Any]) -> None:
    def refund(session_id: str) -> Any:
        past.account.refund(session_id, 400)
        return past.account.store.all("refund")[-1]

    lost = lose_of_old(past, REFUNDS, refund)
    assert passes_by(past.reconcile(**walk))
    assert balances(past, lost) == [600] * LOST


@WALKS
def test_odd_disputes(past: Past, walk: dict[str, Any]) -> None:
    lost = lose_of_old(past, DISPUTES, past.account.dispute)
    assert passes_by(past.reconcile(**walk))
    assert balances(past, lost) == [0] * LOST


def test_a_refund_and_a_dispute_that_do_not_say_how_much_have_their_payment_looked_at(
    past: Past,
) -> None:
    sessions = old_purchases(past, ["a", "b"])
    past.account.refund(sessions["a"], 400)
    make_odd(past, past.account.store.all("refund")[-1]["id"], has("charge", None))
    make_odd(past, past.account.dispute(sessions["b"])["id"], has("amount", "all of it"))
    past.forget(past.account.events)
    past.reconcile()
    assert balances(past, ["a"]) == [600]


@pytest.mark.parametrize("change", [becomes(None), lacks("id"), has("id", 5), has("id", "a\0b")])
def test_what_has_no_id_is_counted_among_its_list(past: Past, change: Change) -> None:
    session_id = past.till.sell()
    past.forget(past.account.complete(session_id))
    make_odd(past, session_id, change)
    answer = past.reconcile()
    (failure,) = answer["failures"]
    assert failure == {"object_id": "sessions", "why": "something in Stripe's list has no id"}
    assert answer["checked"]["sessions"] == 1


def test_an_event_of_ours_that_does_not_say_what_it_is_about_is_a_failure(past: Past) -> None:
    events = past.account.complete(past.till.sell())
    make_odd(past, completed(events)["id"], has("data", None))
    (failure,) = past.reconcile()["failures"]
    assert failure["object_id"] == completed(events)["id"]


def test_a_key_of_the_right_mode_is_not_refused_for_one_odd_object(past: Past) -> None:
    odd, other = past.till.sell("odd"), past.till.sell("other")
    past.forget([*past.account.complete(other), *past.account.complete(odd)])
    make_odd(past, odd, has("livemode", True))
    assert past.reconcile()["finished"]
    assert other in recorded(past)


# ── What cannot be asked, or cannot be written ──────────────────────────────────────────────────


def sell_around(past: Past, odd: int) -> tuple[list[str], list[str]]:
    """So many paid sessions in a row, no event of which was made, with lost ones around them."""
    made: dict[str, list[str]] = {"lost": [], "odd": []}
    for kind in ["lost", *["odd"] * odd, *["lost"] * (LOST - 2), "odd", "lost"]:
        past.clock.at += 1
        buyer = f"{kind}_{len(made[kind])}"
        session_id = past.till.sell(buyer, customer_email=f"{kind}@example.com")
        past.forget(past.account.complete(session_id))
        made[kind].append(session_id)
    return made["lost"], made["odd"]


def objects(answer: dict[str, Any]) -> set[str]:
    return {failure["object_id"] for failure in answer["failures"]}


@WALKS
@pytest.mark.parametrize("status", [400, 402, 404, 429, 500])
def test_ten_sessions_in_a_row_about_which_stripe_answers_with_an_error(
    past: Past, impatient: None, status: int, walk: dict[str, Any]
) -> None:
    lost, odd = sell_around(past, 10)
    for session_id in odd:
        past.till.stripe.faults.answer(status, times=1000, path=session_id)
    answer = past.reconcile(**walk)
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)
    assert answer["unfinished_backfills"] == []


@pytest.mark.parametrize("fault", ["garbage", "drop"])
def test_sessions_about_which_stripe_answers_nothing_that_can_be_read(
    past: Past, impatient: None, fault: str
) -> None:
    lost, odd = sell_around(past, 3)
    for session_id in odd:
        getattr(past.till.stripe.faults, fault)(times=1000, path=session_id)
    answer = past.reconcile()
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)


def refuse_odd_ones(past: Past, sqlstate: str) -> None:
    """From now on Postgres answers so whenever a payment of odd@example.com is to be written."""
    past.till.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE 'odd@example.com is refused' USING ERRCODE = '{sqlstate}'; END $$"
    )
    past.till.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON payment_transactions FOR EACH ROW"
        " WHEN (new.customer_email = 'odd@example.com') EXECUTE FUNCTION refuse()"
    )


OF_ONE_ROW = [
    "0A000",
    "21000",
    "22001",
    "22003",
    "22021",
    "22P02",
    "23502",
    "23503",
    "23505",
    "23514",
    "40001",
    "40P01",
    "44000",
    "54000",
    "55P03",
    "57014",
    "P0001",
    "XX000",
    "XX001",
]
OF_EVERYBODY = "25006 25P02 42501 42703 42P01 53100 53200 53300 57P01 57P03".split()  # noqa: SIM905


@pytest.mark.parametrize("sqlstate", OF_ONE_ROW)
def test_ten_rows_that_the_database_refuses(past: Past, sqlstate: str) -> None:
    lost, odd = sell_around(past, 10)
    refuse_odd_ones(past, sqlstate)
    answer = past.reconcile()
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)
    assert "example.com" not in str(answer)


@pytest.mark.parametrize("sqlstate", OF_EVERYBODY)
def test_what_the_database_answers_to_everybody_ends_the_run_before_its_page(
    past: Past, sqlstate: str
) -> None:
    lost, odd = sell_around(past, 2)
    refuse_odd_ones(past, sqlstate)
    answer = past.reconcile()
    assert answer == {
        "error": {"code": "not_done", "message": "the run was broken off; the log says why"}
    }
    past.till.execute("DROP FUNCTION refuse CASCADE")
    assert past.reconcile()["finished"]
    assert recorded(past) == {*lost, *odd}


def test_a_row_written_by_hand_that_cannot_be_read(past: Past) -> None:
    lost, odd = sell_around(past, 1)
    past.till.execute(
        "INSERT INTO payment_transactions (payment_id, stripe_session_id, payment_status,"
        " amount_charged) VALUES ('pay_odd', %s, 'pending', 0.005)",
        odd[0],
    )
    answer = past.reconcile()
    assert answer["finished"]
    assert odd[0] in objects(answer)
    assert recorded(past) == {*lost, *odd}
    assert past.differences() == ["The session cannot be read: ValueError."]


def test_rows_of_ours_whose_sessions_stripe_does_not_have_any_more(past: Past) -> None:
    for user in ("odd_1", "user_2", "odd_3"):
        past.deliver(past.account.complete_unpaid(past.till.sell(user)))
    past.reconcile()
    past.till.execute(
        "UPDATE payment_transactions SET created_at = now() - interval '5 days',"
        " stripe_payment_intent_id = NULL,"
        " stripe_session_id = CASE WHEN user_id LIKE 'odd%%' THEN user_id ELSE stripe_session_id END"
    )
    past.at(days_ago=20)
    answer = past.reconcile()
    assert answer["finished"]
    assert {"odd_1", "odd_3"} <= objects(answer)
    assert answer["checked"]["incomplete_payments"] == 3


# ── Outages ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, "Stripe: AuthenticationError, check STRIPE_API_KEY"),
        (403, "Stripe: PermissionError, check STRIPE_API_KEY"),
        (429, "Stripe: RateLimitError (HTTP 429)"),
        (500, "Stripe: APIError (HTTP 500)"),
    ],
)
def test_a_stripe_that_answers_nobody_any_more_ends_the_run_before_its_page(
    past: Past, impatient: None, status: int, error: str
) -> None:
    lost, odd = sell_around(past, 3)

    def fail_from_now_on(_method: str, path: str) -> None:
        if lost[1] in path:
            past.till.stripe.faults.before_answer = None
            past.till.stripe.faults.answer(status, times=1000)

    past.till.stripe.faults.before_answer = fail_from_now_on
    answer = past.reconcile()
    assert (answer["finished"], answer["stopped_because"]) == (False, "stripe")
    assert (answer["error"], answer["failures"]) == (error, [])
    past.till.stripe.faults.clear()
    assert past.reconcile()["finished"]
    assert recorded(past) == {*lost, *odd}


def test_a_key_that_may_not_read_what_one_session_needs_is_no_fault_of_that_session(
    past: Past,
) -> None:
    session_id = past.till.sell()
    past.forget(past.account.complete(session_id))
    past.till.stripe.faults.answer(403, times=1000, path=session_id)
    assert past.reconcile()["stopped_because"] == "stripe"


def test_a_database_that_is_gone_half_way_ends_the_run_before_its_page(past: Past) -> None:
    lost, odd = sell_around(past, 1)

    def take_away(_method: str, path: str) -> None:
        if odd[0] in path:
            past.till.stripe.faults.before_answer = None
            refuse_connections(past.till.database_url)

    past.till.stripe.faults.before_answer = take_away
    assert past.reconcile()["error"]["code"] == "not_done"


def refuse_connections(database_url: str) -> None:
    """Ends those that there are, too."""
    name = conninfo_to_dict(database_url)["dbname"]
    elsewhere = make_conninfo(database_url, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )


# ── Pages that lead nowhere ─────────────────────────────────────────────────────────────────────


def sell_many(past: Past, count: int, seconds: float) -> list[str]:
    """Sessions of others, so many seconds apart, with one of ours before and one behind them."""
    ours = []
    for number in range(count):
        past.clock.at += seconds
        if number in (0, count - 1):
            ours.append(past.till.sell(f"user_{number}"))
            past.account.complete(ours[-1])
        else:
            past.account.create_checkout_session([(500, 1)])
    past.forget(past.account.events)
    return ours


ODD_ENDS = {"none": lacks("id"), "null": becomes(None), "unknown to Stripe": has("id", "cs_odd")}


@WALKS
@pytest.mark.parametrize("change", ODD_ENDS.values(), ids=ODD_ENDS)
def test_a_page_whose_last_object_is_none_to_go_on_after(
    past: Past, change: Change, walk: dict[str, Any]
) -> None:
    ours = sell_many(past, 250, seconds=60)
    sessions = [session["id"] for session in past.account.sessions()]
    for place in (-100, -101):
        make_odd(past, sessions[place], change)
    answer = past.reconcile(**walk)
    assert (answer["finished"], recorded(past)) == (True, set(ours))


def test_a_page_full_of_objects_without_ids(past: Past) -> None:
    ours = sell_many(past, 150, seconds=60)
    for session in past.account.sessions()[1:-1]:
        make_odd(past, session["id"], lacks("id"))
    answer = past.reconcile()
    assert (answer["finished"], recorded(past)) == (True, set(ours))
    assert answer["failures_total"] == 148


def test_a_second_that_cannot_be_paged_through_is_listed_and_passed_by(past: Past) -> None:
    past.clock.at = int(time.time()) - 3 * 3600
    ours = sell_many(past, 150, seconds=0)
    past.clock.at += 10
    behind = past.till.sell("behind")
    past.forget(past.account.complete(behind))
    # The last of the first page, with the one behind and without it.
    for place in (-100, -101):
        make_odd(past, past.account.sessions()[place]["id"], lacks("id"))
    answer = past.reconcile()
    assert answer["finished"]
    assert recorded(past) == {ours[1], behind}
    assert {
        "object_id": "sessions",
        "why": "Stripe's list has more of one second than can be paged through",
    } in answer["failures"]


# ── Proofs ──────────────────────────────────────────────────────────────────────────────────────


def test_a_proof_names_what_cannot_be_read_and_everything_that_differs(past: Past) -> None:
    def sell(user: str) -> str:
        session_id = past.till.sell(user)
        past.account.complete(session_id)
        return session_id

    lose(past, dict(list(SESSIONS.items())[::4]), sell)
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["equal"]) == (True, False)
    sentences = [each["difference"] for each in proof["differences"]]
    missing = "Stripe has this session, 10.00 usd paid; the till has no payment."
    assert sentences.count(missing) >= LOST
    assert any(each.startswith("The session cannot be read: ") for each in sentences)
    assert "Stripe's list has something without an id." in sentences


def test_a_proof_goes_on_past_a_session_that_stripe_does_not_show(
    past: Past, impatient: None
) -> None:
    items = [*[(100, 1)] * 11, (past.till.price_of("starter"), 1)]
    odd = past.till.sell("odd", line_items=items)
    other = past.till.sell("other")
    for session_id in (odd, other):
        past.account.complete(session_id)
    past.till.stripe.faults.answer(500, times=1000, path=odd)
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["equal"]) == (True, False)
    assert [each["subject"] for each in proof["differences"]] == [other, odd]
    assert proof["differences"][1]["difference"] == (
        "Stripe does not show this session. Stripe: APIError (HTTP 500)."
    )


def test_a_proof_ends_when_stripe_shows_no_session_at_all(past: Past, impatient: None) -> None:
    items = [*[(100, 1)] * 11, (past.till.price_of("starter"), 1)]
    past.account.complete(past.till.sell("odd", line_items=items))
    past.till.stripe.faults.answer(500, times=1000, path="/v1/checkout/sessions/cs_")
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["stopped_because"]) == (False, "stripe")


def test_a_proof_says_what_it_could_not_list(past: Past) -> None:
    sell_many(past, 150, seconds=1)
    make_odd(past, past.account.sessions()[-100]["id"], lacks("id"))
    sentences = past.differences(days=10)
    assert any(each.startswith("Stripe's list cannot be read down to ") for each in sentences)
