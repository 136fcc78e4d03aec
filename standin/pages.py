"""The pages for people: one purchase with its buttons, and the list of purchases.

A stand-in for Stripe's hosted Checkout page and for the dashboard behind it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from standin import buttons
from standin.account import StripeAccount
from standin.calls import values_of
from standin.errors import ApiError, IllegalMove, Json
from standin.forwarding import Attempt, Forwarder
from standin.money import display

_FOLDER = Path(__file__).parent / "page"
_SHOWN = 50
_MAX_QUANTITY = 999_999
# As long as deliveries take that nothing delays; afterwards the page refreshes itself.
_DELIVERED_SECONDS = 2.0
_REFRESH_SECONDS = 1


class Pages:
    """Shows one account's purchases and lets a person move them along."""

    def __init__(self, account: StripeAccount, forwarder: Forwarder) -> None:
        self._account = account
        self._forwarder = forwarder

    def answer(self, request: Request) -> Response:
        try:
            show, parts = _ROUTES.bind_to_environ(request.environ).match()
        except HTTPException:
            return _notice("There is no such page.")
        session_id = parts.get("session_id")
        if session_id is not None:
            with self._account.lock:
                known = self._account.store.find("checkout.session", session_id)
            if known is None:
                return _notice("There is no such purchase.")
        shown: Response = show(self, request, **parts)
        return shown

    def _front(self, _request: Request, status: int = 200, problem: str = "") -> Response:
        """All purchases, newest first, and a form to start one."""
        sessions = self._account.sessions()[-_SHOWN:][::-1]
        prices = self._account.prices()
        return _page("Stripe stand-in", status, sessions=sessions, prices=prices, problem=problem)

    def _buy(self, request: Request) -> Response:
        try:
            form = values_of(request)
            line = (_needed(form, "price"), _quantity(form))
            user_id = _needed(form, "user_id")
            created = self._account.create_checkout_session([line], client_reference_id=user_id)
        except (ApiError, IllegalMove) as refused:
            return self._front(request, 400, str(refused))
        return _redirect(f"/pay/{created['id']}")

    def _purchase(
        self,
        _request: Request,
        session_id: str,
        move: str = "",  # noqa: ARG002 (a move's address that is only read shows its purchase)
        status: int = 200,
        problem: str = "",
    ) -> Response:
        """What is bought, what can happen next, what was delivered so far."""
        # Asked before the deliveries are read: whatever comes later is worth another look.
        settled = self._forwarder.idle()
        expand = ["line_items", "payment_intent.latest_charge"]
        session = self._account.session(session_id, expand)
        items = session["line_items"]["data"]
        adjustable = [item for item in items if (item["adjustable_quantity"] or {}).get("enabled")]
        return _page(
            "Checkout",
            status,
            session=session,
            charge=(session["payment_intent"] or {}).get("latest_charge"),
            adjustable=adjustable,
            way_back=_way_back(session),
            buttons=buttons.buttons(self._account, session_id),
            webhook_url=self._account.webhook_url,
            endpoints=self._account.endpoints(),
            events=self._deliveries(session),
            refresh_seconds=None if settled else _REFRESH_SECONDS,
            problem=problem,
        )

    def _move(self, request: Request, session_id: str, move: str) -> Response:
        try:
            form = values_of(request)
            if move == "promotion-code":
                self._account.enter_promotion_code(session_id, _needed(form, "code"))
            elif move == "quantity":
                item_id, quantity = _needed(form, "item"), _quantity(form, least=0)
                self._account.adjust_quantity(session_id, item_id, quantity)
            else:
                buttons.run(self._account, session_id, move)
        except (ApiError, IllegalMove) as refused:
            return self._purchase(request, session_id, status=409, problem=str(refused))
        self._forwarder.wait_until_idle(_DELIVERED_SECONDS)
        return _redirect(f"/pay/{session_id}")

    def _link(self, request: Request, link_id: str) -> Response:
        """A payment link: each visit is a session of its own."""
        try:
            created = self._account.follow_payment_link(link_id, values_of(request))
        except (ApiError, IllegalMove) as refused:
            return _notice(str(refused))
        return _redirect(f"/pay/{created['id']}")

    def _deliveries(self, session: Json) -> list[tuple[str, list[Attempt]]]:
        """Events of the session, its payment intent and what refers to that, with their tries."""
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in self._forwarder.attempts():
            attempts[attempt.event_id].append(attempt)
        intent = session["payment_intent"]
        ids = {session["id"], intent["id"]} if intent else {session["id"]}
        return [
            (event["type"], attempts[event["id"]])
            for event in self._account.events
            if ids & {event["data"]["object"]["id"], event["data"]["object"].get("payment_intent")}
        ]


_ROUTES = Map(
    [
        Rule("/", endpoint=Pages._front, methods=["GET"]),
        Rule("/buy", endpoint=Pages._buy, methods=["POST"]),
        Rule("/pay/<session_id>", endpoint=Pages._purchase),
        Rule("/pay/<session_id>/<move>", endpoint=Pages._purchase, methods=["GET"]),
        Rule("/pay/<session_id>/<move>", endpoint=Pages._move, methods=["POST"]),
        Rule("/link/<link_id>", endpoint=Pages._link, methods=["GET"]),
    ]
)


def _way_back(session: Json) -> str | None:
    """Where the shop wants its buyer, with the session's id where it asks for that."""
    names = {"complete": ("success_url", "return_url"), "open": ("cancel_url",)}
    urls = [session.get(name) for name in names.get(session["status"], ())]
    url = next((each for each in urls if each), None)
    if url is None or not url.startswith(("http://", "https://")):
        return None
    return str(url.replace("{CHECKOUT_SESSION_ID}", session["id"]))


def _needed(form: Json, name: str) -> str:
    if not form.get(name):
        raise IllegalMove(f"{name} is missing.")
    return str(form[name])


def _quantity(form: Json, least: int = 1) -> int:
    text = str(form.get("quantity") or 1)
    if not re.fullmatch("[0-9]{1,6}", text) or int(text) < least:
        raise IllegalMove(f"The quantity is not between {least} and {_MAX_QUANTITY}: {text}")
    return int(text)


def _user(session: Json) -> str:
    """Whom the till credits: a reference may be a cart's."""
    return session["metadata"].get("user_id") or session["client_reference_id"] or ""


def _amount(session: Json) -> str:
    return display(session["amount_total"] or 0, session["currency"])


_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters |= {"amount": _amount, "money": display, "user": _user}
_TEMPLATES.globals["style"] = Markup((_FOLDER / "style.css").read_text())  # noqa: S704 (our own)


def _page(title: str, status: int = 200, **shown: Any) -> Response:
    body = _TEMPLATES.get_template("page.html").render(title=title, **shown)
    headers = {"Cache-Control": "no-store"}
    return Response(body, status, headers, content_type="text/html; charset=utf-8")


def _notice(text: str) -> Response:
    return _page("Not found", 404, notice=text)


def _redirect(where: str) -> Response:
    return Response(status=303, headers={"Location": where})
