"""Whatever a caller sends, however it comes: an answer, no 500, no write, and no SQL in it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.report_queries import REPORTS
from handlers import reports
from local.lambda_context import LambdaContext
from tests.integration.reports.books import Books, open_books
from tests.integration.reports.http import BROWSER, got, path_of
from tests.lanes import size

_REPORTS = REPORTS.by_name
_FAILED = {"report_failed", "unavailable", "too_slow", "export_failed"}
# Pieces of the statements that no text for people has, nor any of the hostile texts below.
_SQL = re.compile(r"\bSELECT [a-z*]|\b(payment_totals|credit_ledger|page_limit)\b|%\(\w+\)s::")

_HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "%s %(x)s %%",
    "\0",
    "\ud800",
    "{}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "9" * 5000,
    "NaN",
    "Infinity",
    "-0",
    "1e5",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "99999 days ago",
    "2026-01-01T00:00:00+24:00",
    "0001-01-01T00:00:00+23:59",
    "null",
    "true",
]
_TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(_HOSTILE)
_LIKELY = st.from_regex(r"\A(20[0-9]{2}-[01][0-9]-[0-3][0-9]|[0-9]{1,5} days ago|today)\Z")
_CHOICES = st.sampled_from(
    sorted({choice for each in _REPORTS.values() for p in each.parameters for choice in p.choices})
)
_PARAMETER = st.sampled_from(
    sorted({p.name for each in _REPORTS.values() for p in each.parameters})
)
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | _LIKELY | _CHOICES
_ANYTHING = st.recursive(
    _LEAF, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=4
)
_REPORT = st.sampled_from([*_REPORTS])
_FORMAT = st.sampled_from(["json", "csv", "html"])

fuzzed = settings(
    max_examples=size(50, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def kept(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Books with something in every list, which must be the same in the end."""
    with open_books(database_url, monkeypatch) as books:
        for status in ("paid", "pending"):
            books.pay("user_1", payment_status=status)
        books.pay(held_reason="unknown_package")
        before = written(books)
        yield books
        assert written(books) == before


def written(books: Books) -> list[list[dict[str, Any]]]:
    """A digest of every row of every table."""
    tables = books.rows("SELECT relname FROM pg_stat_user_tables ORDER BY relname")
    return [
        books.rows(f"SELECT '{name}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} t")
        for name in (table["relname"] for table in tables)
    ]


def check(body: str) -> None:
    """No statement, no driver's message and no traceback in what a caller gets."""
    assert not _SQL.search(body)
    assert "psycopg" not in body
    assert "Traceback" not in body


@fuzzed
@given(
    report=_REPORT | _TEXT,
    query=st.dictionaries(_PARAMETER, _LIKELY | _CHOICES | _TEXT, max_size=3),
    limit=st.none() | st.integers(1, 1000).map(str) | _TEXT,
    cursor=st.none() | _TEXT,
    format_=st.none() | _FORMAT | _TEXT,
    accept=st.sampled_from([BROWSER, "text/csv", "application/json"]) | _TEXT,
    payload_format=st.sampled_from(["1.0", "2.0"]),
)
def test_any_address_is_answered(
    kept: Books,
    report: str,
    query: dict[str, str],
    limit: str | None,
    cursor: str | None,
    format_: str | None,
    accept: str,
    payload_format: Literal["1.0", "2.0"],
) -> None:
    fields = {"limit": limit, "cursor": cursor, "format": format_}
    named = {**query, **{name: value for name, value in fields.items() if value is not None}}
    path = path_of(report.encode("utf-8", "replace").decode())
    address = f"{path}?{urlencode(named, errors='replace')}"
    answered = got(address, accept=accept, payload_format=payload_format)
    assert answered.status in (200, 400, 404, 406)
    check(answered.body)


@fuzzed
@given(raw=st.binary(max_size=60), report=_REPORT)
def test_any_query_string_is_answered(kept: Books, raw: bytes, report: str) -> None:
    query = raw.decode("latin-1").replace("#", "") + "&%zz=%ff&;&=&" + quote(raw)
    answered = got(f"/reports/{report}?{query}")
    assert answered.status in (200, 400, 404)
    check(answered.body)


@fuzzed
@given(
    call=st.fixed_dictionaries(
        {"report": _REPORT | _ANYTHING},
        optional={
            "params": st.dictionaries(_PARAMETER, _ANYTHING, max_size=3) | _ANYTHING,
            "limit": st.integers(1, 1000) | _ANYTHING,
            "cursor": _ANYTHING,
            "format": _FORMAT | _ANYTHING,
            "export": _ANYTHING,
        },
    )
    | _ANYTHING
)
def test_any_direct_call_is_answered(kept: Books, call: Any) -> None:
    answered = reports.handler(call, LambdaContext("reports"))
    assert isinstance(answered, dict)
    check(json.dumps(answered, allow_nan=False))
    assert answered.get("error", {}).get("code") not in _FAILED


@fuzzed
@given(
    params=st.fixed_dictionaries(
        {"report": _REPORT},
        optional={
            "params": st.dictionaries(_PARAMETER, _ANYTHING, max_size=3),
            "limit": st.integers(1, 1000) | _ANYTHING,
            "cursor": _ANYTHING,
            "view": st.sampled_from(["chart", "table"]) | _ANYTHING,
        },
    )
    | _ANYTHING,
    start=st.integers(),
    end=st.integers(-(10**13), 10**13),
)
def test_any_dashboard_is_answered(kept: Books, params: Any, start: int, end: int) -> None:
    context = {"params": params, "timeRange": {"start": start, "end": end}, "width": 400}
    html = reports.handler({"widgetContext": context}, LambdaContext("reports"))
    assert isinstance(html, str)
    check(html)
    assert "<script" not in html
    assert not [code for code in _FAILED if f"<b>{code}</b>" in html]


def test_no_report_tells_its_statement(kept: Books) -> None:
    for accept in (BROWSER, "application/json"):
        check(got(accept=accept).body)
    check(str(reports.handler({"describe": True}, None)))
