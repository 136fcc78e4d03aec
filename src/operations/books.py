"""What operations find and write in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.events import Signed
from operations.requests import AdjustCredits, DismissPayment, ErasePayment, EraseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEvent:
    """What is known of an event or request done before.

    `asked` is None for an event of Stripe's; in it a user who was erased since is None.
    `user_is_there`: whether the user that is asked for now has a row, or a payment.
    """

    event_type: str
    session_id: str | None
    was_ignored: bool
    asked: Mapping[str, Any] | None
    user_is_there: bool

    def is_repeated_by(self, signed: Signed) -> bool:
        """Whether this is the same request. One about a person who was erased no longer says who
        that was: it may have been whoever is not there, and nobody who is."""
        if self.event_type != signed.event_type:
            return False
        if "user_id" in signed.asked and not self.user_is_there:
            return self.asked in (signed.asked, {**signed.asked, "user_id": None})
        return self.asked == signed.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPayment:
    """The payment an operator names, as it stands; whether the package named with it is known."""

    session_id: str
    user_id: str | None
    held_reason: str | None
    package_is_known: bool


class Books(Protocol):
    """The database side of operations. Writes are done once and whole; they give None when there
    was nothing to do: the request was done before, or what it names is not as it must be."""

    def find_payment(self, payment_id: str, package_id: str | None) -> NamedPayment | None: ...

    def find_event(self, event_id: str, user_id: str | None = None) -> RememberedEvent | None: ...

    def adjust(self, operation: AdjustCredits) -> int | None:
        """The new balance."""

    def erase_user(self, operation: EraseUser) -> int | None:
        """How many payments were erased."""

    def erase_payment(self, operation: ErasePayment) -> int | None:
        """How many payments were erased: this one."""

    def dismiss(self, operation: DismissPayment) -> str | None:
        """The id of the payment."""
