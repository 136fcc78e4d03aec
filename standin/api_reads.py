"""The API's GET requests: retrieve and list.

Source: https://docs.stripe.com/api, the "Retrieve" and "List all" pages of each resource.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standin import listing
from standin.calls import Call, Handler, Work, named
from standin.delivery import thin_event
from standin.errors import ApiError, Json, resource_missing
from standin.parameters import Parameters
from standin.resources import Resource
from standin.store import Store

_EVENTS_REACH_BACK_SECONDS = 30 * 24 * 3600
_MAX_TYPES = 20


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
        keeps += [_has(resource.filters[param].split("."), wanted[param]) for param in wanted]
        table = store.tables[resource.object_type]
        ids = table.ids()
        for param in wanted:
            if param in table.indexed:
                ids = table.ids(param, wanted[param])
        return lambda: listing.page(table, ids, cursor, _all_of(keeps), f"/v1/{name}")

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


def _has(path: list[str], wanted: Any) -> Callable[[Json], bool]:
    return lambda found: _agrees(found, path, wanted)


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


def _all_of(keeps: list[Callable[[Json], bool]]) -> Callable[[Json], bool]:
    return lambda found: all(keep(found) for keep in keeps)
