"""Lists are paged by their sort key: complete, stable, and at the price of one page."""

import pytest

from tests.integration.reports.books import START, Books

_LISTS = [("recent_payments", {}), ("payments_for_user", {"user_id": "user_1"})]


def ids(pages: list[list[dict[str, str]]]) -> list[str]:
    return [row["payment_id"] for page in pages for row in page]


@pytest.mark.parametrize(("report", "params"), _LISTS)
@pytest.mark.parametrize("limit", [1, 2, 7, 8])
def test_pages_together_are_the_whole_list(
    books: Books, report: str, params: dict[str, str], limit: int
) -> None:
    expected = [books.pay(created_at=START) for _ in range(7)]
    pages = list(books.all_pages(report, params=params, limit=limit))
    assert ids(pages) == sorted(expected, reverse=True)
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_a_payment_recorded_between_two_pages_repeats_and_hides_nothing(books: Books) -> None:
    expected = [books.pay() for _ in range(6)]
    seen = []
    for page in books.all_pages("recent_payments", limit=2):
        seen.append(page)
        books.pay()
    assert ids(seen) == expected[::-1]


def test_a_time_keeps_its_microseconds_from_page_to_page(books: Books) -> None:
    for microsecond in range(5):
        books.pay(created_at=START.replace(microsecond=microsecond))
    pages = list(books.all_pages("recent_payments", limit=1))
    assert ids(pages) == [f"pay_{number}" for number in (5, 4, 3, 2, 1)]


def test_a_user_id_made_of_sql_is_only_a_user_id(books: Books) -> None:
    hostile = "x' OR '1'='1'; DROP TABLE users; -- %s %(y)s"
    books.pay()
    paid = books.pay(hostile)
    page = books.asked("payments_for_user", params={"user_id": hostile})
    assert [row["payment_id"] for row in page["rows"]] == [paid]
