"""Coupons and promotion codes: what they take off, and when they are refused."""

from __future__ import annotations

import pytest

from standin import IllegalMove
from standin.tests.builders import PAID, Clock
from standin.tests.calling import Caller, Json, session_params


@pytest.mark.parametrize(
    ("coupon", "discount"),
    [
        ({"percent_off": 25}, 1225),
        ({"percent_off": "33.3"}, 1632),
        ({"percent_off": 100}, 4900),
        ({"percent_off": None, "amount_off": 900, "currency": "usd"}, 900),
        ({"percent_off": None, "amount_off": 9999, "currency": "usd"}, 4900),
    ],
    ids=str,
)
def test_a_coupon_takes_off_what_it_says(caller: Caller, coupon: Json, discount: int) -> None:
    params = {name: each for name, each in {"percent_off": 1, **coupon}.items() if each is not None}
    discounts = [{"coupon": caller.post("coupons", params)["id"]}]
    session = caller.session(discounts=discounts, expand=["line_items"])
    [item] = session["line_items"]["data"]
    assert session["total_details"]["amount_discount"] == discount
    assert (session["amount_subtotal"], session["amount_total"]) == (4900, 4900 - discount)
    assert (item["amount_discount"], item["amount_total"]) == (discount, 4900 - discount)


def test_what_is_left_after_a_coupon_is_what_is_charged(caller: Caller) -> None:
    account = caller.account
    session_id = caller.session(discounts=[{"coupon": caller.coupon()}])["id"]
    account.complete(session_id)
    assert account.session(session_id, PAID)["payment_intent"]["latest_charge"]["amount"] == 3675


def test_a_promotion_code_shows_its_coupon_and_counts_its_uses(caller: Caller) -> None:
    coupon = caller.coupon()
    code = caller.promotion_code(coupon, code="SPRING", max_redemptions=1)["id"]
    session = caller.session(discounts=[{"promotion_code": code}])
    caller.account.complete(session["id"])
    used = caller.get(f"promotion_codes/{code}")
    assert session["discounts"] == [{"coupon": coupon, "promotion_code": code}]
    assert (used["times_redeemed"], used["active"]) == (1, False)
    assert caller.get(f"coupons/{coupon}")["times_redeemed"] == 1


@pytest.mark.parametrize("use", ["max_redemptions", "redeem_by"])
def test_a_coupon_that_is_over_is_refused(caller: Caller, clock: Clock, use: str) -> None:
    limit = 1 if use == "max_redemptions" else int(clock.now) + 60
    discounts = [{"coupon": caller.coupon(**{use: limit})}]
    caller.account.complete(caller.session(discounts=discounts)["id"])
    clock.now += 60
    error = caller.refused("checkout/sessions", session_params(discounts=discounts))
    assert error["code"] == "coupon_expired"


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"restrictions": {"minimum_amount": 4901, "minimum_amount_currency": "usd"}},
        {"restrictions": {"minimum_amount": 1, "minimum_amount_currency": "eur"}},
    ],
    ids=str,
)
def test_a_promotion_code_that_is_not_for_this_purchase_is_refused(
    caller: Caller, changes: Json
) -> None:
    code = caller.promotion_code(**changes)["id"]
    params = session_params(discounts=[{"promotion_code": code}])
    assert caller.refused("checkout/sessions", params)["param"] == "discounts[0][promotion_code]"


def test_a_coupon_of_another_currency_is_refused(caller: Caller) -> None:
    coupon = caller.post("coupons", {"amount_off": 100, "currency": "eur"})["id"]
    params = session_params(discounts=[{"coupon": coupon}])
    assert caller.refused("checkout/sessions", params)["param"] == "discounts[0][coupon]"


def test_a_discount_may_not_leave_less_than_can_be_charged(caller: Caller) -> None:
    coupon = caller.post("coupons", {"amount_off": 4851, "currency": "usd"})["id"]
    params = session_params(discounts=[{"coupon": coupon}])
    assert caller.refused("checkout/sessions", params)["code"] == "amount_too_small"


def test_a_buyer_types_a_promotion_code(caller: Caller) -> None:
    account = caller.account
    caller.promotion_code(code="SPRING")
    session_id = caller.session(allow_promotion_codes=True)["id"]
    with pytest.raises(IllegalMove):
        account.enter_promotion_code(session_id, "AUTUMN")
    assert account.enter_promotion_code(session_id, "spring")["amount_total"] == 3675
