"""Whatever a signed event and Stripe's answer contain, the delivery is done with: the payment is
recorded, if need be held, and nobody else is credited. Through HTTP, the handler and Postgres."""

import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from tests.integration.odd_stripe import OddStripe, Purchase, odd_stripe
from tests.till import Till

Json = dict[str, Any]


@pytest.fixture
def odd(till: Till, sound_books: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OddStripe]:
    """A Stripe that answers as it is told, and sells the Starter package."""
    till.execute(
        "UPDATE packages SET stripe_price_ids = '{price_of_starter}' WHERE package_id = 'starter'"
    )
    with odd_stripe() as (stripe, url):
        monkeypatch.setenv("STRIPE_API_BASE", url)
        yield stripe


def delivered(till: Till, odd: OddStripe, purchase: Purchase) -> Json:
    """The row that a delivery of the purchase makes; Stripe must never send it again."""
    purchase.put_into(odd)
    answer = till.deliver(purchase.event())
    assert (answer.status_code, answer.outcome) == (200, "recorded")
    return till.payment(purchase.session["id"])


def unpaid_back(purchase: Purchase) -> Purchase:
    """The purchase without its refund and its dispute."""
    purchase.charge.update(amount_refunded=0, disputed=False)
    return purchase


UNSTORABLE = {
    "NUL": "ana\0",
    "half a pair": "ana\ud83d",
    "the other half": "\udc00ana",
    "too long": "x" * 501,
    "long beyond any index": "x" * 100_000,
    "a number": 7,
}


@pytest.mark.parametrize("place", ["metadata", "reference"])
def test_a_user_who_cannot_be_stored_is_held_and_nobody_is_credited(
    till: Till, odd: OddStripe, place: str
) -> None:
    held = {}
    for number, (name, user_id) in enumerate(UNSTORABLE.items()):
        named = {"metadata": {"user_id": user_id}} if place == "metadata" else {}
        reference = "ana" if place == "metadata" else user_id
        row = delivered(till, odd, Purchase(number, client_reference_id=reference, **named))
        held[name] = (row["held_reason"], row["user_id"])
    assert held == dict.fromkeys(UNSTORABLE, ("unreadable", None))
    assert till.rows("SELECT * FROM users") == []


LOOKALIKES = [
    "ana",
    " ana",
    "ana ",
    "ana\t",
    "a\u200dna",
    "\u200fana",
    "ana\u00a0",
    "ana\n",
    "x" * 500,
]


def test_ids_that_look_alike_are_different_people(till: Till, odd: OddStripe) -> None:
    for number, user_id in enumerate(LOOKALIKES):
        delivered(till, odd, unpaid_back(Purchase(number, client_reference_id=user_id)))
    credited = till.rows("SELECT user_id, credits FROM users")
    assert {row["user_id"]: row["credits"] for row in credited} == dict.fromkeys(LOOKALIKES, 1000)


def test_a_package_that_cannot_be_stored_is_held(till: Till, odd: OddStripe) -> None:
    held = {}
    for number, (name, package_id) in enumerate(UNSTORABLE.items()):
        row = delivered(till, odd, Purchase(number, metadata={"package_id": package_id}))
        held[name] = (row["held_reason"], row["credits_granted"])
    assert held == dict.fromkeys(UNSTORABLE, ("unreadable", 0))


def test_an_email_that_cannot_be_stored_costs_nobody_credits(till: Till, odd: OddStripe) -> None:
    stored = {}
    for number, (name, email) in enumerate(UNSTORABLE.items()):
        purchase = Purchase(number, client_reference_id=name, customer_details={"email": email})
        purchase.charge.update(billing_details={"email": email}, receipt_email=email)
        row = delivered(till, odd, unpaid_back(purchase))
        stored[name] = (row["customer_email"], row["held_reason"], till.credits(name))
    assert stored == dict.fromkeys(UNSTORABLE, (None, None, 1000))


