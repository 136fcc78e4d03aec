"""Looks at the set-up of the Stripe account: its webhook endpoints and its prices."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import stripe

from adapters.stripe_api import PAGE, StripeApi, asked, checked
from domain.stripe_objects import StripeRefused, StripeUnreachable
from operations.doctor.facts import StripeFacts, Unknown

T = TypeVar("T")


# What the till reads, by the names of a restricted key's permissions.
READS = {
    "Checkout Sessions": "/v1/checkout/sessions",
    "Payment Intents": "/v1/payment_intents",
    "Charges": "/v1/charges",
    "Refunds": "/v1/refunds",
    "Disputes": "/v1/disputes",
    "Balance Transactions": "/v1/balance_transactions",
    "Events": "/v1/events",
    "Prices": "/v1/prices",
    "Webhook Endpoints": "/v1/webhook_endpoints",
}


class StripeAccount(StripeApi):
    """The account that the API key belongs to. Only reads."""

    def facts(self, price_ids: Collection[str]) -> StripeFacts:
        """Everything the doctor asks of Stripe; each part that could not be asked is Unknown."""
        forbidden = asked(lambda: [name for name, path in READS.items() if not self._may(path)])
        if isinstance(forbidden, StripeUnreachable | StripeRefused):
            # Every further question would wait as long for no answer.
            return StripeFacts(endpoints=Unknown(forbidden.why), prices=Unknown(forbidden.why))
        endpoints = asked(self._endpoints)
        prices = asked(lambda: {price_id: self._price(price_id) for price_id in price_ids})
        return StripeFacts(forbidden=forbidden, endpoints=_known(endpoints), prices=_known(prices))

    def _may(self, path: str) -> bool:
        """Whether the key may read there: asked for one object, which need not exist."""
        try:
            self._list(path, limit=1)
        except stripe.PermissionError:
            return False
        return True

    def _endpoints(self) -> Sequence[Mapping[str, Any]]:
        """All of them: an account has sixteen at the most."""
        return self._list("/v1/webhook_endpoints", limit=PAGE)

    def _price(self, price_id: str) -> Mapping[str, Any] | None:
        try:
            return checked(self._get(f"/v1/prices/{quote(price_id, safe='')}"), "price")
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                return None
            raise


def _known(answer: T | StripeUnreachable | StripeRefused) -> T | Unknown:
    if isinstance(answer, StripeUnreachable | StripeRefused):
        return Unknown(answer.why)
    return answer
