"""Charts show what the rows say: in proportion, inside the picture, and for every reader."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answers import ResultPage
from reports.charts import MAX_BARS, chart_of, legend_of, plot_of, scale_to, spaced
from tests.unit.reports.builders import report
from tests.unit.reports.pictures import BARS, Picture, bars, days, page


def drawn(shown: ResultPage, width: int = 600) -> Picture:
    plot = plot_of(shown)
    assert plot is not None
    return Picture(chart_of(plot, width))


def test_columns_are_as_tall_as_their_amounts() -> None:
    picture = drawn(days(("100", "0"), ("50", "25"), ("0", "0")))
    tall, half = picture.lengths("series-1", "height")
    [quarter] = picture.lengths("series-2", "height")
    assert tall == pytest.approx(2 * half, abs=Decimal("0.2"))
    assert tall == pytest.approx(4 * quarter, abs=Decimal("0.4"))


def test_bars_are_as_long_as_their_amounts_and_never_invisible() -> None:
    long, half, nothing = drawn(bars(paid=40, held=20, lost=0)).lengths("series-1", "width")
    assert long == pytest.approx(2 * half, abs=Decimal("0.2"))
    assert nothing == 1


@given(
    amounts=st.lists(
        st.tuples(
            st.decimals(0, 10**12, places=2).map(str), st.decimals(0, 10**12, places=2).map(str)
        ),
        min_size=1,
        max_size=400,
    ).filter(lambda amounts: any(Decimal(n) + Decimal(r) for n, r in amounts)),
    width=st.integers(240, 2000),
)
def test_columns_never_leave_the_picture(amounts: list[tuple[str, str]], width: int) -> None:
    assert drawn(days(*amounts), width).outside() == []


@given(
    payments=st.dictionaries(
        st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=80),
        st.integers(0, 10**15),
        min_size=1,
        max_size=MAX_BARS + 5,
    ).filter(lambda payments: any(list(payments.values())[:MAX_BARS])),
    width=st.integers(240, 2000),
)
def test_bars_never_leave_the_picture(payments: dict[str, int], width: int) -> None:
    rows = [{"name": name, "payments": count} for name, count in payments.items()]
    assert drawn(page(*rows, of=report(BARS)), width).outside() == []


def test_a_column_tells_its_amounts_under_the_pointer() -> None:
    titles = drawn(days(("1234.50", "5"))).titles()
    assert titles[1:] == ["2026-01-01: Net 1,234.50, Refunded 5"]


def test_a_picture_says_in_words_what_it_shows() -> None:
    picture = drawn(bars(paid=40, held=20))
    assert picture.root.attrib["role"] == "img"
    assert "Payments: 60 in total, most 40 at paid." in picture.root.attrib["aria-label"]


def test_hostile_names_are_only_text() -> None:
    picture = drawn(bars(**{"</svg><script>alert(1)</script>": 1}))
    assert picture.tags() == {"svg", "title", "desc", "g", "text", "rect"}
    assert "</svg><script>" in picture.titles()[1]


def test_long_names_are_shortened_to_their_place() -> None:
    [name, _] = drawn(bars(**{"a" * 200: 3}), 300).texts()
    assert name.endswith("…")
    assert len(name) < 30


def test_a_missing_name_is_called_none() -> None:
    plot = plot_of(page({"name": None, "payments": 1}, of=report(BARS)))
    assert plot is not None
    assert plot.labels == ("none",)


def test_only_the_first_bars_are_drawn() -> None:
    shown = bars(**{f"n{number}": 1 for number in range(MAX_BARS + 5)})
    assert len(drawn(shown).lengths("series-1", "width")) == MAX_BARS


@pytest.mark.parametrize("shown", [page(), days(("0", "0")), page({"n": 1})])
def test_there_is_no_picture_of_nothing(shown: ResultPage) -> None:
    assert plot_of(shown) is None


def test_a_legend_names_the_colours_only_when_there_are_several() -> None:
    both, one = plot_of(days(("1", "1"))), plot_of(bars(paid=1))
    assert both is not None
    assert one is not None
    assert "Net" in str(legend_of(both))
    assert legend_of(one) is None


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        ("345", ["0", "100", "200", "300", "400"]),
        ("1", ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ("1000", ["0", "200", "400", "600", "800", "1000"]),
        ("0.07", ["0.00", "0.02", "0.04", "0.06", "0.08"]),
    ],
)
def test_marks_are_round(most: str, marks: list[str]) -> None:
    assert [f"{mark:f}" for mark in scale_to(Decimal(most), Decimal(100)).marks] == marks


@given(st.decimals("0.01", 10**15, places=2))
def test_the_marks_hold_every_amount_and_are_few(most: Decimal) -> None:
    marks = scale_to(most, Decimal(100)).marks
    assert marks[-2] < most <= marks[-1]
    assert 3 <= len(marks) <= 6


@given(st.integers(1, 1000), st.integers(1, 30))
def test_labels_are_spaced_evenly_and_are_no_more_than_fit(count: int, most: int) -> None:
    places = spaced(count, most)
    assert 1 <= len(places) <= most
    assert places[-1] < count
