"""Nothing that is not HTML already gets into a page unescaped."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.markup import element, joined


class Reader(HTMLParser):
    """Collects what a browser would see: the tags, the attributes and the text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_stays_text_in_an_element_and_in_an_attribute(text: str) -> None:
    seen = Reader(element("p", text, title=text))
    assert (seen.tags, seen.text, seen.attributes) == (["p"], text, [("title", text)])


def test_markup_is_taken_as_it_is() -> None:
    assert element("p", element("b", "<"), " & ") == "<p><b>&lt;</b> &amp; </p>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "<i hidden></i>"), (False, "<i></i>"), (None, "<i></i>"), ("", '<i hidden=""></i>')],
)
def test_an_attribute_is_written_named_or_left_out(value: str | bool | None, expected: str) -> None:
    assert element("i", hidden=value) == expected


def test_names_lose_their_trailing_underscore_and_gain_hyphens() -> None:
    assert element("label", for_="a", aria_label="b") == '<label for="a" aria-label="b"></label>'


def test_a_carriage_return_is_written_so_that_a_browser_leaves_it() -> None:
    assert element("p", "\r", title="\r\n") == '<p title="&#13;\n">&#13;</p>'


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert joined(["a\ud800\0b"]).encode() == "a\ufffd\ufffdb".encode()
