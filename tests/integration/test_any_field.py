"""Each field of each object that Stripe sends about a purchase, with every value that Stripe's
published schema admits and some that it does not: the delivery is done with, and a paid session has
a row. Driven by the schema, so that a field which nobody thought of is tried too.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from standin.tests.openapi_schemas import properties_of
from tests.integration.odd_stripe import OddStripe, Purchase, odd_stripe
from tests.lanes import size
from tests.till import Till

Json = dict[str, Any]

# Each object: its schema, and the event that shows it.
OBJECTS = {
    "session": ("checkout.session", "checkout.session.async_payment_succeeded"),
    "line_item": ("item", None),
    "payment_intent": ("payment_intent", "payment_intent.succeeded"),
    "charge": ("charge", "charge.refunded"),
    "balance_transaction": ("balance_transaction", None),
    "refund": ("refund", "refund.updated"),
    "dispute": ("dispute", "charge.dispute.closed"),
}
# An object of another id or type is another object, and a session of another mode another product.
NOT_VARIED = {"id", "object", "livemode"}
TEXTS = ("", "yet_to_be_invented", "\0", "\ud83d", "x" * 5000)
NUMBERS = (0, -1, 10**12, 2**63, 2.5)
SHAPES: tuple[Any, ...] = (None, "7", [None], {"id": None})
OF_TYPE = {"string": TEXTS, "integer": NUMBERS, "number": NUMBERS}


def values_of(field: Json) -> Iterator[Any]:
    """Null, every word of an enumeration, odd texts or numbers, and shapes of other fields."""
    yield from SHAPES
    for each in (field, *field.get("anyOf", ())):
        yield from each.get("enum", ())
        yield from OF_TYPE.get(each.get("type", ""), ())


def cases(name: str) -> Iterator[tuple[str, Any]]:
    schema, _ = OBJECTS[name]
    for field, published in properties_of(schema).items():
        if field not in NOT_VARIED:
            yield from ((field, value) for value in values_of(published))


@pytest.fixture
def odd(till: Till, sound_books: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OddStripe]:
    """A Stripe that answers as it is told, and sells the Starter package."""
    till.execute(
        "UPDATE packages SET stripe_price_ids = '{price_of_starter}' WHERE package_id = 'starter'"
    )
    with odd_stripe() as (stripe, url):
        monkeypatch.setenv("STRIPE_API_BASE", url)
        yield stripe


def problem_with(till: Till, odd: OddStripe, purchase: Purchase, name: str) -> str | None:
    """What is wrong with how the purchase was dealt with."""
    purchase.put_into(odd)
    event_type = OBJECTS[name][1]
    if event_type is not None:
        shown = till.deliver(purchase.event(event_type, getattr(purchase, name)))
        if shown.status_code not in (200, 400):
            return f"{event_type} was answered with {shown.status_code} {shown.body}"
    answer = till.deliver(purchase.event())
    if answer.status_code != 200:
        return f"the session's event was answered with {answer.status_code} {answer.body}"
    if purchase.session.get("mode") != "payment":
        return None
    rows = till.rows(
        "SELECT FROM payment_transactions WHERE stripe_session_id = %s", purchase.session["id"]
    )
    return None if rows else "there is no row"


@pytest.mark.parametrize("name", list(OBJECTS))
def test_whatever_a_field_holds_the_payment_is_recorded(
    till: Till, odd: OddStripe, name: str
) -> None:
    problems = []
    # Some of the values of each field, or all of them. Fewer miss a text that cannot be stored.
    tried = list(cases(name))[:: size(3, 1)]
    for number, (field, value) in enumerate(tried):
        purchase = Purchase(number)
        getattr(purchase, name)[field] = value
        problem = problem_with(till, odd, purchase, name)
        if problem is not None:
            problems.append(f"{name}.{field} = {value!r:.40}: {problem}")
    assert problems == []
    users = till.rows("SELECT user_id FROM users WHERE credits > 0 AND user_id <> 'user_123'")
    assert all(row["user_id"] in TEXTS or row["user_id"] == "7" for row in users)
