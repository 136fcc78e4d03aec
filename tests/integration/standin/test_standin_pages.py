"""The pages for people, read and used as a browser does: links, forms, redirects."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from local.stripe_standin import Server, StripeAccount
from tests.integration.standin.builders import a_paid_session, an_open_session


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


def test_the_command_serves_until_it_is_ended() -> None:
    command = [sys.executable, "-m", "local.stripe_standin", "--seed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url is not None
        _, html, _ = ask(url.group(), "/")
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)
    assert (code, "Enterprise, 499.00 USD" in html) == (0, True)


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
