"""Whatever API Gateway or another makes of a request: it has a status and is never an error."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers import reports
from handlers.reports import asked_of
from tests.integration.reports.books import Books
from tests.integration.reports.http import BROWSER, got
from tests.lanes import size

ACCEPTS = ("application/json", BROWSER, "text/csv")


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that got as far as the database would not be answered with a client's mistake."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/nothing")


def request(**parts: Any) -> dict[str, Any]:
    """A request in payload format 2.0."""
    return {
        "version": "2.0",
        "rawPath": "/reports/payments_for_user",
        "rawQueryString": "user_id=u",
        "headers": {"accept": "application/json"},
        "requestContext": {"http": {"method": "GET"}},
        "pathParameters": {"name": "payments_for_user"},
        **parts,
    }


def status(event: dict[str, Any]) -> int:
    """What the client gets; the runtime writes the answer as JSON in UTF-8."""
    answer = reports.handler(event, None)
    assert isinstance(answer, dict)
    assert json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    return int(answer["statusCode"])


ODD: dict[str, list[Any]] = {
    "headers": [None, [], "x", 7, {"accept": None}, {"accept": ["a", 7]}, {"accept": 7}],
    "multiValueHeaders": [None, [], {"accept": None}, {"accept": "x"}, {"accept": [None]}],
    "requestContext": [None, [], "x", {}, {"http": None}, {"http": "x"}, {"http": {"method": 7}}],
    "httpMethod": [None, 7, [], "get"],
    "rawPath": [None, 7, [], "", "/", "/reports", "/reports/%ff", "/reports/\ud800", "\0"],
    "pathParameters": [None, [], "x", {}, {"name": None}, {"name": 7}, {"name": ["a"]}],
    "rawQueryString": [None, 7, b"user_id=u", b"\xff", [], {}, "%", "&&=&", "=", "user_id=%00"],
    "multiValueQueryStringParameters": [
        None, [], "x", {"user_id": None}, {"user_id": "u"}, {"user_id": [None, 7]}, {"": []},
    ],
    "queryStringParameters": [None, [], "x", {"user_id": None}, {"user_id": 7}, {"user_id": {}}],
}  # fmt: skip


@pytest.mark.parametrize("pair", list(itertools.combinations(ODD, 2)), ids="-".join)
def test_a_malformed_request_has_a_status_of_its_own(books: Books, pair: tuple[str, str]) -> None:
    for first, second in itertools.product(*(ODD[part] for part in pair)):
        answered = status(request(**{pair[0]: first, pair[1]: second}))
        assert answered in (200, 400, 404, 405, 406), (first, second)


def test_a_request_without_some_of_its_parts_has_a_status_of_its_own(books: Books) -> None:
    for missing in itertools.combinations(request(), 3):
        event = {name: part for name, part in request().items() if name not in missing}
        assert status(event) in (200, 400, 404), missing


BAD_TEXTS = ["%ff", "%c3%28", "%ed%a0%80", "a%00b", "%80abc", "\ud800", "%C0%AF"]


@pytest.mark.parametrize(
    "query", ["user_id={}", "{}=u", "user_id=u&cursor={}", "user_id=u&limit={}", "format={}"]
)
def test_text_that_is_none_is_refused_wherever_it_is(no_database: None, query: str) -> None:
    for text, accept in itertools.product(BAD_TEXTS, ACCEPTS):
        event = request(rawQueryString=query.format(text), headers={"accept": accept})
        assert status(event) == 400, (text, accept)


@pytest.mark.parametrize("field", ["user_id", "cursor", "limit", "format", "a_param"])
def test_format_1_refuses_it_too(no_database: None, field: str) -> None:
    for text, accept in itertools.product(["\0", "a\0b", "\ud800", "\udfff\ud800"], ACCEPTS):
        event = request(
            rawQueryString=None,
            multiValueQueryStringParameters={"user_id": ["u"]} | {field: [text]},
            multiValueHeaders={"Accept": [accept]},
        )
        assert status(event) == 400, (text, accept)


@pytest.mark.parametrize("name", ["%ff", "a%00", "%ed%a0%80"])
def test_a_report_whose_name_is_no_text_is_not_found(no_database: None, name: str) -> None:
    for accept in ACCEPTS:
        event = request(rawPath=f"/reports/{name}", pathParameters=None, headers={"accept": accept})
        assert status(event) == 404, accept


@settings(
    max_examples=size(50, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    query=st.text(st.characters(codec=None)) | st.binary().map(quote),
    accept=st.text(st.characters(codec=None)) | st.sampled_from(ACCEPTS),
)
def test_any_query_is_answered(books: Books, query: str, accept: str) -> None:
    event = request(rawQueryString=query, headers={"accept": accept})
    assert status(event) in (200, 400, 406)


def test_a_query_takes_no_longer_than_its_length() -> None:
    query = "&".join(f"p{number}=1" for number in range(200_000))
    began = time.process_time()
    read = asked_of(request(rawQueryString=query + "&p7=2"))
    assert read.repeated == "p7"
    assert time.process_time() - began < 10


def test_of_many_parameters_all_are_read(books: Books) -> None:
    query = "&".join(f"p{number}=" for number in range(5_000))
    assert got(f"/reports/payments_for_user?{query}&user_id=u").status == 200
    assert got(f"/reports/payments_for_user?{query}&user_id=u&more=1").code == "unknown_parameter"
