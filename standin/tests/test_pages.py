"""The pages for people, read and used as a browser does: links, forms, redirects."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode

import pytest

from standin import Server, StripeAccount, serving
from standin.forwarding import Attempt, Forwarder
from standin.pages import Pages
from standin.tests.builders import a_paid_session, an_open_session, types
from standin.tests.calling import Caller, a_line, a_request, session_params
from standin.tests.receiver import receiving


def ask(url: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, body and Location of a GET, or of a POST when there is a form."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    method, body = ("GET", None) if form is None else ("POST", urlencode(form))
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers.get("Location", "")
    finally:
        connection.close()


def moves_on(html: str) -> list[str]:
    return re.findall(r'action="/pay/[^"/]+/([a-z-]+)"', html)


def test_a_package_is_bought_from_the_front_page(account: StripeAccount, server: Server) -> None:
    price = account.create_price(4900, "usd", "Starter")["id"]
    form = {"price": price, "user_id": "user_7", "quantity": "2"}
    status, _, where = ask(server.url, "/buy", form)
    _, html, _ = ask(server.url, where)
    assert status == 303
    assert "Starter × 2" in html
    assert "98.00 USD" in html
    assert account.sessions()[0]["client_reference_id"] == "user_7"


def test_the_pages_name_the_user_whom_the_till_credits(
    account: StripeAccount, server: Server
) -> None:
    price = account.create_price(4900, "usd", "Starter")["id"]
    named = {"metadata": {"user_id": "user_7"}, "client_reference_id": "cart_9"}
    session = account.create_checkout_session([(price, 1)], **named)
    for path in ("/", f"/pay/{session['id']}"):
        _, html, _ = ask(server.url, path)
        assert "user_7" in html
        assert "cart_9" not in html


def test_an_open_purchase_offers_what_a_buyer_can_do(
    account: StripeAccount, server: Server
) -> None:
    _, html, _ = ask(server.url, f"/pay/{an_open_session(account)}")
    assert moves_on(html) == ["pay", "pay-later", "decline", "expire"]


@pytest.mark.parametrize(
    ("moves", "offered"),
    [
        (["pay"], ["refund", "refund-half", "dispute", "inquire"]),
        (["decline"], ["pay", "pay-later", "decline", "expire"]),
        (["pay-later"], ["succeed", "fail"]),
        (["pay-later", "fail"], []),
        (["expire"], []),
        (["pay", "dispute"], ["win", "lose"]),
        (["pay", "dispute", "lose"], []),
        (["pay", "inquire"], ["close", "escalate"]),
        (["pay", "refund"], ["refund-fails"]),
    ],
)
def test_the_buttons_follow_the_purchase(
    account: StripeAccount, server: Server, moves: list[str], offered: list[str]
) -> None:
    session_id = an_open_session(account)
    statuses = [ask(server.url, f"/pay/{session_id}/{move}", {})[0] for move in moves]
    _, html, _ = ask(server.url, f"/pay/{session_id}")
    assert statuses == [303] * len(moves)
    assert moves_on(html) == offered


def test_a_move_that_is_not_offered_is_refused(account: StripeAccount, server: Server) -> None:
    session_id = a_paid_session(account)
    status, html, _ = ask(server.url, f"/pay/{session_id}/expire", {})
    assert (status, "not possible" in html) == (409, True)


def test_reading_a_moves_address_moves_nothing(account: StripeAccount, server: Server) -> None:
    session_id = an_open_session(account)
    ask(server.url, f"/pay/{session_id}/pay")
    assert account.session(session_id)["status"] == "open"


def test_a_purchase_names_the_endpoints_that_somebody_else_delivers_to(
    account: StripeAccount, server: Server
) -> None:
    account.add_webhook_endpoint("https://till.example.com/stripe/webhook")
    _, html, _ = ask(server.url, f"/pay/{a_paid_session(account)}")
    assert "Sent to https://till.example.com/stripe/webhook" in html


def test_what_a_buyer_typed_is_escaped(account: StripeAccount, server: Server) -> None:
    session_id = an_open_session(account, client_reference_id="<script>alert(1)</script>")
    pages = [ask(server.url, path)[1] for path in ("/", f"/pay/{session_id}")]
    assert not any("<script>" in html for html in pages)


def test_an_unknown_page_or_purchase_is_not_found(server: Server) -> None:
    assert [ask(server.url, path)[0] for path in ("/nowhere", "/pay/cs_none")] == [404, 404]


def test_a_purchase_without_a_user_is_refused_with_a_reason(
    account: StripeAccount, server: Server
) -> None:
    price = account.create_price(4900)["id"]
    status, html, _ = ask(server.url, "/buy", {"price": price, "user_id": ""})
    assert (status, "user_id" in html) == (400, True)


@pytest.mark.parametrize(
    ("moves", "offered"),
    [
        ([], ["pay", "decline", "expire"]),
        (["pay"], ["capture", "capture-half", "cancel", "lapse"]),
        (["pay", "capture-half"], ["refund", "refund-half", "dispute", "inquire"]),
        (["pay", "cancel"], []),
        (["pay", "lapse"], []),
    ],
)
def test_reserved_money_is_captured_or_let_go_from_the_page(
    account: StripeAccount, server: Server, moves: list[str], offered: list[str]
) -> None:
    session_id = an_open_session(account, capture_method="manual")
    statuses = [ask(server.url, f"/pay/{session_id}/{move}", {})[0] for move in moves]
    _, html, _ = ask(server.url, f"/pay/{session_id}")
    assert statuses == [303] * len(moves)
    assert moves_on(html) == offered


def deliveries_on(html: str) -> list[tuple[str, str, str]]:
    """Event, tries and status of each delivery that the page shows."""
    row = r"<tr><td>([a-z_.]+)</td><td>(\d+)</td><td>(?:<span[^>]*>)?([^<]*)"
    return re.findall(row, html)


def test_the_page_after_a_move_shows_the_deliveries_that_the_move_caused(
    account: StripeAccount,
) -> None:
    session_id = an_open_session(account)
    with receiving(200) as receiver, serving(account, forward_to=receiver.url) as server:
        _, _, where = ask(server.url, f"/pay/{session_id}/pay", {})
        _, html, _ = ask(server.url, where)
    assert deliveries_on(html) == [(each, "1", "200") for each in types(account.events)]
    assert 'http-equiv="refresh"' not in html


class JustDelivering(Forwarder):
    """A forwarder whose last delivery ends at the moment that its attempts are read."""

    delivered = False

    def attempts(self) -> list[Attempt]:
        self.delivered = True
        return []

    def idle(self) -> bool:
        return self.delivered


def test_a_delivery_that_ends_while_its_page_is_made_has_the_page_look_again(
    account: StripeAccount,
) -> None:
    session_id = an_open_session(account)
    account.expire(session_id)
    pages = Pages(account, JustDelivering(account))
    shown = pages.answer(a_request("GET", f"/pay/{session_id}"))
    assert b'http-equiv="refresh"' in shown.data


def test_the_buyer_finds_the_way_back_with_the_sessions_id_in_it(
    account: StripeAccount, server: Server
) -> None:
    params = session_params(
        success_url="https://shop.example/thanks?id={CHECKOUT_SESSION_ID}",
        cancel_url="https://shop.example/cart?id={CHECKOUT_SESSION_ID}",
    )
    session_id = Caller(account).post("checkout/sessions", params)["id"]
    _, before, _ = ask(server.url, f"/pay/{session_id}")
    account.complete(session_id)
    _, after, _ = ask(server.url, f"/pay/{session_id}")
    assert f'href="https://shop.example/cart?id={session_id}"' in before
    assert f'href="https://shop.example/thanks?id={session_id}"' in after


def test_an_embedded_session_leads_back_to_its_return_url(
    account: StripeAccount, server: Server
) -> None:
    back = "https://shop.example/back?id={CHECKOUT_SESSION_ID}"
    params = session_params(ui_mode="embedded_page", success_url=None, return_url=back)
    session_id = Caller(account).post("checkout/sessions", params)["id"]
    account.complete(session_id)
    _, html, _ = ask(server.url, f"/pay/{session_id}")
    assert f'href="https://shop.example/back?id={session_id}"' in html


def test_a_buyer_changes_the_quantity_and_types_a_code_on_the_page(
    account: StripeAccount, server: Server
) -> None:
    caller = Caller(account)
    coupon = caller.post("coupons", {"percent_off": 50})["id"]
    promotion = {"type": "coupon", "coupon": coupon}
    caller.post("promotion_codes", {"promotion": promotion, "code": "HALF"})
    line = {**a_line(), "adjustable_quantity": {"enabled": True, "minimum": 1}}
    params = session_params(line_items=[line], allow_promotion_codes=True, expand=["line_items"])
    session = caller.post("checkout/sessions", params)
    item, page = session["line_items"]["data"][0]["id"], f"/pay/{session['id']}"
    answers = [
        ask(server.url, f"{page}/quantity", {"item": item, "quantity": "3"})[0],
        ask(server.url, f"{page}/promotion-code", {"code": "half"})[0],
        ask(server.url, f"{page}/promotion-code", {"code": "nothing"})[0],
        ask(server.url, f"{page}/quantity", {"item": item, "quantity": "100"})[0],
    ]
    assert answers == [303, 303, 409, 409]
    assert "73.50 USD" in ask(server.url, page)[1]


def test_a_payment_link_leads_to_a_session_of_its_own_each_time(
    account: StripeAccount, server: Server
) -> None:
    caller = Caller(account)
    link = caller.post("payment_links", {"line_items": [a_line()]})
    path = link["url"].removeprefix(server.url)
    visits = [ask(server.url, f"{path}?client_reference_id=user_{each}") for each in (1, 2)]
    caller.post(f"payment_links/{link['id']}", {"active": False, "inactive_message": "Sold out"})
    status, html, _ = ask(server.url, path)
    users = [session["client_reference_id"] for session in account.sessions()]
    assert ([visit[0] for visit in visits], users) == ([303, 303], ["user_1", "user_2"])
    assert (status, "Sold out" in html) == (404, True)
