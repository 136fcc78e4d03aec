"""Payment links: what one shows, and the sessions that its visits open."""

from __future__ import annotations

import pytest

from standin.tests.calling import Caller, Json, a_line
from standin.tests.openapi_schemas import errors_of


def test_a_links_visit_is_a_session_with_what_the_link_says(caller: Caller) -> None:
    account = caller.account
    caller.promotion_code(caller.coupon(percent_off=10), code="SPRING")
    link = caller.post(
        "payment_links",
        {
            "line_items": [a_line()],
            "metadata": {"package_id": "starter"},
            "payment_intent_data": {"metadata": {"a": "b"}, "description": "Tokens"},
            "after_completion": {
                "type": "redirect",
                "redirect": {"url": "https://shop.example/thanks"},
            },
            "allow_promotion_codes": True,
        },
    )
    visit = {"client_reference_id": "user_1", "prefilled_promo_code": "SPRING"}
    session_id = account.follow_payment_link(link["id"], visit)["id"]
    account.complete(session_id)
    session = account.session(session_id, ["payment_intent"])
    assert errors_of(session) == []
    assert errors_of(link) == []
    assert (session["payment_link"], session["client_reference_id"]) == (link["id"], "user_1")
    assert session["metadata"] == {"package_id": "starter"}
    assert (session["amount_total"], session["success_url"]) == (
        4410,
        "https://shop.example/thanks",
    )
    assert session["payment_intent"]["metadata"] == {"a": "b"}
    assert [item["amount_total"] for item in link_items(caller, link)] == [4900]


def link_items(caller: Caller, link: Json) -> list[Json]:
    found: list[Json] = caller.get(f"payment_links/{link['id']}/line_items")["data"]
    return found


def test_a_link_can_be_used_as_often_as_it_says(caller: Caller) -> None:
    account = caller.account
    limit = {"completed_sessions": {"limit": 1}}
    link = caller.post("payment_links", {"line_items": [a_line()], "restrictions": limit})["id"]
    account.complete(account.follow_payment_link(link, {})["id"])
    with pytest.raises(ValueError, match="no longer active"):
        account.follow_payment_link(link, {})


def test_links_with_lines_that_a_session_would_not_take_are_refused(caller: Caller) -> None:
    lines = [a_line(), a_line(currency="eur")]
    assert caller.refused("payment_links", {"line_items": lines})["param"] == "line_items"
