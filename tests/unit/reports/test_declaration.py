"""What a report's file may declare, and how a wrong one is refused."""

import pytest

from reports.declaration import Chart, HeaderError, read_report
from tests.unit.reports.builders import parameterised, report, report_file


def test_a_file_declares_a_report() -> None:
    read = read_report(
        "of_user",
        "-- title: Of a user\n-- description: All\n--     of it.\n--\n"
        "-- param user_id: text 1..9, required, example u_1\n--     Whose.\n"
        "-- sort: n integer asc\n\nSELECT 1 AS n WHERE 'a' = %(user_id)s;\n",
    )
    assert (read.name, read.title, read.description) == ("of_user", "Of a user", "All of it.")
    [parameter] = read.parameters
    assert (parameter.low, parameter.high, parameter.required) == ("1", "9", True)
    assert (parameter.example, parameter.description) == ("u_1", "Whose.")
    assert read.sort is not None
    assert read.sort.written == "n ASC"
    assert read.statement == "SELECT 1 AS n WHERE 'a' = %(user_id)s::text"


def test_a_report_without_sort_is_a_summary() -> None:
    assert report().sort is None


@pytest.mark.parametrize(
    ("declared", "sql_type"),
    [
        ("text", "text"),
        ("integer 1..366", "bigint"),
        ("number 0..", "numeric"),
        ("boolean, default true", "boolean"),
        ("date 2020-01-01..today, default 30 days ago", "date"),
        ("timestamp ..now", "timestamptz"),
        ("choice paid|refunded, default paid", "text"),
    ],
)
def test_a_placeholder_gets_its_parameters_type(declared: str, sql_type: str) -> None:
    assert parameterised(declared).statement == f"SELECT %(x)s::{sql_type} AS x"


def test_an_example_is_found_where_none_is_declared() -> None:
    read = report(
        "param a: choice paid|lost",
        "param b: integer 1..9, default 7",
        statement="SELECT %(a)s AS a, %(b)s AS b",
    )
    assert [parameter.example for parameter in read.parameters] == ["paid", "7"]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("titel: X", "cannot read the header line 'titel: X'"),
        ("title: Again", "title is declared twice"),
        ("param x", "cannot read the header line"),
        ("param : text", "cannot read the header line"),
        ("param X: text", "'X' cannot be a parameter's name"),
        ("param page_limit: integer", "'page_limit' cannot be a parameter's name"),
        ("param x: string", "there is no type 'string'; there are text"),
        ("param x: integer 5", "what is allowed must read 'low..high'"),
        ("param x: integer ..", "what is allowed must read 'low..high'"),
        ("param x: integer a..b", "'a' bounds no integer"),
        ("param x: text -1..5", "'-1' bounds no text"),
        ("param x: boolean false..true", "'false' bounds no boolean"),
        ("param x: choice", "a choice names its values"),
        ("param x: choice a||b", "a choice names its values"),
        ("param x: text, optional", "cannot read 'optional'"),
        ("param x: text, required yes", "cannot read 'required yes'"),
        ("param x: text, default", "cannot read 'default'"),
        ("param x: text, required, required", "it says something twice"),
        ("param x: text, required, default a", "it is required and has a default"),
        ("param x: integer 1..9, default 10", "it does not allow its own default"),
        ("param x: choice a|b, example c", "it does not allow its own default or example, 'c'"),
        ("param x: text 20..", "it does not allow its own default or example, 'some text'"),
        ("sort: n", "sort must read"),
        ("sort: n integer", "sort must read"),
        ("sort: n integer down", "sort must read"),
        ("sort: n; integer asc", "sort must read"),
        ("sort: n bigint asc", "there is no type 'bigint'"),
        ("sort: n integer asc, m text desc", "all columns must go in one direction"),
        ("param limit: integer", "'limit' cannot be a parameter's name"),
        ("param format: text", "'format' cannot be a parameter's name"),
        ("chart: pie of n by m", "chart must read"),
        ("chart: bars of n", "chart must read"),
        ("chart: bars of n; m by o", "chart must read"),
    ],
)
def test_a_wrong_header_is_refused_with_its_reason(header: str, complaint: str) -> None:
    with pytest.raises(HeaderError) as refusal:
        report(header, statement="SELECT %(x)s AS n")
    assert str(refusal.value).startswith("sql/reports/a_report.sql: ")
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("", "must begin with SELECT or WITH"),
        ("DELETE FROM users", "must begin with SELECT or WITH"),
        ("SELECT 1; SELECT 2", "only one statement"),
        ("SELECT set_config('role', 'none', false)", "must not change settings"),
        ("SELECT %(y)s", "declared or used, but not both: y"),
        ("SELECT 10 % 3", "a percent sign is written twice"),
        ("SELECT %s", "a percent sign is written twice"),
    ],
)
def test_a_wrong_statement_is_refused_with_its_reason(statement: str, complaint: str) -> None:
    with pytest.raises(HeaderError, match=complaint):
        report(statement=statement)


def test_a_parameter_that_the_statement_does_not_use_is_refused() -> None:
    with pytest.raises(HeaderError, match="declared or used, but not both: x"):
        report("param x: text")


@pytest.mark.parametrize("missing", ["title", "description"])
def test_a_title_and_a_description_are_required(missing: str) -> None:
    lines = report_file().splitlines()
    with pytest.raises(HeaderError, match=f"the header has no {missing}"):
        read_report("x", "\n".join(line for line in lines if missing not in line))


def test_a_file_name_that_is_no_name_is_refused() -> None:
    with pytest.raises(HeaderError, match="the file's name"):
        report(name="Total Revenue")


def test_a_chart_names_its_shape_its_values_and_its_labels() -> None:
    declared = report("chart: columns of net_usd, refunded_usd by day").chart
    assert declared == Chart("columns", ("net_usd", "refunded_usd"), "day")


def test_a_doubled_percent_sign_is_a_literal_one() -> None:
    assert report(statement="SELECT 'a' LIKE '%%b'").statement == "SELECT 'a' LIKE '%%b'"
