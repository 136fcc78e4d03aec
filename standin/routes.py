"""What the stand-in does at which address. Whatever else Stripe has, it says that it lacks.

What the table of resources says is created, changed, deleted, retrieved and listed here.
A route is a method and a path, with `{}` for each id. Source: https://docs.stripe.com/api
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from standin import checkout_calls, disputes, listing, payment_intents, refunds
from standin.calls import Call, Handler, Parameters, Work, named
from standin.delivery import thin_event
from standin.errors import ApiError, Json, invalid, resource_missing
from standin.published import shown
from standin.resources import RESOURCES, Resource
from standin.store import Store

_EVENTS_REACH_BACK_SECONDS = 30 * 24 * 3600
_MAX_TYPES = 20
# Shape: https://docs.stripe.com/api/accounts/object
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


def creating(resource: Resource) -> Handler:
    def create(store: Store, call: Call) -> Work:
        given = shown(resource.object_type, call.given.given(*resource.creates))
        fields = {"metadata": call.given.metadata(), **resource.defaults, **given}
        new = store.new(resource.object_type, **fields)
        if new["id"] and store.find(resource.object_type, new["id"]) is not None:
            message = f"{resource.object_type.capitalize()} already exists."
            raise invalid("id", message, "resource_already_exists")
        new["id"] = new["id"] or store.ids.new(resource.prefix)
        before = resource.prepare(store, call.given, new) if resource.prepare else []

        def work() -> Json:
            for each in before:
                store.add(each)
            store.add(new)
            store.record(f"{resource.events}.created", new)
            return new

        return work

    return create


def updating(resource: Resource) -> Handler:
    def update(store: Store, call: Call) -> Work:
        [object_id] = call.ids
        found = named(store, resource.object_type, object_id, resource.param)
        given = call.given.given(*resource.updates)
        changes = shown(resource.object_type, given, before=found)
        changes["metadata"] = call.given.changed_metadata(found["metadata"])
        if "updated" in found:
            changes["updated"] = store.now()

        def work() -> Json:
            store.update(found, **changes)
            if resource.events:
                store.record(f"{resource.events}.updated", found)
            return found

        return work

    return update


def deleting(resource: Resource) -> Handler:
    def delete(store: Store, call: Call) -> Work:
        [object_id] = call.ids
        found = named(store, resource.object_type, object_id, resource.param)

        def work() -> Json:
            store.delete(found)
            store.record(f"{resource.events}.deleted", found)
            return {"id": object_id, "object": resource.object_type, "deleted": True}

        return work

    return delete


def retrieving(resource: Resource) -> Handler:
    def retrieve(store: Store, call: Call) -> Work:
        [object_id] = call.ids
        found = store.find(resource.object_type, object_id) or store.deleted.get(object_id)
        if found is None or not _in_reach(store, resource)(found):
            raise resource_missing(resource.object_type, object_id, resource.param)
        return lambda: found

    return retrieve


def listing_all(name: str, resource: Resource) -> Handler:
    def list_all(store: Store, call: Call) -> Work:
        given = call.given
        cursor = listing.cursor_of(given)
        keeps = [_in_reach(store, resource), listing.created_filter(given)]
        if resource.object_type == "event":
            keeps.append(_event_filter(given))
        wanted = given.given(*resource.filters)
        for param, value in wanted.items():
            path = resource.filters[param].split(".")
            keeps.append(partial(_agrees, path=path, wanted=value))
        table = store.tables[resource.object_type]
        ids = table.ids()
        for param in wanted:
            if param in table.indexed:
                ids = table.ids(param, wanted[param])

        def keep(found: Json) -> bool:
            return all(each(found) for each in keeps)

        return lambda: listing.page(table, ids, cursor, keep, f"/v1/{name}")

    return list_all


def line_items(name: str, object_type: str, param: str) -> Handler:
    """`GET /v1/checkout/sessions/{id}/line_items` and a payment link's, in their own order."""

    def list_items(store: Store, call: Call) -> Work:
        [object_id] = call.ids
        cursor = listing.cursor_of(call.given)
        named(store, object_type, object_id, param)
        url = f"/v1/{name}/{object_id}/line_items"
        return lambda: listing.page_of(store.line_items[object_id], cursor, url)

    return list_items


def core_event(store: Store, call: Call) -> Work:
    """`GET /v2/core/events/{id}`: the thin event in full."""
    [event_id] = call.ids
    found = store.find("event", event_id)
    if found is None:
        raise ApiError(404, f"No such event: '{event_id}'", code="not_found")
    return lambda: thin_event(found)


def _in_reach(store: Store, resource: Resource) -> Callable[[Json], bool]:
    """Events are kept for 30 days. Source: https://docs.stripe.com/api/events"""
    if resource.object_type != "event":
        return lambda _found: True
    oldest = store.now() - _EVENTS_REACH_BACK_SECONDS
    return lambda found: bool(found["created"] >= oldest)


def _agrees(found: Any, path: list[str], wanted: Any) -> bool:
    """Whether a field is what is wanted: one of a list, or a hash with these values in it."""
    for name in path:
        found = (found or {}).get(name)
    if isinstance(wanted, dict):
        return all(_agrees(found, [name], value) for name, value in wanted.items())
    return found in wanted if isinstance(wanted, list) else bool(found == wanted)


def _event_filter(given: Parameters) -> Callable[[Json], bool]:
    given.at_most_one("type", "types")
    one, several = given.take("type"), given.take("types", [])
    if len(several) > _MAX_TYPES:
        raise given.invalid("types", f"Array must have at most {_MAX_TYPES} elements.")
    success = given.take("delivery_success")

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


def _of(name: str, resource: Resource) -> Iterator[tuple[str, Handler]]:
    """The routes that the table of resources says."""
    yield f"GET /v1/{name}/{{}}", retrieving(resource)
    if resource.listed:
        yield f"GET /v1/{name}", listing_all(name, resource)
    if resource.creates:
        yield f"POST /v1/{name}", creating(resource)
    if resource.updates or resource.events:
        yield f"POST /v1/{name}/{{}}", updating(resource)
    if resource.deleted:
        yield f"DELETE /v1/{name}/{{}}", deleting(resource)


_SESSIONS, _LINKS = "checkout/sessions", "payment_links"
ROUTES: dict[str, Handler] = {
    **{route: handler for each in RESOURCES.items() for route, handler in _of(*each)},
    "GET /v1/account": lambda _store, _call: lambda: _ACCOUNT,
    f"GET /v1/{_SESSIONS}/{{}}/line_items": line_items(_SESSIONS, "checkout.session", "session"),
    f"GET /v1/{_LINKS}/{{}}/line_items": line_items(_LINKS, "payment_link", "payment_link"),
    "GET /v2/core/events/{}": core_event,
    f"POST /v1/{_SESSIONS}": checkout_calls.create_session,
    f"POST /v1/{_SESSIONS}/{{}}": checkout_calls.update_session,
    f"POST /v1/{_SESSIONS}/{{}}/expire": checkout_calls.expire_session,
    "POST /v1/disputes/{}": disputes.update_call,
    "POST /v1/disputes/{}/close": disputes.close_call,
    "POST /v1/payment_intents/{}/cancel": payment_intents.cancel_call,
    "POST /v1/payment_intents/{}/capture": payment_intents.capture_call,
    "POST /v1/refunds": refunds.create_call,
}
