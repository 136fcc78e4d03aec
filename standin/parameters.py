"""Request parameters: Stripe's bracketed form encoding, decoded, and taken one by one.

Source: https://docs.stripe.com/api, "form-encoded request bodies"
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from standin.errors import ApiError, Json, invalid, lacking, missing

_KEYS = re.compile(r"[^\[\]]+|\[\]")
_NAME = re.compile(r"^[^\[\]]+(\[[^\[\]]*\])*$")


def decoded(encoded: str) -> Json:
    """`a[b][0][c]=x` as nested values; what a list is, only the call's schema knows."""
    nested: Json = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        if not _NAME.match(name):
            raise ApiError(400, f"Invalid parameter name: {name}", param=name)
        _put(nested, _KEYS.findall(name), value)
    return nested


def _put(nested: Json, keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        nested = _branch(nested, key)
    nested[_next_key(nested, keys[-1])] = value


def _branch(nested: Json, key: str) -> Json:
    branch = nested.setdefault(_next_key(nested, key), {})
    if not isinstance(branch, dict):
        raise ApiError(400, f"Invalid object: {key}", param=key)
    return branch


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
