"""Reports over HTTP: the right format, the right status, and nothing kept on the way."""

import csv
import io
import subprocess
import sys
from typing import Literal

import pytest

from adapters.sql_files import SQL_ROOT
from handlers import reports
from tests.integration.reports.books import Books
from tests.integration.reports.http import BROWSER, Response, got

_FORMATS: tuple[Literal["1.0", "2.0"], ...] = ("1.0", "2.0")


@pytest.mark.parametrize("payload_format", _FORMATS)
def test_a_report_is_answered_in_both_payload_formats(
    books: Books, payload_format: Literal["1.0", "2.0"]
) -> None:
    paid = books.pay("user_1")
    address = "/reports/payments_for_user?user_id=user_1&limit=5"
    page = got(address, payload_format=payload_format).json
    assert [row["payment_id"] for row in page["rows"]] == [paid]


@pytest.mark.parametrize("payload_format", _FORMATS)
def test_a_parameter_is_decoded_once(books: Books, payload_format: Literal["1.0", "2.0"]) -> None:
    paid = books.pay("a,b&c+d %41é")
    address = "/reports/payments_for_user?user_id=a%2Cb%26c%2Bd+%2541%C3%A9"
    page = got(address, payload_format=payload_format).json
    assert [row["payment_id"] for row in page["rows"]] == [paid]


def test_the_name_is_found_in_the_path_when_the_route_has_no_parameter(books: Books) -> None:
    event = {
        "version": "2.0",
        "rawPath": "/prod/reports/total_revenue",
        "headers": {},
        "queryStringParameters": {"format": "json"},
        "requestContext": {"http": {"method": "GET"}},
    }
    answered = reports.handler(event, None)
    assert isinstance(answered, dict)
    assert answered["statusCode"] == 200


@pytest.mark.parametrize(
    ("accept", "query", "content_type"),
    [
        (None, "", "application/json"),
        ("*/*", "", "application/json"),
        (BROWSER, "", "text/html; charset=utf-8"),
        ("text/csv", "", "text/csv; charset=utf-8; header=present"),
        (BROWSER, "?format=json", "application/json"),
        (BROWSER, "?format=csv", "text/csv; charset=utf-8; header=present"),
        ("image/png", "?format=html", "text/html; charset=utf-8"),
    ],
)
def test_the_format_is_the_one_named_or_the_one_accepted(
    books: Books, accept: str | None, query: str, content_type: str
) -> None:
    answered = got(f"/reports/total_revenue{query}", accept=accept)
    assert answered.status == 200
    assert answered.headers["content-type"] == content_type


def test_csv_is_offered_as_a_file(books: Books) -> None:
    books.pay("=cmd|' /C calc'!A0")
    answered = got("/reports/recent_payments?format=csv")
    assert answered.headers["content-disposition"] == 'attachment; filename="recent_payments.csv"'
    header, row = csv.reader(io.StringIO(answered.body, newline=""))
    assert row[header.index("user_id")] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("format_", ["json", "csv", "html"])
def test_a_page_links_to_the_next_in_every_format(books: Books, format_: str) -> None:
    expected = [books.pay() for _ in range(3)]
    first = got(f"/reports/recent_payments?limit=2&format={format_}")
    query = first.headers["link"].removeprefix("<").removesuffix('>; rel="next"')
    second = got(f"/reports/recent_payments{query}")
    assert expected[0] in second.body
    assert expected[2] not in second.body
    assert "link" not in second.headers


@pytest.mark.parametrize("address", ["/reports/total_revenue", "/reports/nope"])
def test_what_holds_personal_data_is_never_kept(books: Books, address: str) -> None:
    headers = got(address).headers
    assert headers["cache-control"] == "no-store"
    assert "etag" not in headers


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_the_catalogue_may_be_kept_while_it_stays_the_same(books: Books, accept: str) -> None:
    first = got(accept=accept)
    assert first.headers["cache-control"] == "private, no-cache"
    again = got(accept=accept, if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status, again.body) == (304, "")


