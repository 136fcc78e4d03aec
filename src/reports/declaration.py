"""Reads a report's file: the header comment that declares it, and the statement below.

    -- title: Payments of a user
    -- description: Everything a user has begun to buy, newest first.
    --     Indented lines continue the one above.
    -- param user_id: text 1..500, required, example user_123
    --     Who paid.
    -- param status: choice paid|refunded, default paid
    -- param since: date 2020-01-01..today, default 30 days ago
    -- sort: created_at timestamp desc, payment_id text desc
    -- chart: columns of net_usd, refunded_usd by day

    SELECT ... WHERE user_id = %(user_id)s

`title` and `description` are required. A parameter says its type (text, integer, number, boolean,
date, timestamp, choice), after it what is allowed (`low..high`, either may be left out; the length
for a text; the values for a choice), then, after commas and in any order, `required` or `default`,
and an `example`. The indented lines are its description.

`sort` makes the report a list, paged by these columns, and puts it in order: the statement then has
no ORDER BY or LIMIT of its own. Together the columns must be unique and none may be null; all go in
one direction, so that one row comparison finds the next page in an index. A report without `sort`
is a summary, answered whole, and orders its rows itself.

`chart` says which columns to draw: `columns` stacks them upright, for days; `bars` lays them down.

The statement is one SELECT. Placeholders are bound with their parameter's type, so they need no
cast, and a null parameter is just NULL. A literal percent sign is written twice.
"""

import re
from collections.abc import Iterator

from reports.declarations import HeaderError, chart, parameter, sort
from reports.parameters import Parameter
from reports.report import Report

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DECLARATION = re.compile(r"(title|description|sort|chart|param(?: \S+)?): *(.*)")
_PLACEHOLDER = re.compile(r"%\(([a-z][a-z0-9_]*)\)s")
_CHANGES_SETTINGS = re.compile(r"\bset_config\b|\bset\s+(local|session|role)\b", re.IGNORECASE)


def read_report(name: str, text: str) -> Report:
    """The report that a file declares.

    :param name: the file's name without its ending.
    :raises HeaderError: says which report and what is wrong with its file.
    """
    try:
        if not _NAME.fullmatch(name):
            raise HeaderError("the file's name must be lower-case letters, digits and underscores")
        header, statement = _split(text)
        return _report(name, list(_declarations(header)), statement)
    except HeaderError as error:
        raise HeaderError(f"sql/reports/{name}.sql: {error}") from None


def _split(text: str) -> tuple[list[str], str]:
    lines = text.strip().splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return lines[:end], "\n".join(lines[end:]).strip().removesuffix(";").strip()


def _declarations(header: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each declaration's key with its lines: its own and those that continue it."""
    key, lines = "", list[str]()
    for line in header:
        content = line.removeprefix("--").removeprefix(" ").rstrip()
        if content.startswith(" ") and key:
            lines.append(content.strip())
        elif found := _DECLARATION.fullmatch(content):
            if key:
                yield key, lines
            key, lines = found[1], [found[2]]
        elif content:
            raise HeaderError(f"cannot read the header line {content!r}")
    if key:
        yield key, lines


def _report(name: str, declared: list[tuple[str, list[str]]], statement: str) -> Report:
    keys = [key for key, _ in declared]
    if repeated := {key for key in keys if keys.count(key) > 1}:
        raise HeaderError(f"{min(repeated)} is declared twice")
    single = {key: " ".join(lines).strip() for key, lines in declared}
    for required in ("title", "description"):
        if not single.get(required):
            raise HeaderError(f"the header has no {required}")
    parameters = tuple(
        parameter(key.removeprefix("param").strip(), lines[0], " ".join(lines[1:]))
        for key, lines in declared
        if key.startswith("param")
    )
    return Report(
        name=name,
        title=single["title"],
        description=single["description"],
        parameters=parameters,
        sort=sort(single["sort"]) if "sort" in single else None,
        chart=chart(single["chart"]) if "chart" in single else None,
        statement=_statement(statement, {each.name: each for each in parameters}),
    )


def _statement(statement: str, parameters: dict[str, Parameter]) -> str:
    _check_statement(statement, set(parameters))
    return _PLACEHOLDER.sub(
        lambda found: f"{found[0]}::{parameters[found[1]].kind.sql_type}", statement
    )


def _check_statement(statement: str, names: set[str]) -> None:
    if not re.match(r"(select|with)\b", statement, re.IGNORECASE):
        raise HeaderError("the statement must begin with SELECT or WITH")
    if ";" in statement:
        raise HeaderError("only one statement is allowed, and no other semicolon")
    # The transaction is read-only and under a role that can only read; a report must not undo it.
    if _CHANGES_SETTINGS.search(statement):
        raise HeaderError("a report must not change settings")
    used = set(_PLACEHOLDER.findall(statement))
    if used != names:
        raise HeaderError(f"declared or used, but not both: {', '.join(sorted(used ^ names))}")
    if "%" in _PLACEHOLDER.sub("", statement).replace("%%", ""):
        raise HeaderError("a percent sign is written twice, or begins a placeholder %(name)s")
