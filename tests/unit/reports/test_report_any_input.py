"""Whatever a caller sends, the answer is a JSON object."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reports.answers import answer
from reports.formats import as_json
from tests.unit.reports.builders import NOW, FakeStore, report_file, table

_TYPES = {
    "t": "text",
    "i": "integer 1..9",
    "n": "number",
    "b": "boolean",
    "d": "date",
    "s": "timestamp 2020-01-01..now",
    "c": "choice a|b",
}
_FILE = report_file(
    *(f"param {name}: {declared}" for name, declared in _TYPES.items()),
    "sort: n integer asc",
    statement=f"SELECT {', '.join(f'%({name})s' for name in _TYPES)}",
)
_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(["\0", "\ud800", "9" * 5000, "NaN"])
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.just(10**40)
_ANYTHING = st.recursive(
    _LEAF, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=5
)
_LIKELY_TEXT = st.from_regex(
    r"[0-9]{1,4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}Z)?| ?[0-9]+ days ago"
)
_PARAMS = st.dictionaries(st.sampled_from([*_TYPES, "zzz"]), _ANYTHING | _LIKELY_TEXT)
_EVENTS = st.fixed_dictionaries(
    {"report": st.just("all_types") | _ANYTHING},
    optional={
        "params": _PARAMS | _ANYTHING,
        "limit": st.integers(1, 1000) | _ANYTHING,
        "cursor": _ANYTHING,
        "format": st.just("json") | _ANYTHING,
    },
)


@given(_EVENTS | _ANYTHING)
def test_any_input_is_answered(event: Any) -> None:
    store = FakeStore({"all_types": _FILE}, table({"n": 1}))
    answered = as_json(answer(event, store, NOW))
    assert json.dumps(answered, allow_nan=False)
    assert answered.keys() & {"reports", "report", "error"}
