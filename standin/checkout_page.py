"""The pages for people: one purchase with its buttons, and the list of purchases.

A stand-in for Stripe's hosted Checkout page and for the dashboard behind it.
"""

from __future__ import annotations

from html import escape

from standin.account import StripeAccount
from standin.errors import Json
from standin.forwarding import Attempt, Forwarder
from standin.money import display
from standin.page_moves import Button, buttons
from standin.page_style import page, table

_SHOWN = 50
_REFRESH_SECONDS = 1


def session_page(
    account: StripeAccount, forwarder: Forwarder, session_id: str, problem: str = ""
) -> bytes:
    """One purchase: what is bought, what can happen next, what was delivered so far."""
    # Asked before the deliveries are read: whatever comes later is worth another look.
    settled = forwarder.idle()
    session = account.session(session_id, ["line_items", "payment_intent.latest_charge"])
    mine = _events_about(account, session)
    body = _summary(session, problem) + _choices(session)
    body += _moves(session_id, buttons(account, session_id))
    body += _deliveries(account, forwarder, mine)
    body += '<p class="quiet"><a href="/">All purchases</a></p>'
    return page("Checkout", body, None if settled else _REFRESH_SECONDS)


def front_page(account: StripeAccount, problem: str = "") -> bytes:
    """All purchases, newest first, and a form to start one."""
    rows = [_session_row(each) for each in account.sessions()[-_SHOWN:][::-1]]
    purchases = table(["Purchase", "User", "Amount", "Session", "Payment"], rows)
    listed = purchases if rows else '<p class="quiet">None yet.</p>'
    body = f"<h1>Stripe stand-in</h1>{_problem(problem)}{_buying(account)}"
    return page("Stripe stand-in", f"{body}<section><h2>Purchases</h2>{listed}</section>")


def _summary(session: Json, problem: str) -> str:
    items = "".join(
        f"<h1>{escape(item['description'] or '')} × {item['quantity']}</h1>"
        for item in session["line_items"]["data"]
    )
    amount = _amount(session)
    user = escape(_user(session) or "nobody")
    state = f"{session['status']}, {session['payment_status'].replace('_', ' ')}{_money(session)}"
    back = _way_back(session)
    return (
        f'<section>{items}<p class="amount">{amount}</p><p>For <strong>{user}</strong>. '
        f'{escape(state)}</p><p class="quiet">{escape(session["id"])}</p>'
        f"{_problem(problem)}{back}</section>"
    )


def _money(session: Json) -> str:
    """Refunds and disputes, in words."""
    charge = (session["payment_intent"] or {}).get("latest_charge")
    if not charge:
        return ""
    words = ""
    if charge["amount_refunded"]:
        words += f", {display(charge['amount_refunded'], charge['currency'])} refunded"
    return words + (", disputed" if charge["disputed"] else "")


def _way_back(session: Json) -> str:
    """A link to where the shop wants its buyer, with the session's id where it asks for that."""
    names = {"complete": ("success_url", "return_url"), "open": ("cancel_url",)}
    urls = [session.get(name) for name in names.get(session["status"], ())]
    url = next((each for each in urls if each), None)
    if url is None or not url.startswith(("http://", "https://")):
        return ""
    address = escape(url.replace("{CHECKOUT_SESSION_ID}", session["id"]))
    return f'<p><a href="{address}">Back to the shop</a></p>'


def _choices(session: Json) -> str:
    """What a buyer may change before they pay: quantities, and a promotion code."""
    if session["status"] != "open":
        return ""
    forms = [
        f'<label>{escape(item["description"] or "")} <input name="quantity" type="number"'
        f' min="{limits["minimum"]}" max="{limits["maximum"]}" value="{item["quantity"]}"></label>'
        f'<input type="hidden" name="item" value="{escape(item["id"])}">'
        for item in session["line_items"]["data"]
        if (limits := item["adjustable_quantity"]) and limits["enabled"]
    ]
    shown = [_form(session, "quantity", each, "Change the quantity") for each in forms]
    if session["allow_promotion_codes"]:
        field = '<label>Promotion code <input name="code" required></label>'
        shown.append(_form(session, "promotion-code", field, "Apply"))
    return f"<section>{''.join(shown)}</section>" if shown else ""


def _form(session: Json, name: str, fields: str, label: str) -> str:
    action = f"/pay/{escape(session['id'])}/{name}"
    return f'<form method="post" action="{action}">{fields}<button>{label}</button></form>'


def _moves(session_id: str, offered: list[Button]) -> str:
    if not offered:
        return '<section><p class="quiet">Nothing more can happen here.</p></section>'
    forms = "".join(
        f'<form method="post" action="/pay/{escape(session_id)}/{button.name}">'
        f"<button>{escape(button.label)}</button></form>"
        for button in offered
    )
    return f'<section><h2>What happens next?</h2><div class="moves">{forms}</div></section>'


def _deliveries(account: StripeAccount, forwarder: Forwarder, events: list[Json]) -> str:
    by_event: dict[str, list[Attempt]] = {}
    for attempt in forwarder.attempts():
        by_event.setdefault(attempt.event_id, []).append(attempt)
    rows = [[escape(each["type"]), *_delivered(by_event.get(each["id"], []))] for each in events]
    where = escape(account.webhook_url or "nowhere: no webhook URL is set")
    listed = table(["Event", "Tries", "Status", "Outcome"], rows) if rows else ""
    return f'<section><h2>Events</h2><p class="quiet">Sent to {where}</p>{listed}</section>'


def _delivered(attempts: list[Attempt]) -> list[str]:
    if not attempts:
        return ["0", "", ""]
    last = attempts[-1]
    mark = "" if last.accepted else ' class="bad"'
    status = str(last.status) if last.status else "no answer"
    return [str(len(attempts)), f"<span{mark}>{status}</span>", escape(last.outcome)]


def _events_about(account: StripeAccount, session: Json) -> list[Json]:
    """Events of the session, its payment intent, and what refers to that."""
    intent = session["payment_intent"]
    ids = {session["id"], intent["id"]} if intent else {session["id"]}
    return [
        event
        for event in account.events
        if ids & {event["data"]["object"]["id"], event["data"]["object"].get("payment_intent")}
    ]


def _buying(account: StripeAccount) -> str:
    options = "".join(
        f'<option value="{escape(price["id"])}">{escape(price["product"]["name"])}, '
        f"{display(price['unit_amount'], price['currency'])}</option>"
        for price in account.prices()
        if price["active"]
    )
    return (
        '<section><h2>Buy a package</h2><form method="post" action="/buy">'
        '<label>User id <input name="user_id" value="user_123" required></label>'
        f'<label>Package <select name="price" required>{options}</select></label>'
        '<label>Quantity <input name="quantity" type="number" min="1" value="1"></label>'
        '<button class="main">Go to Checkout</button></form></section>'
    )


def _session_row(session: Json) -> list[str]:
    link = f'<a href="/pay/{escape(session["id"])}">{escape(session["id"][:18])}…</a>'
    return [
        link,
        escape(_user(session)),
        _amount(session),
        session["status"],
        session["payment_status"],
    ]


def _user(session: Json) -> str:
    """Whom the till credits: a reference may be a cart's."""
    return session["metadata"].get("user_id") or session["client_reference_id"] or ""


def _amount(session: Json) -> str:
    return escape(display(session["amount_total"] or 0, session["currency"]))


def _problem(problem: str) -> str:
    return f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
