"""The stand-in's Python side: a Stripe account whose purchases a program moves along.

Every method is thread-safe. A move that the state does not allow raises IllegalMove and
changes nothing. Amounts are integers in the currency's minor unit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from standin import (
    catalogue,
    checkout,
    disputes,
    payment_links,
    purchases,
    refunds,
)
from standin.account_deliveries import AccountDeliveries
from standin.errors import IllegalMove, Json
from standin.store import Store, copy_of

API_VERSION = "2026-10-28.endive"
_WEBHOOK_SECRET = "whsec_standin"

Line = tuple[str | int, int]


class StripeAccount(AccountDeliveries):
    """A Stripe account in memory. The same calls give the same ids in every run.

    `clock` gives seconds since 1970. `id_seed` makes other ids, for an account that shares a
    database with an earlier one.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        livemode: bool = False,
        api_key: str = "sk_test_standin",
        webhook_secret: str = _WEBHOOK_SECRET,
        api_version: str = API_VERSION,
        id_seed: str = "standin",
    ) -> None:
        super().__init__(Store(clock, livemode, api_version, id_seed), webhook_secret)
        self.api_key = api_key

    def create_price(
        self,
        unit_amount_minor: int,
        currency: str = "usd",
        product_name: str = "Tokens",
        metadata: dict[str, str] | None = None,
        price_id: str | None = None,
    ) -> Json:
        """A price with a product of its own; answers the price. `price_id` is for a price that
        accounts of other seeds have too."""
        with self.lock:
            product = catalogue.create_product(self.store, product_name)
            args = (product["id"], unit_amount_minor, currency, metadata, price_id)
            return copy_of(catalogue.create_price(self.store, *args))

    def create_checkout_session(
        self,
        line_items: Sequence[Line],
        *,
        client_reference_id: str | None = None,
        metadata: dict[str, str] | None = None,
        currency: str | None = None,
        customer_email: str | None = None,
        buyer_email: str = "buyer@example.com",
        mode: str = "payment",
        discount_minor: int = 0,
        tax_minor: int = 0,
        payment_method_types: Sequence[str] = ("card", "us_bank_account"),
        payment_intent_metadata: dict[str, str] | None = None,
        capture_method: str = "automatic_async",
        exchange_rate: Decimal | None = None,
        presentment: tuple[int, str] | None = None,
    ) -> Json:
        """Open a session. A line is (price id, quantity) or (unit amount, quantity).

        `buyer_email` is what the buyer types when no `customer_email` is given;
        `exchange_rate` is US cents for one minor unit of the currency;
        `presentment` is (amount in minor units, currency) that Adaptive Pricing showed.
        """
        with self.lock:
            lines = [
                checkout.Line(self._price(line, currency), quantity)
                for line, quantity in line_items
            ]
            order = checkout.Order(
                lines=lines,
                currency=currency or (lines[0].price["currency"] if lines else "usd"),
                mode=mode,
                shown={
                    "client_reference_id": client_reference_id,
                    "success_url": "https://example.com/success",
                },
                customer_email=customer_email,
                metadata=dict(metadata or {}),
                payment_intent_metadata=dict(payment_intent_metadata or {}),
                payment_method_types=tuple(payment_method_types),
                capture_method=capture_method,
                discount_minor=discount_minor,
                tax_minor=tax_minor,
                exchange_rate=exchange_rate,
                presentment=presentment,
                buyer_email=buyer_email,
            )
            return copy_of(checkout.create(self.store, order))

    def enter_promotion_code(self, session_id: str, code: str) -> Json:
        """The buyer types a promotion code; answers the session with its new amounts."""
        return self._made(lambda: checkout.enter_code(self.store, session_id, code))

    def adjust_quantity(self, session_id: str, item_id: str, quantity: int) -> Json:
        """The buyer changes how many they buy; answers the session with its new amounts."""
        return self._made(
            lambda: checkout.adjust_quantity(self.store, session_id, item_id, quantity)
        )

    def follow_payment_link(self, link_id: str, visit: Mapping[str, str]) -> Json:
        """Somebody opens a payment link, with these URL parameters; answers their session."""
        return self._made(
            lambda: payment_links.open_session(
                self.store, self.store.get("payment_link", link_id), visit
            )
        )

    def complete(
        self, session_id: str, payment_method_type: str = "card", settled: bool = True
    ) -> list[Json]:
        """The buyer pays. `settled=False`: the charge has no balance transaction yet.

        With `capture_method="manual"` the money is only reserved, and the session unpaid.
        """
        return self._moved(purchases.complete, session_id, payment_method_type, settled)

    def complete_unpaid(
        self, session_id: str, payment_method_type: str = "us_bank_account"
    ) -> list[Json]:
        """The buyer is done, by a delayed method: complete but unpaid."""
        return self._moved(purchases.complete_unpaid, session_id, payment_method_type)

    def async_succeed(self, session_id: str) -> list[Json]:
        return self._moved(purchases.async_succeed, session_id)

    def async_fail(self, session_id: str) -> list[Json]:
        return self._moved(purchases.async_fail, session_id)

    def decline(self, session_id: str) -> list[Json]:
        """The card is declined; the session stays open and may still be completed."""
        return self._moved(purchases.decline, session_id)

    def expire(self, session_id: str) -> list[Json]:
        return self._moved(purchases.expire, session_id)

    def capture(self, session_id: str, amount_minor: int | None = None) -> list[Json]:
        """Take the reserved money, or part of it; the rest is shown as refunded."""
        return self._moved(purchases.capture, session_id, amount_minor)

    def lapse(self, session_id: str) -> list[Json]:
        """Nobody captured the reserved money in time: it goes back, the intent is canceled."""
        return self._moved(purchases.lapse, session_id)

    def cancel_payment_intent(self, session_id: str) -> list[Json]:
        return self._moved(purchases.cancel_payment_intent, session_id)

    def settle(self, session_id: str) -> list[Json]:
        return self._moved(purchases.settle, session_id)

    def refund(
        self, session_id: str, amount_minor: int | None = None, reason: str | None = None
    ) -> Json:
        """Refund part of the session's charge, or all that is left; answers the refund."""
        return self._made(
            lambda: refunds.create(self.store, self._paid(session_id), amount_minor, reason)
        )

    def fail_refund(self, refund_id: str) -> list[Json]:
        return self._moved(refunds.fail, refund_id)

    def dispute(
        self,
        session_id: str,
        amount_minor: int | None = None,
        inquiry: bool = False,
        currency: str | None = None,
    ) -> Json:
        """Open a dispute (or only an inquiry) of the session's charge; answers the dispute.

        `amount_minor` is in `currency`: the charge's, unless the buyer's bank counts otherwise.
        """
        args = (amount_minor, inquiry, currency)
        return self._made(lambda: disputes.create(self.store, self._paid(session_id), *args))

    def submit_evidence(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.submit_evidence, dispute_id)

    def escalate_inquiry(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.escalate_inquiry, dispute_id)

    def win_dispute(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.win, dispute_id)

    def lose_dispute(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.lose, dispute_id)

    def close_inquiry(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.close_inquiry, dispute_id)

    def pay_outside_checkout(
        self, amount_minor: int, currency: str = "usd", metadata: dict[str, str] | None = None
    ) -> Json:
        """A paid payment intent without a Checkout session; answers the payment intent."""
        paid = purchases.pay_outside_checkout
        return self._made(lambda: paid(self.store, amount_minor, currency, metadata or {}))

    def _paid(self, session_id: str) -> Json:
        return purchases.paid_charge(self.store, session_id)

    def _price(self, line: str | int, currency: str | None) -> Json:
        if isinstance(line, int):
            product = catalogue.create_product(self.store, "Tokens")
            return catalogue.create_price(self.store, product["id"], line, currency or "usd")
        price = self.store.get("price", line)
        if currency not in (None, price["currency"]):
            raise IllegalMove(f"price {line} is in {price['currency']}, not {currency}")
        return price
