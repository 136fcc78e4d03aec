"""Asks Stripe what a purchase is now: plain dicts, one API version, timeouts that fit in a Lambda.

The session comes with its line items, payment intent, charge and balance transaction in one call;
disputes are asked for only when the charge has had one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3

from domain.events import Reference, ReferenceKind
from domain.stripe_objects import (
    NOTHING,
    NoCheckoutSession,
    ObjectGone,
    Purchase,
    Retrieved,
    RetrievedEvent,
    StripeRefused,
    StripeUnreachable,
    expanded,
    id_of,
    listed,
)

T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
# Two tries of at most 8 s each leave room within API Gateway's 30 s for the database.
CONNECT_SECONDS, READ_SECONDS, RETRIES = 2.0, 6.0, 1

EXPAND_SESSION = ("line_items", "payment_intent.latest_charge.balance_transaction")
PAGE = 100
PATHS = {
    ReferenceKind.CHARGE: "/v1/charges",
    ReferenceKind.REFUND: "/v1/refunds",
    ReferenceKind.DISPUTE: "/v1/disputes",
}


class StripeApi:
    """The Stripe account that payments are made in. One a container: it keeps its connections."""

    def __init__(self, api_key: str, api_base: str, read_seconds: float | None = None) -> None:
        # Telemetry would send the latency of each call along with the next one.
        stripe.enable_telemetry = False
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=RETRIES,
            http_client=Urllib3Client(api_base, CONNECT_SECONDS, read_seconds or READ_SECONDS),
        )

    def retrieve(self, reference: Reference) -> Retrieved:
        """The purchase behind `reference` as it is now, or why Stripe did not say."""

        def purchase() -> Purchase | NoCheckoutSession | ObjectGone:
            session = unless_missing(lambda: self._session(reference) or NoCheckoutSession())
            if isinstance(session, NoCheckoutSession):
                return session
            # A session that is there is not gone for want of what belongs to it.
            return ObjectGone() if session is None else self._purchase(session)

        return asked(purchase)

    def event(self, event_id: str) -> RetrievedEvent:
        """An event of the last 30 days as Stripe keeps it, snapshot or thin, None when there is
        none."""

        def event(path: str, kind: str) -> Mapping[str, Any]:
            return checked(self._get(path_of(path, event_id)), kind)

        return asked(
            lambda: (
                unless_missing(lambda: event("/v1/events", "event"))
                or unless_missing(lambda: event("/v2/core/events", "v2.core.event"))
            )
        )

    def _session(self, reference: Reference) -> Mapping[str, Any] | None:
        if reference.kind is ReferenceKind.CHECKOUT_SESSION:
            path = path_of("/v1/checkout/sessions", reference.id)
            return checked(self._get(path, expand=list(EXPAND_SESSION)), "checkout.session")
        payment_intent = self._payment_intent(reference)
        found = payment_intent and self._list(
            "/v1/checkout/sessions",
            payment_intent=payment_intent,
            expand=[f"data.{path}" for path in EXPAND_SESSION],
        )
        return checked(found[0], "checkout.session") if found else None

    def _payment_intent(self, reference: Reference) -> str | None:
        """Thin events and old API versions name a charge, refund or dispute by its id alone."""
        if reference.kind is ReferenceKind.PAYMENT_INTENT:
            return reference.id
        path = path_of(PATHS[reference.kind], reference.id)
        return id_of(checked(self._get(path), reference.kind).get("payment_intent"))

    def _purchase(self, session: Mapping[str, Any]) -> Purchase:
        purchase = Purchase(session, self._line_items(session))
        if not purchase.charge.get("disputed"):
            return purchase
        charge_id = id_of(purchase.charge) or ""
        disputes = self._list("/v1/disputes", charge=charge_id, limit=PAGE)
        return Purchase(session, purchase.line_items, disputes)

    def _line_items(self, session: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Expanded line items are cut at ten; a session may have a hundred."""
        shown = expanded(session.get("line_items"))
        if not shown.get("has_more"):
            return listed(shown.get("data"))
        return self._list(f"/v1/checkout/sessions/{session['id']}/line_items", limit=PAGE)

    def _list(self, path: str, **parameters: Any) -> list[Mapping[str, Any]]:
        return list(listed(checked(self._get(path, **parameters), "list").get("data")))

    def _get(self, path: str, **parameters: Any) -> object:
        try:
            return self._client.raw_request("get", path, **parameters).data
        except (AttributeError, LookupError, TypeError, UnicodeDecodeError):
            # The package stumbles over errors of others, such as `{"error": "bad gateway"}`.
            raise stripe.APIError("no answer of Stripe's") from None


