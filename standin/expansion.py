"""`expand[]`: replaces ids by the objects they name, to four levels, as Stripe does.

Source: https://docs.stripe.com/api/expanding_objects
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from standin.errors import ApiError, Json
from standin.store import Store

_MAX_LEVELS = 4
_INCLUDED = 10

# Fields that name an object. None: the stand-in keeps no such objects, the field is always null.
_EXPANDABLE: dict[str, dict[str, str | None]] = {
    "checkout.session": {
        "customer": "customer",
        "invoice": None,
        "payment_intent": "payment_intent",
        "payment_link": "payment_link",
        "setup_intent": None,
    },
    "payment_intent": {
        "application": None,
        "customer": "customer",
        "latest_charge": "charge",
        "on_behalf_of": None,
        "payment_method": "payment_method",
        "review": None,
    },
    "charge": {
        "application": None,
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "failure_balance_transaction": None,
        "on_behalf_of": None,
        "payment_intent": "payment_intent",
        "review": None,
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "charge"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "payment_method": {"customer": "customer"},
    "promotion_code": {"customer": "customer"},
    "promotion": {"coupon": "coupon"},
    "discounts": {"coupon": "coupon", "promotion_code": "promotion_code"},
}
_WITH_LINE_ITEMS = {"checkout.session": "checkout/sessions", "payment_link": "payment_links"}
_SOURCES = ("charge", "refund", "dispute")

Tree = dict[str, "Tree"]


def tree_of(paths: Iterable[str]) -> Tree:
    """The paths as a tree; five levels are refused with Stripe's own message."""
    tree: Tree = {}
    for path in paths:
        levels = path.split(".")
        if len(levels) > _MAX_LEVELS:
            text = f"You cannot expand more than {_MAX_LEVELS} levels of a property. "
            raise ApiError(400, f"{text}Property: {path}", param="expand")
        branch = tree
        for level in levels:
            branch = branch.setdefault(level, {})
    return tree


def expanded(store: Store, value: Json, tree: Tree, path: str = "", field_of: str = "") -> Json:
    """The object with the tree's properties replaced; the stored object stays as it is.

    A hash that is no object of its own is known by the field that it stands in (`field_of`).
    """
    if not tree:
        return value
    answer = dict(value)
    for field, below in tree.items():
        found = _field(store, value.get("object", field_of), value, field, f"{path}{field}")
        answer[field] = _expanded_below(store, found, field, below, f"{path}{field}.")
    return answer


def _expanded_below(store: Store, found: Any, field: str, below: Tree, path: str) -> Any:
    if isinstance(found, list):
        return [expanded(store, each, below, path, field) for each in found]
    if isinstance(found, dict):
        return expanded(store, found, below, path, field)
    return found


def _field(store: Store, kind: str, value: Json, field: str, path: str) -> Any:
    included = _included_list(store, kind, value, field)
    if included is not None:
        return included
    if field in _EXPANDABLE.get(kind, {}):
        return _referenced(store, kind, value, field)
    if isinstance(value.get(field), dict | list):
        return value[field]
    raise ApiError(400, f"This property cannot be expanded ({path}).", param="expand")


def _referenced(store: Store, kind: str, value: Json, field: str) -> Any:
    reference = value.get(field)
    target = _EXPANDABLE[kind][field]
    if target is None or not isinstance(reference, str):
        return reference
    if kind == "balance_transaction":
        found = (store.find(each, reference) for each in _SOURCES)
        return next((source for source in found if source is not None), reference)
    return store.find(target, reference) or store.deleted.get(reference)


def _included_list(store: Store, kind: str, value: Json, field: str) -> Json | None:
    """Lists that an object has only when asked for, at most ten entries of them."""
    if kind in _WITH_LINE_ITEMS and field == "line_items":
        url = f"/v1/{_WITH_LINE_ITEMS[kind]}/{value['id']}/line_items"
        return _first_page(store.line_items[value["id"]], url)
    if kind == "charge" and field == "refunds":
        refunds = store.referring("refund", "charge", value["id"])[::-1]
        return _first_page(refunds, f"/v1/charges/{value['id']}/refunds")
    return None


def _first_page(entries: list[Json], url: str) -> Json:
    return {
        "object": "list",
        "data": entries[:_INCLUDED],
        "has_more": len(entries) > _INCLUDED,
        "url": url,
    }
