"""Paid, and still no credits: every reason to hold a payment, and what ends it. What was sold is
settled for good."""

from typing import Any

import pytest

from tests.till import Till, another_container, completed

pytestmark = pytest.mark.usefixtures("sound_books")

MUG_LINE = [(4500, 1)]
NO_USER: dict[str, Any] = {"user_id": None}
UNKNOWN_PACKAGE: dict[str, Any] = {"line_items": MUG_LINE, "metadata": {"package_id": "gold"}}
PACKAGE_MISMATCH: dict[str, Any] = {"metadata": {"package_id": "professional"}}
AMOUNT_MISMATCH: dict[str, Any] = {"line_items": MUG_LINE, "metadata": {"package_id": "starter"}}
SALES = {
    "no_user": NO_USER,
    "unknown_package": UNKNOWN_PACKAGE,
    "package_mismatch": PACKAGE_MISMATCH,
    "amount_mismatch": AMOUNT_MISMATCH,
    "unknown_user": {},
}


@pytest.fixture(params=SALES)
def reason(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, till: Till) -> str:
    """Each reason to hold a payment, in a deployment where it arises."""
    if request.param == "unknown_user":
        monkeypatch.setenv("UNKNOWN_USERS", "hold")
    return str(request.param)


def refunded(till: Till, session_id: str, amount_minor: int | None = None) -> None:
    till.account.refund(session_id, amount_minor)
    till.deliver(till.latest("refund.created"))


def test_a_held_payment_is_stored_as_paid_and_grants_nothing(till: Till, reason: str) -> None:
    session_id = till.sell_paid(**SALES[reason])
    payment = till.payment(session_id)
    assert payment["held_reason"] == reason
    assert (payment["payment_status"], payment["credits_granted"]) == ("paid", 0)
    assert payment["amount_paid"] == payment["amount_charged"] > 0
    assert payment["paid_at"] is not None
    assert till.count("credit_ledger") == 0


def test_a_later_event_does_not_release_a_held_payment(till: Till, reason: str) -> None:
    session_id = till.sell_paid(**SALES[reason])
    till.deliver(till.latest("payment_intent.succeeded"))
    payment = till.payment(session_id)
    assert (payment["held_reason"], payment["credits_granted"]) == (reason, 0)


def test_a_held_payment_that_is_partly_refunded_is_still_held(till: Till, reason: str) -> None:
    session_id = till.sell_paid(**SALES[reason])
    refunded(till, session_id, 400)
    payment = till.payment(session_id)
    assert (payment["held_reason"], str(payment["amount_refunded"])) == (reason, "4.000")
    assert till.count("credit_ledger") == 0


def test_a_held_payment_that_is_refunded_in_full_grants_nothing(till: Till, reason: str) -> None:
    session_id = till.sell_paid(**SALES[reason])
    refunded(till, session_id)
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["credits_granted"]) == ("refunded", 0)
    assert till.count("credit_ledger") == 0


@pytest.mark.parametrize("sale", SALES.values(), ids=list(SALES))
def test_nothing_is_held_before_it_is_paid(
    till: Till, monkeypatch: pytest.MonkeyPatch, sale: dict[str, Any]
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    session_id = till.sell(**sale)
    till.deliver_all(till.account.decline(session_id))
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["held_reason"]) == ("failed", None)


def test_the_user_may_be_named_by_the_metadata(till: Till) -> None:
    till.sell_paid(user_id=None, metadata={"user_id": "user_7"})
    assert till.credits("user_7") == 1000


def test_metadata_go_before_the_reference_of_the_client(till: Till) -> None:
    till.sell_paid(user_id="cart_6", metadata={"user_id": "user_7"})
    assert (till.credits("cart_6"), till.credits("user_7")) == (0, 1000)


def test_metadata_that_agree_with_the_price_hold_nothing(till: Till) -> None:
    till.sell_paid(metadata={"package_id": "starter"})
    assert till.credits() == 1000


def test_a_price_of_something_else_does_not_buy_the_package_that_metadata_name(
    till: Till,
) -> None:
    price = till.account.create_price(unit_amount_minor=1, currency="usd", product_name="A pin")
    session_id = till.sell_paid(
        line_items=[(price["id"], 1)], metadata={"package_id": "enterprise"}
    )
    assert till.payment(session_id)["held_reason"] == "amount_mismatch"
    assert till.credits() == 0


