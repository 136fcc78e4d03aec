"""The API's creations, changes and deletions, as the table of resources has them."""

from __future__ import annotations

from typing import Any

from standin import shapes
from standin.calls import Call, Handler, Work, named
from standin.errors import Json, invalid
from standin.resources import Resource
from standin.store import Store
from standin.typed import check_metadata


def creating(resource: Resource) -> Handler:
    def create(store: Store, call: Call) -> Work:
        shown = shapes.shown(resource.object_type, call.given.given(*resource.creates))
        new = shapes.blank(resource.object_type) | {"livemode": store.livemode}
        if "created" in new:
            new["created"] = store.now()
        new |= {"metadata": call.given.metadata(), **resource.defaults, **shown}
        _check_id(store, resource, new["id"])
        new["id"] = new["id"] or store.ids.new(resource.prefix)
        prepare = resource.prepare
        before = prepare(store, call.given, new) if prepare else []

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
        changes = shapes.shown(
            resource.object_type, call.given.given(*resource.updates), before=found
        )
        if "metadata" in call.given:
            changes["metadata"] = merged(found["metadata"], call.given.take("metadata"))

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


def merged(before: Json, given: Any) -> Json:
    """Metadata with a change: an empty value takes its key away, an empty text takes all.

    Source: https://docs.stripe.com/api/metadata
    """
    if not given:
        return {}
    after = {key: value for key, value in {**before, **given}.items() if value != ""}
    check_metadata(after, "metadata")
    return after


def _check_id(store: Store, resource: Resource, object_id: str) -> None:
    if object_id and store.find(resource.object_type, object_id) is not None:
        message = f"{resource.object_type.capitalize()} already exists."
        raise invalid("id", message, "resource_already_exists")
