"""Objects in the shape that Stripe publishes: what a call sets, and every other field blank."""

from __future__ import annotations

from typing import Any

from standin.errors import Json, lacking
from standin.published import shape

_REF = "$ref"


def blank(object_type: str) -> Json:
    """An object of a type with every field that Stripe always sends."""
    return _blank(shape(object_type))


def shown(object_type: str, given: Json, before: Json | None = None) -> Json:
    """The fields of an object of a type that show these parameters, as its schema has them.

    What `before` has of such a field stays, unless the parameter says otherwise. A parameter
    (or a part of one) that the object has no field for is not known to the stand-in.
    """
    fields = shape(object_type)["properties"]
    return {
        name: _filled(fields.get(name), value, name, (before or {}).get(name))
        for name, value in given.items()
    }


def _filled(schema: Json | None, value: Any, name: str, before: Any) -> Any:
    if schema is None:
        raise lacking(f"the parameter {name}", name)
    if value == "" and schema.get("nullable"):
        return None
    found = _resolved(schema)
    if isinstance(value, dict) and "properties" in found:
        return _object(found, value, name, before if isinstance(before, dict) else {})
    if isinstance(value, list) and "items" in found:
        return [
            _filled(found["items"], each, f"{name}[{at}]", None) for at, each in enumerate(value)
        ]
    return value


def _object(schema: Json, value: Json, name: str, before: Json) -> Json:
    fields = schema["properties"]
    given = {
        key: _filled(fields.get(key), each, f"{name}[{key}]", before.get(key))
        for key, each in value.items()
    }
    return {**_blank(schema), **before, **given}


def _blank(schema: Json) -> Json:
    required = schema.get("required", ())
    return {
        name: _default(each)
        for name, each in schema.get("properties", {}).items()
        if name in required or each.get("nullable")
    }


def _default(schema: Json) -> Any:
    if schema.get("nullable"):
        return None
    found = _resolved(schema)
    if "enum" in found:
        return found["enum"][0]
    kind = found.get("type")
    if kind == "object":
        return _blank(found)
    return {"array": [], "boolean": False, "integer": 0, "string": ""}.get(str(kind))


def _resolved(schema: Json) -> Json:
    """What a reference leads to; of several alternatives the first that has fields."""
    if _REF in schema:
        return shape(schema[_REF].rpartition("/")[2])
    alternatives = [_resolved(each) for each in schema.get("anyOf", ())]
    with_fields = (each for each in alternatives if "properties" in each)
    return next(with_fields, alternatives[0] if alternatives else schema)
