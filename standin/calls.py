"""What a call of the API is made of: its ids and its parameters, taken one by one.

A handler reads and checks first, and answers with a function that does the work. So whatever
is refused for what was sent has changed nothing.
Source: https://docs.stripe.com/api, "form-encoded request bodies"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from werkzeug import Request

from standin.errors import ApiError, Json, invalid, lacking, missing, resource_missing
from standin.store import Store
from standin.typed import check_metadata

Work = Callable[[], Json]

_KEYS = re.compile(r"[^\[\]]+|\[\]")
_NAME = re.compile(r"^[^\[\]]+(\[[^\[\]]*\])*$")


def path_of(request: Request) -> str:
    """A request's path as it was sent: a slash in an id is encoded, and is no slash of the path."""
    path: str = request.environ["RAW_URI"]
    return path.partition("?")[0]


def values_of(request: Request) -> Json:
    """A request's parameters, nested, as texts: a POST's form after what its address says."""
    form = request.get_data() if request.method == "POST" else b""
    encoded = b"&".join(filter(None, (request.query_string, form)))
    return decoded(encoded.decode("utf-8", "replace"))


def decoded(encoded: str) -> Json:
    """`a[b][0][c]=x` as nested values; what a list is, only the call's schema knows."""
    whole: Json = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        if not _NAME.match(name):
            raise ApiError(400, f"Invalid parameter name: {name}", param=name)
        *keys, last = _KEYS.findall(name)
        branch = whole
        for key in keys:
            branch = branch.setdefault(_next_key(branch, key), {})
            if not isinstance(branch, dict):
                raise ApiError(400, f"Invalid object: {key}", param=key)
        branch[_next_key(branch, last)] = value
    return whole


def _next_key(nested: Json, key: str) -> str:
    return str(len(nested)) if key == "[]" else key


class Parameters:
    """Parameters of a call, taken one by one. What nobody took, the stand-in does not know."""

    def __init__(self, values: Json, path: str = "") -> None:
        self._values = values
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def take(self, name: str, default: Any = None) -> Any:
        return self._values.pop(name, default)

    def peek(self, name: str) -> Any:
        """The parameter, or None; somebody else takes it."""
        return self._values.get(name)

    def count(self, name: str) -> int:
        """How many elements a list has."""
        return len(self._values.get(name) or ())

    def needs(self, name: str) -> None:
        if name not in self._values:
            raise missing(self.name(name))

    def required(self, name: str) -> Any:
        self.needs(name)
        return self.take(name)

    def given(self, *names: str) -> Json:
        """Those of the parameters that are there."""
        return {name: self.take(name) for name in names if name in self._values}

    def group(self, name: str) -> Parameters:
        """A hash, such as `payment_intent_data`; empty where it is not given."""
        return Parameters(self.take(name) or {}, self.name(name))

    def groups(self, name: str) -> list[Parameters]:
        """A list of hashes, such as `line_items`."""
        return [
            Parameters(each, f"{self.name(name)}[{index}]")
            for index, each in enumerate(self.take(name) or [])
        ]

    def metadata(self) -> dict[str, str]:
        """The metadata of a new object: an empty value sets nothing."""
        return {key: value for key, value in (self.take("metadata") or {}).items() if value}

    def changed_metadata(self, before: Json) -> Json:
        """Metadata with a change: an empty value takes its key away, an empty text takes all.

        Source: https://docs.stripe.com/api/metadata
        """
        if "metadata" not in self:
            return before
        given = self.take("metadata")
        if not given:
            return {}
        after = {key: value for key, value in {**before, **given}.items() if value != ""}
        check_metadata(after, "metadata")
        return after

    def at_least_one(self, name: str) -> int | None:
        """An amount that is 1 or more where it is given."""
        amount: int | None = self.take(name)
        if amount is not None and amount < 1:
            message = "This value must be greater than or equal to 1."
            raise self.invalid(name, message, "parameter_invalid_integer")
        return amount

    def at_most_one(self, *names: str) -> None:
        """Raise if two of the parameters are given, as Stripe does."""
        if sum(name in self._values for name in names) > 1:
            listed = ", ".join(names)
            message = f"You may only specify one of these parameters: {listed}."
            raise self.invalid(next(name for name in names if name in self._values), message)

    def finish(self) -> None:
        """Raise if a parameter is left that nobody asked for."""
        for name in self._values:
            raise lacking(f"the parameter {self.name(name)}", self.name(name))

    def name(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name

    def invalid(self, name: str, message: str, code: str | None = None) -> ApiError:
        return invalid(self.name(name), message, code)


@dataclass(frozen=True)
class Call:
    """One call: the ids in its path, and its parameters with their types."""

    ids: tuple[str, ...]
    given: Parameters


Handler = Callable[[Store, Call], Work]


def named(store: Store, object_type: str, object_id: str, param: str, status: int = 404) -> Json:
    """The object that a path (404) or a parameter (400) names."""
    found = store.find(object_type, object_id)
    if found is None:
        raise resource_missing(object_type, object_id, param, status)
    return found
