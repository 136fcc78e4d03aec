"""Which values parameters take, and what a caller is told about the others."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reports.kinds import Value
from reports.parameters import bind
from reports.problems import Problem
from tests.unit.reports.builders import NOW, code_of, parameterised, report


def bound(declared: str, given: object) -> Value | Problem | None:
    """The value of the parameter `x`, declared like this and given this."""
    arguments = bind(parameterised(declared).parameters, {"x": given}, NOW)
    return arguments if isinstance(arguments, Problem) else arguments["x"].value


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("text", "O'Brien; --", "O'Brien; --"),
        ("text", 7, "7"),
        ("text 1..3, example abc", "äöü", "äöü"),
        ("integer", 5, 5),
        ("integer", "-5", -5),
        ("integer 0..", 0, 0),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("number", "9.990", Decimal("9.990")),
        ("number", 3, Decimal(3)),
        ("boolean", False, False),
        ("boolean", "true", True),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("date", "today", date(2026, 3, 1)),
        ("date", "tomorrow", date(2026, 3, 2)),
        ("date", "1 day ago", date(2026, 2, 28)),
        ("timestamp", "now", NOW),
        ("timestamp", "2 days ago", NOW - timedelta(days=2)),
        ("timestamp", "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("timestamp", "2026-01-31T12:00:00.000001Z", datetime(2026, 1, 31, 12, 0, 0, 1, UTC)),
        ("timestamp", "2026-01-31 12:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("choice paid|lost", "lost", "lost"),
        ("integer, default 3", None, 3),
        ("date, default 30 days ago", None, date(2026, 1, 30)),
        ("text", None, None),
    ],
)
def test_a_value_is_read_by_its_type(declared: str, given: object, value: Value | None) -> None:
    read = bound(declared, given)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ("text", "nul\0"),
        ("text", "\ud800"),
        ("text", True),
        ("text", ["a"]),
        ("text 1..3, example abc", ""),
        ("text 1..3, example abc", "four"),
        ("integer", True),
        ("integer", 5.0),
        ("integer", "5.0"),
        ("integer", "٥"),
        ("integer", " 5"),
        ("integer", 2**63),
        pytest.param("integer", 10**5000, id="integer-huge"),
        ("integer", "9" * 5000),
        ("integer 1..9", 0),
        ("integer 1..9", 10),
        ("number", 9.99),
        ("number", "NaN"),
        ("number", "1e400"),
        ("boolean", 1),
        ("boolean", "yes"),
        ("date", "2026-02-30"),
        ("date", "20260228"),
        ("date", "0000-01-01"),
        ("date", "99999 days ago and more"),
        ("date", 20260228),
        ("date 2020-01-01..today", "tomorrow"),
        ("date 2020-01-01..", "2019-12-31"),
        ("timestamp", "2026-01-31T25:00:00Z"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "infinity"),
        ("choice paid|lost", "PAID"),
        ("choice paid|lost", {}),
        ("text, required", None),
    ],
)
def test_a_value_that_is_not_allowed_is_a_problem(declared: str, given: object) -> None:
    assert code_of(bound(declared, given)) == "bad_parameter"


def test_a_problem_says_which_parameter_what_is_expected_and_an_example() -> None:
    problem = bound("integer 1..366, default 30", "many")
    assert problem == Problem(
        "bad_parameter",
        "x must be a whole number from 1 to 366; got 'many'. For example: 30",
    )


def test_a_missing_parameter_is_named_with_an_example() -> None:
    problem = bound("text 1..9, required, example u_1", None)
    assert problem == Problem(
        "bad_parameter", "x is required: text from 1 to 9 characters. For example: u_1"
    )


def test_a_choice_lists_what_may_be_chosen() -> None:
    problem = bound("choice paid|lost", "won")
    assert isinstance(problem, Problem)
    assert "one of paid, lost" in problem.message


def test_an_unknown_parameter_is_a_problem_that_names_the_nearest() -> None:
    parameters = report("param user_id: text", statement="SELECT %(user_id)s").parameters
    problem = bind(parameters, {"userid": "u"}, NOW)
    assert code_of(problem) == "unknown_parameter"
    assert isinstance(problem, Problem)
    assert "Did you mean user_id?" in problem.message


@pytest.mark.parametrize("sent", ["x" * 10_000, "\ud800\0\x1b[2J", "Ω"])
def test_what_the_caller_sent_is_repeated_short_and_in_plain_characters(sent: Any) -> None:
    problem = bound("integer", sent)
    assert isinstance(problem, Problem)
    assert problem.message.isascii()
    assert problem.message.isprintable()
    assert len(problem.message) < 200


def test_a_relative_date_keeps_its_text() -> None:
    arguments = bind(parameterised("date, default 30 days ago").parameters, {}, NOW)
    assert not isinstance(arguments, Problem)
    assert arguments["x"].text == "30 days ago"
