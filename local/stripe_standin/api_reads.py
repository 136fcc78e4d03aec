"""The API's GET requests: retrieve and list, each with expansion.

Source: https://docs.stripe.com/api, the "Retrieve" and "List all" pages of each resource.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.stripe_standin import expansion, listing
from local.stripe_standin.delivery import thin_event
from local.stripe_standin.errors import ApiError, Json, resource_missing
from local.stripe_standin.parameters import Parameters
from local.stripe_standin.store import Store

_EVENTS_REACH_BACK_SECONDS = 30 * 24 * 3600
_SESSION_STATUSES = ("open", "complete", "expired")
_MAX_TYPES = 20


@dataclass(frozen=True)
class Resource:
    """How one type of object is reached: the path's param name in errors, and its filters."""

    object_type: str
    param: str = "id"
    references: tuple[str, ...] = ()
    equal: tuple[tuple[str, tuple[str, ...]], ...] = ()
    listed: bool = True


_ACTIVE = (("active", ("true", "false")),)
RESOURCES = {
    "checkout/sessions": Resource(
        "checkout.session",
        "session",
        ("payment_intent",),
        (("status", _SESSION_STATUSES),),
    ),
    "payment_intents": Resource("payment_intent", "intent"),
    "payment_methods": Resource("payment_method", "payment_method", listed=False),
    "charges": Resource("charge", "id", ("payment_intent",)),
    "refunds": Resource("refund", "refund", ("charge", "payment_intent")),
    "disputes": Resource("dispute", "dispute", ("charge", "payment_intent")),
    "balance_transactions": Resource("balance_transaction", "id", ("source",)),
    "events": Resource("event", "id"),
    "prices": Resource("price", "price", ("product",), _ACTIVE),
    "products": Resource("product", "id", (), _ACTIVE),
    "webhook_endpoints": Resource("webhook_endpoint", "webhook_endpoint"),
}


def retrieve(store: Store, resource: Resource, object_id: str, given: Parameters) -> Json:
    tree = expansion.tree_of(given.texts("expand"))
    given.finish()
    found = store.find(resource.object_type, object_id)
    if found is None or not _in_reach(store, resource)(found):
        raise resource_missing(resource.object_type, object_id, resource.param)
    return expansion.expanded(store, found, tree)


def list_all(store: Store, name: str, resource: Resource, given: Parameters) -> Json:
    tree = expansion.tree_of(given.texts("expand"))
    cursor = listing.cursor_of(given)
    keeps = [_in_reach(store, resource), listing.created_filter(given)]
    keeps += [_equals(given, field, allowed) for field, allowed in resource.equal]
    keeps += [_refers(given, field) for field in resource.references[1:]]
    if resource.object_type == "event":
        keeps.append(_event_filter(given))
    table = store.tables[resource.object_type]
    reference = resource.references[0] if resource.references else None
    value = given.text(reference) if reference is not None else None
    given.finish()
    ids = table.ids(reference, value)
    page = listing.page(table, ids, cursor, _all_of(keeps), f"/v1/{name}")
    return expansion.expanded(store, page, tree)


def line_items(store: Store, session_id: str, given: Parameters) -> Json:
    """`GET /v1/checkout/sessions/{id}/line_items`, in the order of the session."""
    tree = expansion.tree_of(given.texts("expand"))
    cursor = listing.cursor_of(given)
    given.finish()
    if store.find("checkout.session", session_id) is None:
        raise resource_missing("checkout.session", session_id, "session")
    url = f"/v1/checkout/sessions/{session_id}/line_items"
    return expansion.expanded(
        store, listing.page_of(store.line_items[session_id], cursor, url), tree
    )


def core_event(store: Store, event_id: str) -> Json:
    """`GET /v2/core/events/{id}`: the thin event in full."""
    found = store.find("event", event_id)
    if found is None:
        raise ApiError(404, f"No such event: '{event_id}'", code="not_found")
    return thin_event(found)


def _in_reach(store: Store, resource: Resource) -> Callable[[Json], bool]:
    """Events are kept for 30 days. Source: https://docs.stripe.com/api/events"""
    if resource.object_type != "event":
        return lambda _found: True
    oldest = store.now() - _EVENTS_REACH_BACK_SECONDS
    return lambda found: bool(found["created"] >= oldest)


def _equals(given: Parameters, field: str, allowed: tuple[str, ...]) -> Callable[[Json], bool]:
    wanted = given.one_of(field, allowed)
    value: object = wanted == "true" if allowed == ("true", "false") else wanted
    return lambda found: wanted is None or found[field] == value


def _refers(given: Parameters, field: str) -> Callable[[Json], bool]:
    wanted = given.text(field)
    return lambda found: wanted is None or found[field] == wanted


def _event_filter(given: Parameters) -> Callable[[Json], bool]:
    one, several = given.text("type"), given.texts("types")
    if one is not None and several:
        raise given.invalid("types", "You may only specify one of these: type, types.", None)
    if len(several) > _MAX_TYPES:
        raise given.invalid("types", f"Array must have at most {_MAX_TYPES} elements.", None)
    success = given.flag("delivery_success")

    def keep(found: Json) -> bool:
        delivered = found["pending_webhooks"] == 0
        return (
            (one is None or _matches(found["type"], one))
            and (not several or found["type"] in several)
            and (success is None or delivered == success)
        )

    return keep


def _matches(event_type: str, pattern: str) -> bool:
    """`charge.*` stands for all types of charge events."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def _all_of(keeps: list[Callable[[Json], bool]]) -> Callable[[Json], bool]:
    return lambda found: all(keep(found) for keep in keeps)
