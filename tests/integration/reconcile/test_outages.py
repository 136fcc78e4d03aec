"""An outage of Stripe or of the database ends a run, before the page that it was at."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.integration.reconcile.odd import refuse_odd_ones, sell_around
from tests.integration.reconcile.past import Past, recorded

OF_EVERYBODY = "25006 25P02 42501 42703 42P01 53100 53200 53300 57P01 57P03 58030"


def test_what_the_database_answers_to_everybody_ends_the_run_before_its_page(past: Past) -> None:
    lost, odd = sell_around(past, 2)
    broken_off = {"code": "not_done", "message": "the run was broken off; the log says why"}
    for sqlstate in OF_EVERYBODY.split():
        refuse_odd_ones(past, sqlstate)
        assert past.reconcile() == {"error": broken_off}, sqlstate
        past.till.execute("DROP FUNCTION refuse CASCADE")
    assert past.reconcile()["finished"]
    assert recorded(past) == {*lost, *odd}


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
    _, odd = sell_around(past, 1)

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
