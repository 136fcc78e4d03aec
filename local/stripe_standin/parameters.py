"""Request parameters: Stripe's bracketed form encoding, decoded and checked.

Source: https://docs.stripe.com/api, "form-encoded request bodies"; errors as in
https://docs.stripe.com/error-codes (parameter_unknown, parameter_missing, parameter_invalid_*)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from local.stripe_standin.errors import ApiError

_KEYS = re.compile(r"[^\[\]]+|\[\]")
_NAME = re.compile(r"^[^\[\]]+(\[[^\[\]]*\])*$")


def decoded(encoded: str) -> Parameters:
    """`a[b][0][c]=x` as nested values; numbered or empty brackets make a list."""
    nested: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        if not _NAME.match(name):
            raise ApiError(400, f"Invalid parameter name: {name}", param=name)
        _put(nested, _KEYS.findall(name), value)
    return Parameters({name: _with_lists(value) for name, value in nested.items()})


def _put(nested: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        nested = _branch(nested, key)
    nested[_next_key(nested, keys[-1])] = value


def _branch(nested: dict[str, Any], key: str) -> dict[str, Any]:
    branch = nested.setdefault(_next_key(nested, key), {})
    if not isinstance(branch, dict):
        raise ApiError(400, f"Invalid object: {key}", param=key)
    return branch


def _next_key(nested: dict[str, Any], key: str) -> str:
    return str(len(nested)) if key == "[]" else key


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_with_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _with_lists(each) for key, each in value.items()}


class Parameters:
    """Decoded parameters, taken one by one; what is left at the end is unknown."""

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_group(self, name: str) -> bool:
        return isinstance(self._values.get(name), dict)

    def text(self, name: str) -> str | None:
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise ApiError(400, f"Invalid string: {value}", param=self.name(name))
        return value

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self._missing(name)
        return value

    def whole(self, name: str, least: int | None = None, most: int | None = None) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise self.invalid(name, f"Invalid integer: {text}", "parameter_invalid_integer")
        number = int(text)
        if least is not None and number < least:
            message = f"This value must be greater than or equal to {least}."
            raise self.invalid(name, message, "parameter_invalid_integer")
        if most is not None and number > most:
            message = f"This value must be less than or equal to {most}."
            raise self.invalid(name, message, "parameter_invalid_integer")
        return number

    def flag(self, name: str) -> bool | None:
        text = self.one_of(name, ("true", "false"))
        return None if text is None else text == "true"

    def one_of(self, name: str, allowed: Iterable[str]) -> str | None:
        text = self.text(name)
        if text is not None and text not in allowed:
            choices = ", ".join(allowed)
            raise self.invalid(name, f"Invalid {name}: must be one of {choices}", None)
        return text

    def texts(self, name: str) -> list[str]:
        return [each for each in self._list(name) if isinstance(each, str)]

    def groups(self, name: str) -> list[Parameters]:
        """A list of hashes, such as `line_items[0][price]`."""
        groups = [each for each in self._list(name) if isinstance(each, dict)]
        return [
            Parameters(dict(each), f"{self.name(name)}[{index}]")
            for index, each in enumerate(groups)
        ]

    def group(self, name: str) -> Parameters:
        value = self._values.pop(name, {})
        if not isinstance(value, dict):
            raise self.invalid(name, "Invalid object", None)
        return Parameters(dict(value), self.name(name))

    def metadata(self, name: str = "metadata") -> dict[str, str]:
        value = self._values.pop(name, None) or {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.invalid(name, "Invalid metadata", None)
        return dict(value)

    def ignore(self, *names: str) -> None:
        """Parameters that Stripe knows and the stand-in has no use for."""
        for name in names:
            self._values.pop(name, None)

    def finish(self) -> None:
        """Raise if a parameter is left that nobody asked for."""
        for name in self._values:
            message = f"Received unknown parameter: {self.name(name)}"
            raise self.invalid(name, message, "parameter_unknown")

    def name(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name

    def invalid(self, name: str, message: str, code: str | None) -> ApiError:
        return ApiError(400, message, code=code, param=self.name(name))

    def _missing(self, name: str) -> ApiError:
        message = f"Missing required param: {self.name(name)}."
        return self.invalid(name, message, "parameter_missing")

    def _list(self, name: str) -> list[Any]:
        value = self._values.pop(name, [])
        if isinstance(value, str):
            raise self.invalid(name, "Invalid array", None)
        return list(value.values()) if isinstance(value, dict) else value
