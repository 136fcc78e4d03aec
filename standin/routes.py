"""What the stand-in does at which address. Whatever else Stripe has, it says that it lacks.

A route is a method and a path, with `{}` for each id.
"""

from __future__ import annotations

from collections.abc import Iterator

from standin import api_reads, api_writes, payment_calls, session_calls
from standin.calls import Call, Handler, Work
from standin.errors import Json
from standin.resources import RESOURCES, Resource
from standin.store import Store

_ACCOUNT: Json = {
    "id": "acct_1Standin00000000",
    "object": "account",
    "business_profile": None,
    "business_type": "company",
    "charges_enabled": True,
    "country": "US",
    "default_currency": "usd",
    "details_submitted": True,
    "email": "till@example.com",
    "payouts_enabled": True,
    "type": "standard",
}


def _account(_store: Store, _call: Call) -> Work:
    """Shape: https://docs.stripe.com/api/accounts/object"""
    return lambda: _ACCOUNT


def _of(name: str, resource: Resource) -> Iterator[tuple[str, Handler]]:
    """The routes that the table of resources says."""
    yield f"GET /v1/{name}/{{}}", api_reads.retrieving(resource)
    if resource.listed:
        yield f"GET /v1/{name}", api_reads.listing_all(name, resource)
    if resource.creates:
        yield f"POST /v1/{name}", api_writes.creating(resource)
    if resource.updates or resource.events:
        yield f"POST /v1/{name}/{{}}", api_writes.updating(resource)
    if resource.deleted:
        yield f"DELETE /v1/{name}/{{}}", api_writes.deleting(resource)


_SESSIONS, _LINKS = "checkout/sessions", "payment_links"
ROUTES: dict[str, Handler] = {
    **{route: handler for each in RESOURCES.items() for route, handler in _of(*each)},
    "GET /v1/account": _account,
    f"GET /v1/{_SESSIONS}/{{}}/line_items": api_reads.line_items(
        _SESSIONS, "checkout.session", "session"
    ),
    f"GET /v1/{_LINKS}/{{}}/line_items": api_reads.line_items(
        _LINKS, "payment_link", "payment_link"
    ),
    "GET /v2/core/events/{}": api_reads.core_event,
    f"POST /v1/{_SESSIONS}": session_calls.create_session,
    f"POST /v1/{_SESSIONS}/{{}}": session_calls.update_session,
    f"POST /v1/{_SESSIONS}/{{}}/expire": session_calls.expire_session,
    "POST /v1/disputes/{}": payment_calls.update_dispute,
    "POST /v1/disputes/{}/close": payment_calls.close_dispute,
    "POST /v1/payment_intents/{}/cancel": payment_calls.cancel_intent,
    "POST /v1/payment_intents/{}/capture": payment_calls.capture_intent,
    "POST /v1/refunds": payment_calls.create_refund,
}
