"""Parameters as Stripe's specification types them: integers, flags, lists, and what it refuses.

Sources: https://docs.stripe.com/error-codes (parameter_unknown, parameter_missing,
parameter_invalid_*), https://docs.stripe.com/api/metadata
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from standin.errors import ApiError, Json, invalid, missing
from standin.money import SUPPORTED

_MAX_KEYS, _MAX_KEY, _MAX_VALUE = 50, 40, 500
_SHOWN = 40
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_EMAILS = ("customer_email", "email", "receipt_email")


def typed(schema: Json, raw: Any, name: str = "") -> Any:
    """What was sent (texts, nested) with the types of the schema, or an ApiError.

    `name` is that of the parameter, such as `line_items[0][price]`.
    """
    if "anyOf" in schema:
        return _alternative(schema["anyOf"], raw, name)
    return _READERS[schema.get("type", "object")](schema, raw, name)


def check_metadata(metadata: Json, name: str) -> None:
    """Raise if there are too many keys, or a key or value is too long."""
    if len(metadata) > _MAX_KEYS:
        message = f"Metadata can have up to {_MAX_KEYS} keys, but you passed in {len(metadata)}."
        raise invalid(name, message)
    for key, value in metadata.items():
        _check_length("keys", "key", key, _MAX_KEY, name)
        _check_length("values", "value", value, _MAX_VALUE, f"{name}[{key}]")


def _check_length(plural: str, word: str, text: str, most: int, name: str) -> None:
    if len(text) > most:
        message = f"Metadata {plural} can have up to {most} characters, but you passed in a {word}"
        raise invalid(name, f"{message} that is {len(text)} characters. Invalid {word}: {text}")


def _alternative(schemas: list[Json], raw: Any, name: str) -> Any:
    """The first alternative that takes the value; where none does, what the likeliest says."""
    nested = isinstance(raw, dict)
    fitting = [each for each in schemas if (each.get("type") in ("object", "array")) == nested]
    refusals: list[ApiError] = []
    for each in fitting or schemas:
        try:
            return typed(each, raw, name)
        except ApiError as refused:
            refusals.append(refused)
    raise refusals[0]


def _object(schema: Json, raw: Any, name: str) -> Json:
    if raw == "" and "additionalProperties" in schema:
        return {}
    if not isinstance(raw, dict):
        raise invalid(name, "Invalid object")
    below = schema.get("additionalProperties")
    if isinstance(below, dict):
        return _keyed(below, raw, name)
    known = schema.get("properties", {})
    for key in raw:
        if key not in known:
            message = f"Received unknown parameter: {_inner(name, key)}"
            raise invalid(_inner(name, key), message, "parameter_unknown")
    values = {key: typed(known[key], each, _inner(name, key)) for key, each in raw.items()}
    for key in schema.get("required", ()):
        if values.get(key) in (None, ""):
            raise missing(_inner(name, key))
    return values


def _keyed(below: Json, raw: Json, name: str) -> Json:
    """Metadata, whose keys and values are free texts, or hashes by their keys."""
    if below.get("type") != "string":
        return {key: typed(below, each, _inner(name, key)) for key, each in raw.items()}
    for key, value in raw.items():
        if not isinstance(value, str):
            raise invalid(_inner(name, key), "Metadata values must be strings")
    check_metadata(raw, name)
    return raw


def _inner(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _array(schema: Json, raw: Any, name: str) -> list[Any]:
    if not isinstance(raw, dict) or not all(key.isdecimal() for key in raw):
        raise invalid(name, "Invalid array")
    ordered = sorted(raw, key=int)
    return [typed(schema["items"], raw[key], f"{name}[{at}]") for at, key in enumerate(ordered)]


def _string(schema: Json, raw: Any, name: str) -> str:
    if not isinstance(raw, str):
        raise invalid(name, f"Invalid string: {raw}")
    allowed = schema.get("enum")
    if allowed is not None and raw not in allowed:
        choices = ", ".join(each for each in allowed if each)
        raise invalid(name, f"Invalid {name}: must be one of {choices}")
    if raw == "" and allowed is None:
        message = f"You passed an empty string for '{name}'. We assume empty values are an attempt"
        message += f" to unset a parameter; however '{name}' cannot be unset."
        raise invalid(name, message, "parameter_invalid_empty")
    most = schema.get("maxLength")
    if most is not None and len(raw) > most:
        shown = raw if len(raw) <= _SHOWN else f"{raw[:_SHOWN]}…"
        raise invalid(name, f"Invalid string: {shown}; must be at most {most} characters")
    return _of_format(schema.get("format"), raw, name)


def _of_format(kind: str | None, raw: str, name: str) -> str:
    if raw == "":
        return raw
    word = name.rpartition("[")[2].rstrip("]")
    if kind == "currency":
        return _currency(raw, name)
    if kind == "decimal" and not re.fullmatch(r"-?\d{1,15}(\.\d{1,12})?", raw):
        raise invalid(name, f"Invalid decimal: {raw}", "parameter_invalid_decimal")
    if word in _EMAILS and not _EMAIL.fullmatch(raw):
        raise invalid(name, f"Invalid email address: {raw}", "email_invalid")
    if word.endswith("url") and not re.match(r"https?://[^/\s]", raw):
        raise invalid(name, f"Not a valid URL: {raw}", "url_invalid")
    return raw


def _currency(raw: str, name: str) -> str:
    if raw.lower() not in SUPPORTED:
        listed = ", ".join(sorted(SUPPORTED))
        message = f"Invalid currency: {raw}. Stripe currently supports these currencies: {listed}"
        raise invalid(name, message)
    return raw.lower()


def _integer(_schema: Json, raw: Any, name: str) -> int:
    if not isinstance(raw, str) or not re.fullmatch(r"-?[0-9]{1,18}", raw):
        raise invalid(name, f"Invalid integer: {raw}", "parameter_invalid_integer")
    return int(raw)


def _number(_schema: Json, raw: Any, name: str) -> int | float:
    """Stripe's own JSON has a float here; it is for percentages, never for money."""
    if not isinstance(raw, str) or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", raw):
        raise invalid(name, f"Invalid decimal: {raw}", "parameter_invalid_decimal")
    number = float(raw)
    return int(number) if number.is_integer() else number


def _boolean(_schema: Json, raw: Any, name: str) -> bool:
    if raw not in ("true", "false"):
        raise invalid(name, f"Invalid boolean: {raw}")
    return bool(raw == "true")


_READERS: dict[str, Callable[[Json, Any, str], Any]] = {
    "array": _array,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "object": _object,
    "string": _string,
}
