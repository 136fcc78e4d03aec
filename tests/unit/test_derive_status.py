"""The status of a payment: what Stripe says of the session, its intent, its charge and disputes."""

from typing import Any

import pytest

from domain.payment import PaymentStatus
from domain.stripe_objects import Purchase
from tests.unit.builders import charge, dispute, intent_charged, payment_intent
from tests.unit.purchases import charged, derived, payment, purchase

DECLINED = {"type": "card_error", "code": "card_declined"}
PROCESSING = payment_intent(status="processing", latest_charge=charge(status="pending"))


def unpaid(status: str = "complete", intent: object = None, **fields: Any) -> Purchase:
    return purchase(payment_status="unpaid", status=status, payment_intent=intent, **fields)


def intent(status: str, **fields: Any) -> dict[str, Any]:
    """A payment intent without a charge."""
    return payment_intent(**{"status": status, "latest_charge": None, **fields})


def declined(**fields: Any) -> dict[str, Any]:
    return intent("requires_payment_method", **{"last_payment_error": DECLINED, **fields})


@pytest.mark.parametrize(
    ("bought", "status"),
    [
        pytest.param(unpaid("open"), "pending", id="nothing tried"),
        pytest.param(
            unpaid("open", intent("requires_payment_method")), "pending", id="intent untouched"
        ),
        pytest.param(unpaid("open", intent("requires_action")), "pending", id="3-D Secure asked"),
        pytest.param(
            unpaid("open", intent("requires_action", last_payment_error=DECLINED)),
            "pending",
            id="declined and being tried again",
        ),
        pytest.param(unpaid(intent=PROCESSING), "pending", id="delayed method on its way"),
        pytest.param(unpaid(intent=intent("requires_capture")), "pending", id="not captured yet"),
        pytest.param(unpaid("open", declined()), "failed", id="declined, session open"),
        pytest.param(
            unpaid(
                "open", declined(last_payment_error=None, latest_charge=charge(status="failed"))
            ),
            "failed",
            id="last charge failed",
        ),
        pytest.param(
            unpaid("complete", declined(last_payment_error=None)),
            "failed",
            id="delayed method failed, no error shown",
        ),
        pytest.param(unpaid("complete", declined()), "failed", id="delayed method failed"),
        pytest.param(unpaid("expired"), "expired", id="expired untouched"),
        pytest.param(unpaid("expired", declined()), "expired", id="expired after a decline"),
        pytest.param(
            unpaid("expired", intent("canceled")), "expired", id="expired, which cancels the intent"
        ),
        pytest.param(unpaid("open", intent("canceled")), "canceled", id="intent canceled"),
        pytest.param(
            unpaid("complete", intent("canceled", last_payment_error=DECLINED)),
            "canceled",
            id="canceled after a decline",
        ),
    ],
)
def test_an_unpaid_session_s_status(bought: Purchase, status: str) -> None:
    assert derived(bought).payment_status == status


def test_a_charge_of_one_cent_can_be_refunded_in_full() -> None:
    assert derived(charged(amount=1, amount_refunded=1)).payment_status == "refunded"


@pytest.mark.parametrize("session_status", ["complete", "open", "expired"])
def test_a_session_whose_intent_succeeded_is_paid_even_before_it_says_so(
    session_status: str,
) -> None:
    assert derived(unpaid(session_status, payment_intent())).payment_status == "paid"


def test_a_paid_session_stays_paid_whatever_was_declined_before() -> None:
    retried = purchase(payment_intent=payment_intent(last_payment_error=DECLINED))
    assert derived(retried).payment_status == "paid"


