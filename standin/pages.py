"""Routes of the pages: which address shows what, and what its forms do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from standin import page_moves
from standin.account import StripeAccount
from standin.api_request import Request
from standin.checkout_page import front_page, session_page
from standin.errors import ApiError, IllegalMove, Json
from standin.forwarding import Forwarder
from standin.page_style import page

_MAX_QUANTITY = 999_999
# As long as deliveries take that nothing delays; afterwards the page refreshes itself.
_DELIVERED_SECONDS = 2.0


@dataclass(frozen=True)
class PageAnswer:
    """An HTML page, or a redirect to one."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Pages:
    """Shows one account's purchases and lets a person move them along."""

    def __init__(self, account: StripeAccount, forwarder: Forwarder) -> None:
        self._account = account
        self._forwarder = forwarder

    def answer(self, request: Request) -> PageAnswer:
        parts = request.path.strip("/").split("/")
        if request.method == "GET" and parts == [""]:
            return _shown(200, front_page(self._account))
        if request.method == "POST" and parts == ["buy"]:
            return self._buy(request)
        if parts[0] == "pay" and len(parts) in (2, 3):
            return self._purchase(request, parts[1], parts[2:])
        if request.method == "GET" and parts[0] == "link" and len(parts) == 2:
            return self._link(request, parts[1])
        return _shown(404, page("Not found", "<h1>There is no such page.</h1>"))

    def _purchase(self, request: Request, session_id: str, move: list[str]) -> PageAnswer:
        with self._account.lock:
            known = self._account.store.find("checkout.session", session_id)
        if known is None:
            return _shown(404, page("Not found", "<h1>There is no such purchase.</h1>"))
        if request.method == "POST" and move:
            return self._move(session_id, move[0], request)
        return _shown(200, session_page(self._account, self._forwarder, session_id))

    def _move(self, session_id: str, name: str, request: Request) -> PageAnswer:
        try:
            if name == "promotion-code":
                code = _needed(request.values(), "code")
                self._account.enter_promotion_code(session_id, code)
            elif name == "quantity":
                form = request.values()
                item_id, quantity = _needed(form, "item"), _quantity(form, least=0)
                self._account.adjust_quantity(session_id, item_id, quantity)
            else:
                page_moves.run(self._account, session_id, name)
        except (ApiError, IllegalMove) as refused:
            shown = session_page(self._account, self._forwarder, session_id, str(refused))
            return _shown(409, shown)
        self._forwarder.wait_until_idle(_DELIVERED_SECONDS)
        return _redirect(f"/pay/{session_id}")

    def _link(self, request: Request, link_id: str) -> PageAnswer:
        """A payment link: each visit is a session of its own."""
        try:
            created = self._account.follow_payment_link(link_id, request.values())
        except (ApiError, IllegalMove) as refused:
            return _shown(404, page("Not found", f"<h1>{escape(str(refused))}</h1>"))
        return _redirect(f"/pay/{created['id']}")

    def _buy(self, request: Request) -> PageAnswer:
        try:
            form = request.values()
            line = (_needed(form, "price"), _quantity(form))
            user_id = _needed(form, "user_id")
            created = self._account.create_checkout_session([line], client_reference_id=user_id)
        except (ApiError, IllegalMove) as refused:
            return _shown(400, front_page(self._account, str(refused)))
        return _redirect(f"/pay/{created['id']}")


def _needed(form: Json, name: str) -> str:
    if not form.get(name):
        raise IllegalMove(f"{name} is missing.")
    return str(form[name])


def _quantity(form: Json, least: int = 1) -> int:
    text = str(form.get("quantity") or 1)
    if not re.fullmatch("[0-9]{1,6}", text) or int(text) < least:
        raise IllegalMove(f"The quantity is not between {least} and {_MAX_QUANTITY}: {text}")
    return int(text)


def _shown(status: int, body: bytes) -> PageAnswer:
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return PageAnswer(status, body, headers)


def _redirect(where: str) -> PageAnswer:
    return PageAnswer(303, b"", {"Location": where})
