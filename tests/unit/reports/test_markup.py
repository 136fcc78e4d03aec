"""Nothing that is not HTML already gets into a page unescaped."""

from hypothesis import given
from hypothesis import strategies as st

from reports.markup import element, escaped
from tests.unit.reports.pictures import Reader


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_stays_text_in_an_element_and_in_an_attribute(text: str) -> None:
    seen = Reader(element("p", text, title=text))
    assert (seen.tags, seen.text, seen.attributes) == (["p"], text, [("title", text)])


def test_markup_is_taken_as_it_is() -> None:
    assert element("p", element("b", "<"), " & ") == "<p><b>&lt;</b> &amp; </p>"


def test_names_lose_their_trailing_underscore_and_gain_hyphens() -> None:
    assert element("label", for_="a", aria_label="b") == '<label for="a" aria-label="b"></label>'


def test_a_carriage_return_is_written_so_that_a_browser_leaves_it() -> None:
    assert element("p", "\r", title="\r\n") == '<p title="&#13;\n">&#13;</p>'


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert escaped("a\ud800\0b").encode() == "a\ufffd\ufffdb".encode()
