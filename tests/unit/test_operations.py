"""What is answered when an operation is one statement: done, done before, or why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from domain.requests import Refused
from operations.operate import Done, NamedPayment, Operations, RememberedEvent
from operations.requests import Operation, Statement, read_operation

NAMED = NamedPayment(session_id="cs_1", user_id="ana", held_reason=None, package_is_known=False)


@dataclass
class FakeStore:
    """Writes what it is given, or nothing; remembers one request, and has one payment, or none."""

    written: Mapping[str, Any] | None = None
    remembered: RememberedEvent | None = None
    payment: NamedPayment | None = None

    def write(self, _operation: Statement) -> Mapping[str, Any] | None:
        return self.written

    def find_event(self, _event_id: str, _user_id: str | None = None) -> RememberedEvent | None:
        return self.remembered

    def find_payment(self, _id: str, _package_id: str | None = None) -> NamedPayment | None:
        return self.payment


def operation(name: str, **fields: Any) -> Any:
    asked = {"operation": name, "actor": "olga", "request_id": "req_1", **fields}
    return read_operation(asked)


def done(asked: Operation, store: FakeStore) -> Done | Refused:
    def nobody(_: object) -> Any:
        raise AssertionError("one statement asks neither Stripe nor the five steps")

    return Operations(store, converge=nobody, event=nobody, livemode=False).do(asked)


def remembered(event_type: str, **asked: Any) -> RememberedEvent:
    return RememberedEvent(
        event_type=event_type, session_id=None, was_ignored=False, asked=asked, user_is_there=True
    )


REPAIR = operation("repair_totals")
DISMISSAL = operation("dismiss_payment", payment_id="pay_1")
ERASURE = operation("erase_user", payment_id="pay_1")


def test_a_repair_answers_how_many_lines_of_the_totals_were_wrong() -> None:
    assert done(REPAIR, FakeStore({"repaired": 3})) == Done(
        REPAIR.signed, "recorded", {"repaired": 3}
    )


def test_a_repair_of_which_nothing_is_wrong_is_recorded_too() -> None:
    assert done(REPAIR, FakeStore({"repaired": 0})) == Done(
        REPAIR.signed, "recorded", {"repaired": 0}
    )


def test_a_repair_that_was_done_before_is_a_duplicate() -> None:
    before = remembered("operation.repair_totals")
    assert done(REPAIR, FakeStore(remembered=before)) == Done(REPAIR.signed, "duplicate")


def test_the_id_of_another_request_is_not_good_for_a_repair() -> None:
    before = remembered("operation.adjust_credits", user_id="ana", delta=1)
    assert done(REPAIR, FakeStore(remembered=before)) == Refused(
        "request_id_reused", "request_id 'req_1' was used for something else"
    )


@pytest.mark.parametrize(
    "asked",
    [operation("adjust_credits", user_id="ana", delta=1), operation("erase_user", user_id="ana")],
)
def test_what_is_not_done_to_a_user_has_no_such_user(asked: Operation) -> None:
    assert done(asked, FakeStore()) == Refused("unknown_user", "there is no user 'ana'")


@pytest.mark.parametrize("asked", [DISMISSAL, ERASURE])
def test_what_is_not_done_to_a_payment_may_have_no_such_payment(asked: Operation) -> None:
    assert done(asked, FakeStore()) == Refused("unknown_payment", "there is no payment 'pay_1'")


def test_a_payment_that_is_there_and_not_dismissed_is_not_held() -> None:
    assert done(DISMISSAL, FakeStore(payment=NAMED)) == Refused("not_held", "pay_1 is not held")


def test_a_payment_that_is_there_and_not_erased_has_a_user() -> None:
    assert done(ERASURE, FakeStore(payment=NAMED)) == Refused(
        "has_user", "pay_1 has a user: send erase_user with the user_id instead"
    )
