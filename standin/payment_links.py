"""Payment links: an address of which every visit opens a Checkout session of its own.

Shape: https://docs.stripe.com/api/payment_links/object
"""

from __future__ import annotations

from collections.abc import Mapping

from standin import checkout, discounts, published
from standin.calls import Parameters
from standin.errors import IllegalMove, Json
from standin.line_items import Line, check_lines, line_item, read_lines
from standin.payment_intents import DESCRIBED
from standin.store import Store

_MOST_LINES = 20
_CUSTOM_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
DEFAULTS: Json = {
    "active": True,
    "after_completion": {
        "hosted_confirmation": {"custom_message": None},
        "type": "hosted_confirmation",
    },
    "billing_address_collection": "auto",
    "custom_text": dict.fromkeys(_CUSTOM_TEXTS),
    "customer_creation": "if_required",
    "payment_method_collection": "always",
    "submit_type": "auto",
}
# What a link's sessions show as the link has it.
_OF_THE_SESSION = (
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_creation",
    "name_collection",
    "optional_items",
    "payment_method_collection",
    "phone_number_collection",
    "shipping_address_collection",
    "submit_type",
    "tax_id_collection",
)
# What a link shows as it was sent.
SHOWN = (
    *_OF_THE_SESSION,
    "after_completion",
    "inactive_message",
    "invoice_creation",
    "managed_payments",
    "payment_intent_data",
    "payment_method_options",
    "payment_method_types",
    "restrictions",
)


def complete(store: Store, given: Parameters, new: Json) -> list[Json]:
    """A link by `POST /v1/payment_links`; answers the products and prices made with it."""
    before: list[Json] = []
    lines = read_lines(store, given, before)
    recurring = any(line.price["recurring"] for line in lines)
    mode = "subscription" if recurring else "payment"
    new["currency"] = check_lines(lines, mode, given.take("currency"), _MOST_LINES)
    for each in new["custom_fields"]:
        each.setdefault(each["type"], {})
    new["url"] = store.link_url + new["id"]
    products = {each["id"]: each for each in before if each["object"] == "product"}
    store.line_items[new["id"]] = [line_item(store, line, products) for line in lines]
    return before


def open_session(store: Store, link_id: str, visit: Mapping[str, str]) -> Json:
    """A session for one visit. `visit` may have the address's parameters.

    Source: https://docs.stripe.com/payment-links/url-parameters
    """
    link = store.get("payment_link", link_id)
    if not link["active"] or _used_up(store, link):
        raise IllegalMove(link["inactive_message"] or "This link is no longer active.")
    data = link["payment_intent_data"] or {}
    code = discounts.by_code(store, visit.get("prefilled_promo_code", ""))
    lines = [
        Line(item["price"], item["quantity"], {"adjustable_quantity": item["adjustable_quantity"]})
        for item in store.line_items[link["id"]]
    ]
    recurring = any(line.price["recurring"] for line in lines)
    order = checkout.Order(
        lines=lines,
        currency=link["currency"],
        mode="subscription" if recurring else "payment",
        customer_email=visit.get("prefilled_email"),
        metadata=link["metadata"],
        payment_intent_metadata=data.get("metadata"),
        payment_method_types=link["payment_method_types"] or ("card",),
        capture_method=data.get("capture_method") or "automatic_async",
        discounts=[discounts.of_promotion_code(code)] if code else [],
        shown=_shown(link, visit),
        intent={name: data[name] for name in DESCRIBED if name in data},
    )
    return checkout.create(store, order)


def _shown(link: Json, visit: Mapping[str, str]) -> Json:
    given = {name: link[name] for name in _OF_THE_SESSION if name in link}
    redirect = link["after_completion"].get("redirect") or {}
    return {
        **published.shown("checkout.session", given, before=checkout.blank_session()),
        "client_reference_id": visit.get("client_reference_id"),
        "payment_link": link["id"],
        "success_url": redirect.get("url"),
    }


def _used_up(store: Store, link: Json) -> bool:
    limit = ((link["restrictions"] or {}).get("completed_sessions") or {}).get("limit")
    sessions = store.referring("checkout.session", "payment_link", link["id"])
    done = sum(session["status"] == "complete" for session in sessions)
    return limit is not None and done >= limit