@pytest.mark.parametrize(
    ("disputes", "refunded_minor", "status"),
    [
        pytest.param([], 0, "paid", id="nothing"),
        pytest.param([], 4499, "paid", id="refunded but for a cent"),
        pytest.param([], 4500, "refunded", id="refunded in full"),
        pytest.param([("needs_response", 4500)], 0, "disputed", id="disputed"),
        pytest.param([("under_review", 1)], 0, "disputed", id="a cent disputed"),
        pytest.param([("lost", 4500)], 0, "lost", id="lost"),
        pytest.param([("lost", 1)], 4499, "lost", id="partly lost, partly refunded"),
        pytest.param([("lost", 450), ("needs_response", 450)], 0, "disputed", id="lost and open"),
        pytest.param([("won", 4500)], 0, "paid", id="won"),
        pytest.param([("won", 4500)], 900, "paid", id="won, then partly refunded"),
        pytest.param([("won", 4500)], 4500, "refunded", id="won, then refunded"),
        pytest.param([("won", 4500), ("lost", 450)], 0, "lost", id="one won, one lost"),
        pytest.param([("warning_needs_response", 4500)], 0, "paid", id="inquiry"),
        pytest.param([("warning_under_review", 4500)], 0, "paid", id="inquiry answered"),
        pytest.param([("warning_closed", 4500)], 0, "paid", id="inquiry closed"),
        pytest.param([("warning_closed", 4500)], 4500, "refunded", id="inquiry, then refunded"),
        pytest.param([("needs_response", 4500)], 4500, "disputed", id="disputed after a refund"),
        pytest.param([("lost", 4500)], 4500, "lost", id="lost after a refund"),
    ],
)
def test_a_taken_payment_s_status(
    disputes: list[tuple[str, int]], refunded_minor: int, status: str
) -> None:
    opened = [dispute(each, amount) for each, amount in disputes]
    assert derived(charged(*opened, amount_refunded=refunded_minor)).payment_status == status


@pytest.mark.parametrize(
    ("session_status", "status"),
    [("complete", "paid"), (None, "paid"), ("open", "pending"), ("expired", "expired")],
)
def test_a_free_session_is_paid_once_it_is_complete(
    session_status: str | None, status: str
) -> None:
    free = purchase(
        payment_status="no_payment_required",
        status=session_status,
        amount_total=0,
        payment_intent=None,
    )
    assert derived(free).payment_status == status


@pytest.mark.parametrize("before", ["failed", "expired", "canceled", "pending"])
def test_no_status_before_payment_is_final(before: str) -> None:
    stored = payment(
        payment_status=PaymentStatus(before), credits_granted=0, paid_at=None, amount_paid_cents=0
    )
    assert derived(purchase(), stored) == payment()


def test_a_failed_refund_makes_the_payment_paid_again() -> None:
    refunded = derived(charged(amount_refunded=4500))
    assert derived(charged(amount_refunded=0), refunded) == payment()


@pytest.mark.parametrize(
    ("disputed_minor", "refunded_minor", "granted"),
    [
        (0, 0, 5000),
        (0, 900, 4000),
        (900, 0, 4000),
        (900, 900, 3000),
        (4500, 0, 0),
        (0, 4500, 0),
        (4500, 4500, 0),
        (0, 1, 4998),
    ],
)
def test_credits_follow_the_retained_share(
    disputed_minor: int, refunded_minor: int, granted: int
) -> None:
    disputes = [dispute("needs_response", disputed_minor)] if disputed_minor else []
    made = derived(charged(*disputes, amount_refunded=refunded_minor))
    assert made.credits_granted == granted


@pytest.mark.parametrize(
    "bought", [unpaid("open", declined()), unpaid(intent=PROCESSING), unpaid("expired")]
)
def test_an_unpaid_payment_takes_and_grants_nothing(bought: Purchase) -> None:
    made = derived(bought)
    assert (made.credits_granted, made.amount_paid_cents, made.paid_at) == (0, 0, None)


def test_a_won_dispute_restores_every_credit() -> None:
    disputed = derived(charged(dispute("needs_response")))
    assert derived(charged(dispute("won", moved=(-4500, 4500))), disputed) == payment()


@pytest.mark.parametrize("shape", ["id alone", "charge as id"])
def test_a_paid_session_is_paid_though_its_intent_or_charge_is_not_expanded(shape: str) -> None:
    intent = "pi_1" if shape == "id alone" else intent_charged() | {"latest_charge": "ch_1"}
    made = derived(purchase(payment_intent=intent))
    assert (made.payment_status, made.credits_granted) == ("paid", 5000)
