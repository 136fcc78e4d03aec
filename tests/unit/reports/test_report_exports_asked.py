"""An export is asked for like a report, and is the whole of it."""

from typing import Any

import pytest

from reports.answers import answer
from reports.formats import as_json
from tests.unit.reports.builders import NOW, FakeStore, report_file, table

_FILES = {
    "numbers": report_file(
        "param above: integer, default 0",
        "sort: n integer asc",
        statement="SELECT n FROM t WHERE n > %(above)s",
    )
}


def asked(**fields: Any) -> tuple[dict[str, Any], FakeStore]:
    store = FakeStore(_FILES, table())
    return as_json(answer({"report": "numbers", **fields}, store, NOW)), store


def test_an_export_is_told_where_it_is_and_how_much() -> None:
    answered, _ = asked(export=True)
    assert answered == {
        "report": "numbers",
        "url": "https://bucket.test/x",
        "expires_at": "2026-03-01T12:30:00.000000Z",
        "rows": 3,
        "size_bytes": 99,
    }


def test_an_export_is_the_whole_list_in_its_order() -> None:
    _, store = asked(export=True, params={"above": 5})
    [query] = store.queries
    assert query.values == {"above": 5}
    assert query.statement.endswith("ORDER BY n ASC")


@pytest.mark.parametrize(
    "fields",
    [
        {"export": "yes"},
        {"export": 1},
        {"export": True, "limit": 5},
        {"export": True, "cursor": "abc"},
        {"export": True, "format": "json"},
    ],
)
def test_what_contradicts_an_export_is_refused(fields: dict[str, Any]) -> None:
    answered, store = asked(**fields)
    assert answered["error"]["code"] == "bad_export"
    assert store.queries == []


def test_no_export_is_a_page() -> None:
    answered, _ = asked(export=False)
    assert answered["rows"] == []
