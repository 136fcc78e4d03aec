"""Coupons and promotion codes: what makes one valid, and what it takes off an amount.

Shapes: https://docs.stripe.com/api/coupons/object,
https://docs.stripe.com/api/promotion_codes/object
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from standin import money
from standin.calls import Parameters, named
from standin.errors import IllegalMove, Json, invalid, lacking, missing
from standin.store import Store

_CODE_LENGTH = 8


def complete_coupon(store: Store, given: Parameters, new: Json) -> list[Json]:
    """Source: https://docs.stripe.com/api/coupons/create"""
    if (new["percent_off"] is None) == (new["amount_off"] is None):
        message = "Must provide one of percent_off or amount_off."
        raise given.invalid("percent_off", message, "parameter_missing")
    percent, amount = new["percent_off"], new["amount_off"]
    if percent is not None and not 0 < percent <= 100:
        raise given.invalid("percent_off", "Invalid percent_off: must be above 0, at most 100.")
    if amount is not None and amount <= 0:
        message = "This value must be greater than or equal to 1."
        raise given.invalid("amount_off", message, "parameter_invalid_integer")
    if amount is not None and new["currency"] is None:
        raise missing("currency")
    if (new["duration"] == "repeating") != (new["duration_in_months"] is not None):
        message = "duration_in_months is for the duration repeating, which needs it."
        raise given.invalid("duration_in_months", message)
    new["id"] = new["id"] or store.ids.new("", _CODE_LENGTH)
    return []


def complete_promotion_code(store: Store, given: Parameters, new: Json) -> list[Json]:
    """Source: https://docs.stripe.com/api/promotion_codes/create"""
    coupon_id = new["promotion"]["coupon"]
    if coupon_id is None:
        raise missing("promotion[coupon]")
    named(store, "coupon", coupon_id, "promotion[coupon]", 400)
    if new["customer"] is not None:
        named(store, "customer", new["customer"], "customer", 400)
    new["code"] = new["code"] or store.ids.new("", _CODE_LENGTH).upper()
    if any(_is_this(each, new["code"]) for each in store.all("promotion_code")):
        raise given.invalid("code", "An active promotion code with this code already exists.")
    return []


def read(store: Store, given: Parameters) -> list[Json]:
    """The `discounts` of a session: at most one, a coupon or a promotion code."""
    groups = given.groups("discounts")
    if len(groups) > 1:
        raise invalid("discounts", "Only one discount can be applied to a Checkout Session.")
    return [_read_one(store, each) for each in groups]


def by_code(store: Store, code: str) -> Json | None:
    """The active promotion code that a buyer has typed."""
    return next((each for each in store.all("promotion_code") if _is_this(each, code)), None)


def of_promotion_code(promotion_code: Json) -> Json:
    """A session's discount by a promotion code."""
    return {
        "coupon": promotion_code["promotion"]["coupon"],
        "promotion_code": promotion_code["id"],
    }


def minor(
    store: Store, discounts: list[Json], subtotal_minor: int, currency: str, customer: str | None
) -> int:
    """What the discounts take off; IllegalMove where one cannot be used for this purchase."""
    return sum(_minor_of(store, each, subtotal_minor, currency, customer) for each in discounts)


def redeem(store: Store, discounts: list[Json]) -> None:
    """A purchase with these discounts is done: they may be used once less."""
    for discount in discounts:
        for object_type in ("coupon", "promotion_code"):
            used = store.find(object_type, discount[object_type])
            if used is not None:
                store.update(used, times_redeemed=used["times_redeemed"] + 1)
                if used["times_redeemed"] == used["max_redemptions"]:
                    store.update(used, **{"valid" if object_type == "coupon" else "active": False})


def _read_one(store: Store, given: Parameters) -> Json:
    given.at_most_one("coupon", "promotion_code")
    coupon_id, code_id = given.take("coupon"), given.take("promotion_code")
    given.finish()
    if code_id is not None:
        found = named(store, "promotion_code", code_id, given.name("promotion_code"), 400)
        return of_promotion_code(found)
    if coupon_id is None:
        raise missing(given.name("coupon"))
    named(store, "coupon", coupon_id, given.name("coupon"), 400)
    return {"coupon": coupon_id, "promotion_code": None}


def _minor_of(
    store: Store, discount: Json, subtotal_minor: int, currency: str, customer: str | None
) -> int:
    coupon = store.get("coupon", discount["coupon"])
    if not coupon["valid"] or _over(store, coupon["redeem_by"]):
        param = "discounts[0][coupon]"
        raise IllegalMove(f"Coupon expired: {coupon['id']}", "coupon_expired", param)
    code = store.find("promotion_code", discount["promotion_code"])
    reason = code and _refusal(store, code, subtotal_minor, currency, customer)
    if code and reason:
        message = f"The promotion code {code['code']} {reason}."
        raise IllegalMove(message, param="discounts[0][promotion_code]")
    if coupon["amount_off"] is None:
        part = Decimal(str(coupon["percent_off"])) / 100
        return int((subtotal_minor * part).to_integral_value(ROUND_HALF_UP))
    if coupon["currency"] != currency:
        message = f"The coupon {coupon['id']} is in {coupon['currency']}, not in {currency}."
        raise IllegalMove(message, param="discounts[0][coupon]")
    return min(int(coupon["amount_off"]), subtotal_minor)


def _refusal(
    store: Store, code: Json, subtotal_minor: int, currency: str, customer: str | None
) -> str | None:
    """Why the promotion code is not for this purchase; None if it is."""
    rules = code["restrictions"]
    least, of_currency = rules["minimum_amount"], rules["minimum_amount_currency"]
    if rules["first_time_transaction"]:
        raise lacking("promotion codes that are for a first purchase only")
    if not code["active"] or _over(store, code["expires_at"]):
        return "is no longer active"
    if code["customer"] not in (None, customer):
        return "is another customer's"
    if least is not None and (of_currency != currency or subtotal_minor < least):
        return f"needs {money.display(least, of_currency)} at least"
    return None


def _over(store: Store, moment: int | None) -> bool:
    return moment is not None and moment <= store.now()


def _is_this(promotion_code: Json, code: str) -> bool:
    return bool(promotion_code["active"]) and promotion_code["code"].lower() == code.lower()