def test_a_user_who_signs_up_later_is_credited_by_the_next_event(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    till.sell_paid()
    till.execute("INSERT INTO users (user_id) VALUES ('user_123')")
    till.deliver(till.latest("payment_intent.succeeded"))
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_a_package_that_ops_add_later_is_credited_by_the_next_event(till: Till) -> None:
    till.sell_paid(**UNKNOWN_PACKAGE)
    till.execute("INSERT INTO packages VALUES ('gold', 'Gold', 4400, 45.00)")
    till.deliver(till.latest("payment_intent.succeeded"))
    assert till.ledger() == [("purchase", 4400, 4400)]


EDITS = {
    "fewer tokens": "UPDATE packages SET tokens = 1",
    "another price": "UPDATE packages SET amount = 99, stripe_price_ids = '{}'",
    "another name": "UPDATE packages SET package_name = 'Basic'",
    "no package at all": "DELETE FROM packages",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
@pytest.mark.parametrize("metadata", [{}, {"package_id": "starter"}])
def test_what_was_sold_stays_sold_when_the_catalogue_is_edited(
    till: Till, edit: str, metadata: dict[str, str]
) -> None:
    session_id = till.sell_paid(metadata=metadata)
    till.execute(edit)
    refunded(till, session_id, 400)
    payment = till.payment(session_id)
    assert (payment["package_id"], payment["package_name"]) == ("starter", "Starter")
    assert (payment["tokens_purchased"], payment["held_reason"]) == (1000, None)
    assert till.ledger() == [("purchase", 1000, 1000), ("refund", -400, 600)]


def test_a_payment_that_is_pending_is_sold_as_the_catalogue_is_when_it_is_paid(
    till: Till,
) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    till.execute("UPDATE packages SET tokens = 1100 WHERE package_id = 'starter'")
    till.deliver(completed(till.account.async_succeed(session_id)))
    assert till.credits() == 1100


def test_an_event_that_was_found_to_be_nobodys_meanwhile_is_not_recorded_as_well(
    till: Till,
) -> None:
    """The first delivery has found the package for sale; the second comes when it is not, and is
    done first. The event is remembered once, so the first must not answer that it was recorded."""
    event = completed(till.account.complete(till.sell(user_id=None)))
    overtakers: list[str] = []

    def overtake(_method: str, _path: str) -> None:
        till.stripe.faults.before_answer = None
        till.execute("UPDATE packages SET stripe_price_ids = '{}'")
        with another_container():
            overtakers.append(till.deliver(event).outcome)

    till.stripe.faults.before_answer = overtake
    slow = till.deliver(event)
    assert (overtakers, slow.outcome) == (["ignored"], "duplicate")
    assert till.count("payment_transactions") == till.count("credit_ledger") == 0


@pytest.fixture
def of_a_stranger(till: Till, monkeypatch: pytest.MonkeyPatch) -> str:
    """A paid session of a user whom nobody knows, where such payments are held."""
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    session_id = till.sell("stranger")
    till.deliver(completed(till.account.complete(session_id)))
    return session_id


def test_a_later_event_of_a_stranger_s_payment_changes_nothing(
    till: Till, of_a_stranger: str
) -> None:
    (late,) = [e for e in till.account.events if e["type"] == "payment_intent.succeeded"]
    assert till.deliver(late).outcome == "unchanged"
    assert till.payment(of_a_stranger)["held_reason"] == "unknown_user"


def test_a_stranger_s_payment_stays_held_when_it_is_refunded(
    till: Till, of_a_stranger: str
) -> None:
    till.account.refund(of_a_stranger)
    till.deliver(till.account.events[-1])
    payment = till.payment(of_a_stranger)
    assert (payment["payment_status"], payment["held_reason"]) == ("refunded", "unknown_user")


def test_a_stranger_who_becomes_known_is_credited_by_the_next_event(
    till: Till, of_a_stranger: str
) -> None:
    till.execute("INSERT INTO users (user_id) VALUES ('stranger')")
    (late,) = [e for e in till.account.events if e["type"] == "payment_intent.succeeded"]
    assert till.deliver(late).outcome == "recorded"
    assert till.credits("stranger") == 1000
