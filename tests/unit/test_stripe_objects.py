"""What is read of Stripe's objects can be stored; everything else reads as nothing."""

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from domain.stripe_objects import (
    LARGEST_AMOUNT_MINOR,
    LAST_SECOND,
    amount,
    given,
    id_of,
    seconds,
    text,
    whole,
)

ODD_TEXTS = ["", "\0", "a\0b", "\ud800", "a\udfffb", "x" * 501, None, 7, 1.5, True, [], {}, ["a"]]
SURROGATES = [chr(code) for code in range(0xD800, 0xE000, 0x7F)]


@pytest.mark.parametrize("value", ODD_TEXTS + SURROGATES, ids=repr)
def test_text_that_cannot_be_stored_reads_as_none(value: object) -> None:
    assert text(value) is None


@given_by(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_all_other_text_is_read_exactly_as_it_is(value: str) -> None:
    assert text(value) == value


@pytest.mark.parametrize(
    "value", [" ana", "ana ", "\tana", "\u200fana", "a\u200db", "\u00a0", "😀"]
)
def test_no_character_is_stripped(value: str) -> None:
    assert text(value) == value


def test_the_longest_value_of_metadata_is_read() -> None:
    assert text("😀" * 500) == "😀" * 500


@pytest.mark.parametrize("value", ODD_TEXTS, ids=repr)
def test_an_object_whose_id_cannot_be_stored_has_none(value: object) -> None:
    assert id_of({"id": value}) is None


@pytest.mark.parametrize(
    ("values", "first"),
    [((None, ""), None), ((None, "a"), "a"), (("", "a", "b"), "a"), (("\0", "a"), "\0")],
)
def test_the_first_value_that_was_given_counts_even_if_it_cannot_be_read(
    values: tuple[object, ...], first: object
) -> None:
    assert given(*values) == first


NO_NUMBERS = [None, True, False, "3", 2.0, 2.5, float("inf"), float("nan"), [], {}, [3]]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_whole_number_reads_as_none(value: object) -> None:
    assert (whole(value), amount(value), seconds(value)) == (None, None, 0)


@pytest.mark.parametrize("value", [-1, -(10**30), LARGEST_AMOUNT_MINOR + 1, 10**30])
def test_an_amount_out_of_range_reads_as_none(value: int) -> None:
    assert amount(value) is None


@pytest.mark.parametrize("value", [0, 1, LARGEST_AMOUNT_MINOR])
def test_an_amount_in_range_is_read(value: int) -> None:
    assert amount(value) == value


@pytest.mark.parametrize("value", [-1, LAST_SECOND + 1, 10**30])
def test_a_time_outside_of_the_calendar_is_no_time(value: int) -> None:
    assert seconds(value) == 0
