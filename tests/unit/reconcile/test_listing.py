"""A page of one of Stripe's lists, whatever Stripe answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.stripe_listing import StripeHistory
from domain.stripe_objects import StripeRefused, StripeUnreachable
from reconcile.checkpoints import Listing, Window
from reconcile.ports import NoAnswer, Page

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)


class Answering(StripeHistory):
    """A client that is answered without a call."""

    def __init__(self, answer: object) -> None:
        super().__init__("sk_test", "http://127.0.0.1:1", livemode=False, pace=lambda: None)
        self._answer = answer

    def _get(self, _path: str, **_parameters: Any) -> object:
        return self._answer


def page_of(data: object, has_more: object = True, cursor: str | None = None) -> Page | NoAnswer:
    answer = {"object": "list", "data": data, "has_more": has_more}
    return Answering(answer).page(Listing.SESSIONS, Window(START, END, cursor))


def test_a_page_goes_on_after_its_last_object() -> None:
    items = [{"id": "cs_2", "created": 7}, {"id": "cs_1", "created": 5}]
    assert page_of(items) == Page(items, "cs_1", 5)


def test_the_last_page_needs_nothing_to_go_on_after() -> None:
    assert page_of([{"id": "cs_1", "created": 5}, None], has_more=False) == Page(
        [{"id": "cs_1", "created": 5}, None], None, None
    )


NO_CURSORS = [None, 5, "", [], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": "a\0b"}]


@pytest.mark.parametrize("last", NO_CURSORS)
def test_a_page_is_cut_when_there_is_nothing_to_go_on_after(last: object) -> None:
    page = page_of([{"id": "cs_2"}, last])
    assert isinstance(page, Page)
    assert (page.is_cut, page.next_cursor) == (True, None)


def test_a_page_is_cut_when_it_ends_where_it_began() -> None:
    page = page_of([{"id": "cs_1"}], cursor="cs_1")
    assert isinstance(page, Page)
    assert (page.is_cut, page.next_cursor) == (True, None)


def test_an_empty_page_that_has_more_is_cut() -> None:
    page = page_of([])
    assert isinstance(page, Page)
    assert page.is_cut


@pytest.mark.parametrize("created", [None, "yesterday", -1, 10**400, 2.5, [], {}])
def test_a_page_whose_last_object_has_no_time_says_none(created: object) -> None:
    page = page_of([{"id": "cs_1", "created": created}])
    assert isinstance(page, Page)
    assert page.oldest is None


@pytest.mark.parametrize("data", [None, {}, "text", 5])
def test_a_list_without_its_data_is_no_answer(data: object) -> None:
    assert page_of(data) == StripeUnreachable("Stripe: a list without its data")


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"object": "event"}])
def test_what_is_no_list_is_no_answer(answer: object) -> None:
    found = Answering(answer).page(Listing.SESSIONS, Window(START, END))
    assert isinstance(found, StripeUnreachable)


def test_a_list_of_the_other_mode_is_refused_and_one_such_object_is_not() -> None:
    ours, theirs = {"id": "cs_1", "livemode": False}, {"id": "cs_2", "livemode": True}
    assert isinstance(page_of([theirs, theirs]), StripeRefused)
    assert isinstance(page_of([theirs, ours]), Page)