def test_a_quantity_out_of_all_bounds_is_held(till: Till, odd: OddStripe) -> None:
    held = {}
    for number, quantity in enumerate([-1, "3", 2.5, True, [], 2**63 // 1000 + 1, 10**40]):
        purchase = unpaid_back(Purchase(number))
        purchase.line_item["quantity"] = quantity
        row = delivered(till, odd, purchase)
        held[repr(quantity)] = (row["held_reason"], row["package_id"], row["amount_paid"])
    assert held == dict.fromkeys(held, ("unreadable", "starter", 10))


def test_a_currency_that_is_none_is_held(till: Till, odd: OddStripe) -> None:
    held = {}
    for number, currency in enumerate(["USD", "us", "dollar", "", "\0\0\0", "💶", None, 840]):
        purchase = Purchase(number, currency=currency)
        purchase.charge["currency"] = currency
        row = delivered(till, odd, purchase)
        held[repr(currency)] = (row["held_reason"], row["currency"])
    assert held == dict.fromkeys(held, ("unreadable", "xxx"))


def test_an_amount_beyond_its_column_is_held(till: Till, odd: OddStripe) -> None:
    fields = ("amount", "amount_captured", "amount_refunded")
    amounts = (-1, "1000", 10.5, 10**12, 10**40)
    held = {}
    for number, (field, amount) in enumerate(product(fields, amounts)):
        purchase = Purchase(number)
        purchase.charge.update({"amount_captured": None, field: amount})
        held[field, amount] = delivered(till, odd, purchase)["held_reason"]
    assert held == dict.fromkeys(held, "unreadable")


def test_the_largest_amounts_fit_their_columns(till: Till, odd: OddStripe) -> None:
    purchase = unpaid_back(Purchase())
    purchase.charge.update(amount=10**12 - 1, amount_captured=10**12 - 1)
    assert str(delivered(till, odd, purchase)["amount_paid"]) == "9999999999.99"


def test_a_balance_beyond_its_column_keeps_the_payment_and_holds_it(
    till: Till, odd: OddStripe
) -> None:
    till.execute("UPDATE packages SET tokens = %s WHERE package_id = 'starter'", 2**63 - 1)
    first, second = (delivered(till, odd, unpaid_back(Purchase(n))) for n in range(2))
    assert (first["credits_granted"], till.credits()) == (2**63 - 1, 2**63 - 1)
    assert (second["held_reason"], second["user_id"], second["amount_paid"]) == (
        "unreadable",
        "user_123",
        10,
    )


def test_a_held_payment_is_released_when_stripe_can_be_read_again(
    till: Till, odd: OddStripe
) -> None:
    purchase = unpaid_back(Purchase())
    purchase.line_item["quantity"] = "1"
    delivered(till, odd, purchase)
    purchase.line_item["quantity"] = 1
    till.deliver(purchase.event("payment_intent.succeeded", purchase.payment_intent))
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_two_sessions_of_one_payment_intent_are_two_rows_and_one_sale(
    till: Till, odd: OddStripe
) -> None:
    first, second = unpaid_back(Purchase(1)), unpaid_back(Purchase(2, client_reference_id="eve"))
    second.session["payment_intent"] = first.payment_intent
    assert delivered(till, odd, first)["credits_granted"] == 1000
    row = delivered(till, odd, second)
    assert (row["held_reason"], row["stripe_payment_intent_id"]) == ("unreadable", None)
    later = {**second.event(), "id": "evt_later"}
    assert (till.deliver(later).outcome, till.credits("eve")) == ("unchanged", 0)


def gone(till: Till, odd: OddStripe, age_seconds: float, known: bool = True) -> tuple[int, Json]:
    """Delivers an event whose session Stripe does not have."""
    event = Purchase().event() | {"created": int(time.time() - age_seconds)}
    odd.events = {event["id"]: event} if known else {}
    answer = till.deliver(event)
    return answer.status_code, answer.body


def test_an_event_of_a_session_that_is_gone_is_ignored(till: Till, odd: OddStripe) -> None:
    status, body = gone(till, odd, 3700)
    assert (status, body["outcome"]) == (200, "ignored")


@pytest.mark.parametrize("lost", ["line items", "disputes"])
def test_a_session_is_not_gone_for_want_of_what_belongs_to_it(
    till: Till, odd: OddStripe, lost: str
) -> None:
    purchase = Purchase()
    event = purchase.event() | {"created": int(time.time() - 3700)}
    purchase.put_into(odd)
    odd.events = {event["id"]: event}
    if lost == "disputes":
        odd.disputes = None
    else:
        purchase.session["line_items"]["has_more"] = True
    assert till.deliver(event).status_code == 503
    assert till.count("stripe_events") == 0


def test_a_moment_after_the_event_stripe_may_be_behind_itself(till: Till, odd: OddStripe) -> None:
    assert gone(till, odd, 3500)[0] == 503


def test_an_event_of_another_account_says_so(till: Till, odd: OddStripe) -> None:
    status, body = gone(till, odd, 10**6, known=False)
    assert (status, "another account's" in body["error"]["message"]) == (503, True)
    assert till.count("stripe_events") == 0


Spoil = Callable[[Purchase], None]
# Shapes that no schema admits, each in a place that the till reads.
SHAPES: dict[str, Spoil] = {
    "line items are null": lambda bought: bought.session.update(line_items=None),
    "line items are a list": lambda bought: bought.session.update(line_items=[bought.line_item]),
    "line items' data is an object": lambda bought: bought.session["line_items"].update(data={}),
    "a line item is null": lambda bought: bought.session["line_items"].update(
        data=[None, bought.line_item]
    ),
    "the metadata are a list": lambda bought: bought.session.update(metadata=["user_id"]),
    "the payment intent is a number": lambda bought: bought.session.update(payment_intent=7),
    "the charge is a list": lambda bought: bought.payment_intent.update(latest_charge=[1]),
    "the methods are an object": lambda bought: bought.session.update(
        payment_method_types={"card": True}
    ),
    "the details are a text": lambda bought: bought.session.update(customer_details="ana"),
    "the dispute is null": lambda bought: bought.dispute.clear(),
    "the dispute has moved a text": lambda bought: bought.dispute.update(
        status="new", balance_transactions=["txn", {"amount": "a lot"}, None]
    ),
    "the charge was made in the year 300000": lambda bought: bought.charge.update(
        created=10**13, balance_transaction=None
    ),
}


def test_an_answer_of_another_shape_makes_a_row_all_the_same(till: Till, odd: OddStripe) -> None:
    for number, (name, spoil) in enumerate(SHAPES.items()):
        purchase = Purchase(number)
        spoil(purchase)
        row = delivered(till, odd, purchase)
        assert row["payment_status"] in ("paid", "refunded", "disputed", "lost"), name


def test_an_answer_that_is_no_session_is_no_answer(till: Till, odd: OddStripe) -> None:
    for session_id in (None, "", "\0", "x" * 501, 7):
        purchase = Purchase()
        event = purchase.event()
        purchase.session["id"] = session_id
        purchase.put_into(odd)
        assert till.deliver(event).status_code == 503, session_id


def test_an_event_dated_outside_of_the_calendar_can_be_reported(till: Till, odd: OddStripe) -> None:
    purchase = Purchase()
    purchase.put_into(odd)
    for number, created in enumerate(["9999-12-31T23:59:59-14:00", 10**15, -(10**15), "soon"]):
        till.deliver({**purchase.event(), "id": f"evt_{number}", "created": created})
    assert len(till.audit("event_log")) == 4
