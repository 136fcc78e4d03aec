"""What Stripe refuses about the parameters of a Checkout session that do not go together.

Source: https://docs.stripe.com/api/checkout/sessions/create
"""

from __future__ import annotations

from collections.abc import Sequence

from standin.errors import invalid, missing
from standin.parameters import Parameters

# The names of before 2026-03-25.dahlia are still sent by older programs.
_RENAMED = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}
_MODES = {
    "line_items": ("payment", "subscription"),
    "payment_intent_data": ("payment",),
    "setup_intent_data": ("setup",),
    "submit_type": ("payment", "subscription"),
    "subscription_data": ("subscription",),
}
# Ways to pay that never lead the buyer to another site.
_STAYING = frozenset(
    ("acss_debit", "au_becs_debit", "card", "link", "sepa_debit", "us_bank_account")
)
_SOONEST_SECONDS, _LATEST_SECONDS = 30 * 60, 24 * 3600
_MOST_CUSTOM_FIELDS = 3


def ui_mode(given: Parameters) -> str:
    name: str = given.take("ui_mode", "hosted_page")
    return _RENAMED.get(name, name)


def check(given: Parameters, mode: str, shown_as: str, ways: Sequence[str], now: int) -> None:
    """Raise for what does not go together. `ways` are the payment method types asked for."""
    _check_together(given, mode)
    _check_addresses(given, shown_as, ways)
    _check_expiry(given.peek("expires_at"), now)
    if mode != "setup" and not given.count("line_items"):
        raise missing("line_items")


def _check_together(given: Parameters, mode: str) -> None:
    """Raise for parameters that exclude each other, or that the mode does not have."""
    given.at_most_one("customer", "customer_email")
    given.at_most_one("customer", "customer_creation")
    given.at_most_one("allow_promotion_codes", "discounts")
    for name, modes in _MODES.items():
        if name in given and mode not in modes:
            raise given.invalid(name, f"You can not pass `{name}` in `{mode}` mode.")
    if "customer_update" in given and "customer" not in given:
        message = "`customer_update` can only be used with `customer`."
        raise given.invalid("customer_update", message)
    if given.count("custom_fields") > _MOST_CUSTOM_FIELDS:
        message = f"Array must have at most {_MOST_CUSTOM_FIELDS} elements."
        raise given.invalid("custom_fields", message)


def _check_addresses(given: Parameters, shown_as: str, ways: Sequence[str]) -> None:
    """Raise unless the session knows where its buyer goes, as its UI mode wants it."""
    if shown_as == "hosted_page":
        _refuse(given, shown_as, "return_url", "redirect_on_completion")
        given.needs("success_url")
        return
    _refuse(given, shown_as, "success_url", "cancel_url")
    if shown_as != "embedded_page":
        _refuse(given, shown_as, "redirect_on_completion")
    never = given.peek("redirect_on_completion") == "never"
    if never and "return_url" in given:
        message = "`return_url` can not be used with `redirect_on_completion` set to `never`."
        raise given.invalid("return_url", message)
    if not never and not (ways and _STAYING.issuperset(ways)):
        given.needs("return_url")


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at < now + _SOONEST_SECONDS:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
        raise invalid("expires_at", f"{message} creation.")
    if expires_at is not None and expires_at > now + _LATEST_SECONDS:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session"
        raise invalid("expires_at", f"{message} creation.")


def _refuse(given: Parameters, shown_as: str, *names: str) -> None:
    for name in names:
        if name in given:
            message = f"You can not pass `{name}` with `ui_mode` set to `{shown_as}`."
            raise given.invalid(name, message)
