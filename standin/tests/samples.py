"""Sample values for the parameters that Stripe's specification lists, right and wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from standin import published

Json = dict[str, Any]
Path = tuple[str | int, ...]

_BY_NAME: dict[str, Any] = {
    "success_url": "https://shop.example/done",
    "country": "US",
    "font_family": "inter",
    "unit_amount": 100,
    "unit_amount_decimal": "100",
}


def of_route(route: str) -> published.Operation:
    """The call of a route, such as `POST /v1/refunds/{}`, as Stripe publishes it."""
    method, path = route.split()
    found = published.operation(method, path.replace("{}", "some_id"))
    assert found is not None
    return found


def leaves(schema: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every parameter below a schema that is no hash or list, with its own schema."""
    for each in schema.get("anyOf", [schema]):
        if each.get("properties"):
            for name, below in each["properties"].items():
                yield from leaves(below, (*path, name))
        elif each.get("type") == "array":
            yield from leaves(each["items"], (*path, 0))
        elif isinstance(each.get("additionalProperties"), dict):
            yield from leaves(each["additionalProperties"], (*path, "usd"))
        elif each.get("enum") != [""]:
            yield path, each
            return


def sample(schema: Json, name: str = "") -> Any:
    """A value that the schema allows, with whatever it requires below."""
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], name)
    if schema.get("properties"):
        return {key: sample(schema["properties"][key], key) for key in schema.get("required", ())}
    kind = schema.get("type")
    if kind == "array":
        return [sample(schema["items"], name)]
    if kind == "object":
        return {}
    if "enum" in schema:
        return next(each for each in schema["enum"] if each)
    if kind == "string":
        return _text(schema, name)
    return {"boolean": True, "integer": _BY_NAME.get(name, 1), "number": 10}[kind or ""]


def _text(schema: Json, name: str) -> str:
    if schema.get("format") == "currency":
        return "usd"
    if schema.get("format") == "decimal":
        return str(_BY_NAME.get(name, "1"))
    if name.endswith("url"):
        return "https://shop.example/there"
    if "email" in name:
        return "jo@example.com"
    return str(_BY_NAME.get(name, "x"))


def value_at(path: Path, leaf: Json) -> Any:
    """A value for the parameter at a path, which has this schema."""
    return sample(leaf, next(each for each in reversed(path) if isinstance(each, str)))


def with_value(schema: Json, path: Path, value: Any) -> Any:
    """Parameters in which the one at `path` has a value, and beside it what is required."""
    if not path:
        return value
    for each in schema.get("anyOf", [schema]):
        if each.get("type") == "array" and path[0] == 0:
            return [with_value(each["items"], path[1:], value)]
        below = each.get("properties", {}).get(path[0]) or each.get("additionalProperties")
        if isinstance(below, dict):
            return {**sample(each), path[0]: with_value(below, path[1:], value)}
    raise AssertionError(path)


def named(path: Path) -> str:
    """`("line_items", 0, "price")` → `line_items[0][price]`."""
    return str(path[0]) + "".join(f"[{each}]" for each in path[1:])


def merged(base: Any, change: Any) -> Any:
    """Parameters with a change, hash by hash and element by element."""
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: merged(base.get(key), each) for key, each in change.items()}}
    if isinstance(base, list) and isinstance(change, list):
        return [merged(base[0], change[0]), *base[1:]]
    return change


def at(value: Any, path: Path) -> Any:
    """What stands at a path of an answer; None where it ends before."""
    for each in path:
        if isinstance(each, int):
            value = value[each] if isinstance(value, list) and len(value) > each else None
        else:
            value = value.get(each) if isinstance(value, dict) else None
    return value