@pytest.mark.parametrize("accept", ["application/json", BROWSER, "text/csv"])
@pytest.mark.parametrize("address", ["/reports", "/reports/total_revenue", "/reports/nope"])
def test_every_answer_carries_the_headers_that_protect_it(
    books: Books, address: str, accept: str
) -> None:
    headers = got(address, accept=accept).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["vary"] == "accept"


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/reports/nope", 404, "unknown_report"),
        ("/reports/total_revenue/more", 404, "unknown_report"),
        ("/reports/payments_for_user", 400, "bad_parameter"),
        ("/reports/payments_for_user?user_id=", 400, "bad_parameter"),
        ("/reports/payments_for_user?user_id=a&user_id=b", 400, "bad_request"),
        ("/reports/payments_for_user?userid=a", 400, "unknown_parameter"),
        ("/reports/revenue_by_day?from=yesterday", 400, "bad_parameter"),
        ("/reports/recent_payments?limit=0", 400, "bad_limit"),
        ("/reports/recent_payments?limit=ten", 400, "bad_limit"),
        ("/reports/recent_payments?limit=%D9%A1", 400, "bad_limit"),
        ("/reports/recent_payments?cursor=abc", 400, "bad_cursor"),
        ("/reports/recent_payments?format=xml", 400, "bad_format"),
        ("/reports/recent_payments?export=true", 400, "bad_export"),
        ("/reports?format=csv", 400, "bad_format"),
        ("/reports?limit=5", 400, "bad_request"),
    ],
)
def test_a_problem_has_its_status_and_says_what_to_do(
    books: Books, address: str, status: int, code: str
) -> None:
    as_json, as_html = got(address), got(address, accept=BROWSER)
    assert (as_json.status, as_json.code) == (status, code)
    assert (as_html.status, as_html.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert code in as_html.body


def test_only_reading_is_allowed(books: Books) -> None:
    refused = got("/reports/total_revenue", method="POST")
    assert (refused.status, refused.code) == (405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD"


def test_a_client_that_takes_no_format_of_ours_is_told_which_there_are(books: Books) -> None:
    refused = got("/reports/total_revenue", accept="image/png")
    assert (refused.status, refused.code) == (406, "not_acceptable")
    assert "text/csv" in refused.json["error"]["message"]


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
@pytest.mark.parametrize(
    "database_url",
    [
        "postgresql://somebody:hush@127.0.0.1:1/x",
        "postgresql://somebody:hush@db.test/x?sslmode=off",
    ],
)
def test_a_database_that_cannot_be_read_is_a_503_that_tells_no_secret(
    books: Books, monkeypatch: pytest.MonkeyPatch, database_url: str, accept: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    answered: Response = got("/reports/total_revenue", accept=accept)
    assert answered.status == 503
    assert answered.headers["retry-after"] == "10"
    assert "hush" not in answered.body
    assert "somebody" not in answered.body


def test_head_is_answered_like_get(books: Books) -> None:
    assert got("/reports/total_revenue", method="HEAD").status == 200


@pytest.mark.parametrize("format_", ["csv", "html"])
def test_a_direct_call_gets_other_formats_as_text_in_an_object(books: Books, format_: str) -> None:
    answered = books.asked("total_revenue", format=format_)
    assert (answered["report"], answered["format"]) == ("total_revenue", format_)
    assert answered["body"].startswith(
        {"csv": "total_revenue,", "html": "<!DOCTYPE html>"}[format_]
    )


_ASKED_IN_TURN = """
import sys
from handlers import reports

calls = (
    {"report": "total_revenue"},
    {"report": "total_revenue", "format": "csv"},
    {"rawPath": "/reports/total_revenue", "headers": {"accept": "application/json"}},
    {"describe": True},
    {"rawPath": "/reports/total_revenue", "headers": {"accept": "text/html"}},
)
for call in calls:
    assert "error" not in reports.handler(call, None)
    print("jinja2" in sys.modules)
"""


def test_only_who_asks_for_html_waits_for_the_templates(database_url: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _ASKED_IN_TURN],
        env={"PYTHONPATH": str(SQL_ROOT.parent / "src"), "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["False", "False", "False", "False", "True"], ran.stderr


def test_a_dashboard_gets_html_and_its_documentation(books: Books) -> None:
    shown = reports.handler({"widgetContext": {"params": {"report": "payments_by_status"}}}, None)
    described = reports.handler({"describe": True}, None)
    assert str(shown).startswith('<div class="tokentill ')
    assert '<caption id="caption">Payments by status: ' in str(shown)
    assert str(described).startswith("## Tokentill reports")
