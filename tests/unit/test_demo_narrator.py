"""How the demo is told to its reader."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from local.demo.narrator import Narrator, NotAsTold
from local.shop import Seen

PAID = Seen(status=200, outcome="recorded", payment="paid", balance=1000, payment_id="pay_1")


class Terminal(io.TextIOWrapper):
    """A terminal that remembers what it was sent."""

    def __init__(self, encoding: str) -> None:
        self.sent = io.BytesIO()
        super().__init__(self.sent, encoding=encoding)

    def isatty(self) -> bool:
        return True


def printed(encoding: str = "utf-8", environment: Mapping[str, str] | None = None) -> str:
    """One delivery as a terminal with this encoding and environment shows it."""
    terminal = Terminal(encoding)
    narrator = Narrator(terminal, environment or {})
    narrator.deliveries_begin()
    narrator.told("checkout.session.completed", PAID, "recorded", "paid", 1000)
    return terminal.sent.getvalue().decode(encoding)


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[32m" in printed()


def test_no_color_turns_colours_off() -> None:
    assert "\x1b" not in printed(environment={"NO_COLOR": "1"})


def test_an_empty_no_color_turns_nothing_off() -> None:
    assert "\x1b" in printed(environment={"NO_COLOR": ""})


@pytest.mark.parametrize(("encoding", "rule"), [("utf-8", "─"), ("ascii", "-"), ("latin-1", "-")])
def test_rules_are_drawn_with_what_the_encoding_has(encoding: str, rule: str) -> None:
    assert rule * 82 in printed(encoding)


@pytest.mark.parametrize(
    ("outcome", "payment", "balance"),
    [("duplicate", "paid", 1000), ("recorded", "pending", 1000), ("recorded", "paid", 999)],
)
def test_what_differs_from_the_story_is_an_error(outcome: str, payment: str, balance: int) -> None:
    narrator = Narrator(io.StringIO(), {})
    with pytest.raises(NotAsTold, match="saw"):
        narrator.told("checkout.session.completed", PAID, outcome, payment, balance)


def test_a_delivery_that_was_refused_is_an_error() -> None:
    refused = Seen(status=503, outcome="recorded", payment="paid", balance=1000, payment_id=None)
    with pytest.raises(NotAsTold):
        Narrator(io.StringIO(), {}).told("event", refused, "recorded", "paid", 1000)


def test_a_table_has_numbers_to_the_right_and_texts_to_the_left() -> None:
    out = io.StringIO()
    rows = [{"name": "a", "count": 12}, {"name": "longer", "count": 3456}]
    Narrator(out, {}).table(["name", "count"], rows)
    assert out.getvalue().splitlines()[2:] == ["  a          12", "  longer  3,456"]


def test_a_table_without_rows_has_its_heading() -> None:
    out = io.StringIO()
    Narrator(out, {}).table(["name"], [])
    assert out.getvalue().splitlines()[0] == "  name"