def path_of(path: str, object_id: str) -> str:
    """The path of one object. Two ids lead elsewhere however they are quoted, and are nobody's."""
    if object_id in (".", ".."):
        raise stripe.InvalidRequestError(  # type: ignore[no-untyped-call]
            "no object", "id", code="resource_missing"
        )
    return f"{path}/{quote(object_id, safe='')}"


def unless_missing(question: Callable[[], T]) -> T | None:
    """The answer to `question`; None when Stripe has no object of that id, named in the path or as
    a parameter. https://docs.stripe.com/error-codes#resource-missing; v2 says `not_found`.
    """
    try:
        return question()
    except stripe.InvalidRequestError as error:
        if error.code not in ("resource_missing", "not_found"):
            raise
        return None


def asked(question: Callable[[], T]) -> T | StripeUnreachable | StripeRefused:
    """The answer to `question`, or why Stripe gave none."""
    try:
        return question()
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        return StripeRefused(f"Stripe: {type(error).__name__}, check STRIPE_API_KEY")
    except stripe.InvalidRequestError as error:
        return StripeRefused(f"Stripe: {error.code or 'invalid request'}", about_object=True)
    except stripe.StripeError as error:
        status = f" (HTTP {error.http_status})" if error.http_status else ""
        why = f"Stripe: {type(error).__name__}{status}"
        return StripeUnreachable(why, answered=is_an_answer(error))


def is_an_answer(error: stripe.StripeError) -> bool:
    """Whether somebody has decided so, and it is neither an outage nor a limit nor garbage."""
    is_limit = isinstance(error, stripe.RateLimitError) or error.http_status == 429
    return 300 <= (error.http_status or 0) < 500 and not is_limit


def checked(answer: object, kind: str) -> Mapping[str, Any]:
    """The answer, when it is the kind of object that was asked for; all but a list have an id."""
    found = answer if isinstance(answer, Mapping) else NOTHING
    if found.get("object") != kind or (kind != "list" and id_of(found) is None):
        raise stripe.APIError(f"expected a {kind}", http_status=200)
    return found


class Urllib3Client(stripe.HTTPClient):
    """Carries the calls of a `StripeClient` to `base`, at half of what `requests` costs. All
    threads share the connections that it keeps; a proxy is read from the environment once."""

    name = "urllib3"

    def __init__(self, base: str, connect_seconds: float, read_seconds: float) -> None:
        super().__init__()
        address = urlsplit(base)
        proxy = getproxies().get(address.scheme)
        options: dict[str, Any] = {
            "timeout": urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            "retries": False,  # Stripe's client repeats what may be repeated
            "ca_certs": stripe.ca_bundle_path,
        }
        self._connections = (
            urllib3.ProxyManager(proxy, **options)
            if proxy and not proxy_bypass(address.netloc)
            else urllib3.PoolManager(**options)
        )

    def request(  # type: ignore[override]  # the package's own clients answer with bytes too
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The body, the status and the headers of Stripe's answer.

        Raises stripe.APIConnectionError; for a certificate or a key, trying again is of no use.
        """
        try:
            answer = self._connections.request(
                method, url, body=post_data, headers={**headers, "Accept-Encoding": "gzip"}
            )
        # A ValueError is about a key that no header can carry: foreign alphabets, a line end.
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"no connection to Stripe: {type(error).__name__}",
                should_retry=not isinstance(error, urllib3.exceptions.SSLError | ValueError),
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        """End the connections."""
        self._connections.clear()
