"""What the tests of operations share: asking as an operator, and payments that wait for one."""

from collections.abc import Iterator
from typing import Any

from handlers import operations
from tests.till import Till

# Ids that look like others, or like nothing, and are none of those.
STRANGE_IDS = {
    "a blank before": " ana",
    "a blank after": "ana ",
    "nothing but a blank": " ",
    "a no-break space": "\u00a0ana",
    "an ideographic space": "ana\u3000",
    "a tab": "ana\t",
    "nothing but a tab": "\t",
    "a line feed": "ana\n",
    "a carriage return": "ana\r",
    "both": "an\r\na",
    "a joiner": "an\u200da",
    "a non-joiner": "an\u200ca",
    "a byte order mark": "\ufeffana",
    "a mark from right to left": "\u202eana",
    "an Arabic word": "آنا",
    "a family": "👨‍👩‍👧",
    "a letter in two parts": "ane\u0301",
    "a letter in one": "an\u00e9",
    "an escape": "\x1b[31mana",
    "a bell": "ana\x07",
    "a delete": "ana\x7f",
    "a C1 control": "ana\x85",
    "no character": "ana\ufffe",
    "private use": "ana\ue000",
    "a line separator": "an\u2028a",
    "markup": "<b>ana</b>&amp;",
    "quotes": "a'n\"a",
    "a backslash": "an\\na",
    "a percent sign": "an%0Aa+%(user_id)s",
    "braces": '{"user_id": null}',
    "another letter case": "ANA",
    "500 characters": "a" * 500,
    "500 emoji": "🦊" * 500,
}


def ask(operation: str, request_id: str = "req_1", **fields: Any) -> dict[str, Any]:
    """Invokes the operations handler, signed by a test operator."""
    request = {
        "operation": operation,
        "actor": "olga",
        "note": "a ticket",
        "request_id": request_id,
        **fields,
    }
    return operations.handler(request, None)


def error_code(answer: dict[str, Any]) -> str:
    return str(answer["error"]["code"])


def sell_held(till: Till, **session: Any) -> tuple[str, str]:
    """A paid session that is held; its session id and payment id."""
    session_id = till.sell_paid(**session)
    payment = till.payment(session_id)
    assert payment["held_reason"] is not None
    return session_id, payment["payment_id"]


def nobodys(till: Till, **session: Any) -> tuple[str, str]:
    """A paid session that names no user."""
    return sell_held(till, user_id=None, **session)


def everything(till: Till) -> list[str]:
    """Every text in every table, those within JSON too."""
    tables = till.rows(
        "SELECT relname AS name FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    rows = [till.rows(f"SELECT to_json(t) AS row FROM {table['name']} AS t") for table in tables]
    return list(_texts(rows))


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(value.items()))
        case list() | tuple():
            for each in value:
                yield from _texts(each)
