"""What is recorded from an event's snapshot while Stripe cannot be asked, what is not, and how
the next event completes it."""

from typing import Any

import pytest

from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books", "impatient")

NAMED: dict[str, Any] = {"metadata": {"package_id": "starter"}}


def down(till: Till) -> None:
    till.stripe.faults.answer(503, times=1000)


def paid(till: Till, **sale: Any) -> tuple[str, dict[str, Any]]:
    """A session that is paid, and its event, which is not delivered yet."""
    session_id = till.sell(**sale)
    return session_id, completed(till.account.complete(session_id))


def test_the_next_event_completes_the_row_and_credits_nothing_again(till: Till) -> None:
    session_id, event = paid(till, **NAMED)
    down(till)
    till.deliver(event)
    assert till.payment(session_id)["payment_method"] is None
    till.stripe.faults.clear()
    assert till.deliver(till.latest("payment_intent.succeeded")).outcome == "recorded"
    payment = till.payment(session_id)
    assert (payment["enriched"], payment["payment_method"]) == (True, "card")
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_the_same_event_again_is_a_duplicate_while_stripe_is_down(till: Till) -> None:
    _, event = paid(till, **NAMED)
    down(till)
    till.deliver(event)
    assert till.deliver(event).outcome == "duplicate"
    assert till.credits() == 1000


def test_a_row_that_stands_is_never_written_from_a_snapshot(till: Till) -> None:
    """The snapshot says unpaid; the row, and Stripe, say paid."""
    session_id = till.sell(**NAMED)
    late = completed(till.account.complete_unpaid(session_id))
    till.deliver(completed(till.account.async_succeed(session_id)))
    down(till)
    assert till.deliver(late).status_code == 503
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["revision"]) == ("paid", 1)
    assert till.credits() == 1000


def test_a_second_snapshot_does_not_touch_a_row_made_from_the_first(till: Till) -> None:
    session_id = till.sell(**NAMED)
    unpaid = completed(till.account.complete_unpaid(session_id))
    succeeded = completed(till.account.async_succeed(session_id))
    down(till)
    assert till.deliver(unpaid).outcome == "recorded"
    assert till.deliver(succeeded).status_code == 503
    assert till.payment(session_id)["payment_status"] == "pending"
    till.stripe.faults.clear()
    till.deliver(succeeded)
    assert till.credits() == 1000


@pytest.mark.parametrize(
    "sale",
    [
        pytest.param({"line_items": [(1000, 2)], **NAMED}, id="a quantity"),
        pytest.param({"line_items": [(900, 1)], **NAMED}, id="another amount"),
        pytest.param({"metadata": {"package_id": "gold"}}, id="a package nobody knows"),
        pytest.param({"metadata": {"user_id": "user_123"}}, id="only a user"),
        pytest.param(
            {"line_items": [(1000, 1)], "currency": "eur", **NAMED}, id="another currency"
        ),
    ],
)
def test_a_snapshot_that_does_not_prove_the_sale_is_not_safe(
    till: Till, sale: dict[str, Any]
) -> None:
    _, event = paid(till, **sale)
    down(till)
    assert till.deliver(event).status_code == 503
    assert till.count("stripe_events") == till.count("payment_transactions") == 0


@pytest.mark.parametrize("form", ["snapshot of 2020", "thin", "payment intent"])
def test_an_event_that_does_not_show_the_session_as_it_is_today_is_not_safe(
    till: Till, form: str
) -> None:
    _, event = paid(till, **NAMED)
    down(till)
    answer = {
        "snapshot of 2020": lambda: till.deliver(event, api_version="2020-03-02"),
        "thin": lambda: till.deliver(event, form="thin"),
        "payment intent": lambda: till.deliver(till.latest("payment_intent.succeeded")),
    }[form]()
    assert answer.status_code == 503
    assert till.count("stripe_events") == till.count("payment_transactions") == 0


def test_a_customer_without_a_user_is_held_from_a_snapshot_and_stays_held(till: Till) -> None:
    session_id, event = paid(till, user_id=None, **NAMED)
    down(till)
    till.deliver(event)
    assert till.payment(session_id)["held_reason"] == "no_user"
    till.stripe.faults.clear()
    till.deliver(till.latest("payment_intent.succeeded"))
    payment = till.payment(session_id)
    assert (payment["held_reason"], payment["enriched"]) == ("no_user", True)


def test_an_unpaid_snapshot_is_pending_and_grants_nothing(till: Till) -> None:
    session_id = till.sell(**NAMED)
    event = completed(till.account.complete_unpaid(session_id))
    down(till)
    till.deliver(event)
    assert till.payment(session_id)["payment_status"] == "pending"
    assert till.credits() == 0


def test_a_free_session_is_credited_from_its_snapshot(till: Till) -> None:
    session_id, event = paid(till, discount_minor=1000, **NAMED)
    down(till)
    till.deliver(event)
    assert till.payment(session_id)["amount_paid"] == 0
    assert till.credits() == 1000


def test_a_sale_that_a_snapshot_got_wrong_is_put_right_by_the_next_event(till: Till) -> None:
    """The metadata and the amount say Starter; the line item was the price of another package."""
    price = till.account.create_price(unit_amount_minor=1000, currency="usd", product_name="Pro")
    till.execute(
        "UPDATE packages SET stripe_price_ids = %s WHERE package_id = 'professional'",
        [price["id"]],
    )
    session_id, event = paid(till, line_items=[(price["id"], 1)], **NAMED)
    down(till)
    till.deliver(event)
    assert till.credits() == 1000
    till.stripe.faults.clear()
    till.deliver(till.latest("payment_intent.succeeded"))
    assert till.payment(session_id)["held_reason"] == "package_mismatch"
    assert till.ledger() == [("purchase", 1000, 1000), ("adjustment", -1000, 0)]
