"""Any user id survives an address, and the links to further pages."""

from typing import Literal
from urllib.parse import urlencode

import pytest

from tests.integration.operators import STRANGE_IDS
from tests.integration.reports.books import Books
from tests.integration.reports.http import BROWSER, got

both_formats = pytest.mark.parametrize("payload_format", ["1.0", "2.0"])
PAYMENTS_OF = "/reports/payments_for_user?"


@both_formats
def test_each_page_is_about_exactly_that_user(
    books: Books, payload_format: Literal["1.0", "2.0"]
) -> None:
    books.pay("ana")
    paid = {each: [books.pay(each), books.pay(each)] for each in STRANGE_IDS.values()}
    for user_id, payments in paid.items():
        query = urlencode({"user_id": user_id, "limit": 1})
        first = got(PAYMENTS_OF + query, payload_format=payload_format)
        onward = first.headers["link"].partition(">")[0].removeprefix("<?")
        second = got(PAYMENTS_OF + onward, payload_format=payload_format)
        rows = [*first.json["rows"], *second.json["rows"]]
        assert [row["payment_id"] for row in rows] == payments[::-1]
        assert second.json["next_cursor"] is None


@both_formats
def test_what_a_form_sends_beside_its_fields_is_a_parameter_like_any_other(
    books: Books, payload_format: Literal["1.0", "2.0"]
) -> None:
    paid = books.pay("a\n&limit=0")
    query = urlencode({"exactly": urlencode({"user_id": "a\n&limit=0"}), "limit": 20})
    answer = got(PAYMENTS_OF + query, payload_format=payload_format)
    assert [row["payment_id"] for row in answer.json["rows"]] == [paid]


@pytest.mark.parametrize(
    "query",
    [
        {"user_id": "ana", "exactly": "user_id=zoe"},
        {"exactly": "user_id=ana&user_id=zoe"},
        {"exactly": "exactly=user_id%3Dana"},
        {"exactly": "nonsense"},
    ],
)
@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_what_makes_no_sense_beside_the_fields_is_refused(
    books: Books, query: dict[str, str], accept: str
) -> None:
    assert got(PAYMENTS_OF + urlencode(query), accept=accept).status == 400


@pytest.mark.parametrize("user_id", ["", "a" * 501, "\0"])
def test_what_no_user_can_be_called_is_refused(books: Books, user_id: str) -> None:
    assert got(PAYMENTS_OF + urlencode({"user_id": user_id})).code == "bad_parameter"
