"""What the roles and policies of a template allow, under given conditions."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.template.templates import functions, resources, translated

POLICY_KINDS = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")


def resolved(value: Any, conditions: dict[str, bool]) -> Any:
    """The value with each `Fn::If` decided; a condition that is not given is false."""
    if isinstance(value, list):
        kept = [resolved(each, conditions) for each in value]
        return [each for each in kept if each != {"Ref": "AWS::NoValue"}]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::If"]:
        name, yes, no = value["Fn::If"]
        return resolved(yes if conditions.get(name, False) else no, conditions)
    return {key: resolved(each, conditions) for key, each in value.items()}


def statements_of(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements in a role, a managed policy, or a resource's own policy."""
    documents = [policy["PolicyDocument"] for policy in resource.get("Policies", [])]
    documents += [resource[key] for key in ("PolicyDocument", "KeyPolicy") if key in resource]
    return [statement for document in documents for statement in document["Statement"]]


def allowed(function: str, conditions: dict[str, bool]) -> set[tuple[str, str]]:
    """Each action that a function's role allows, with the resource as JSON."""
    template = translated()["Resources"]
    role = template[functions()[function]["Role"]["Fn::GetAtt"][0]]["Properties"]
    shared = [template[each["Ref"]]["Properties"] for each in role["ManagedPolicyArns"]]
    return {
        (action, json.dumps(resource, sort_keys=True))
        for statement in resolved(
            [s for p in (role, *shared) for s in statements_of(p)], conditions
        )
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def listed(value: Any) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]


def all_statements(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """All statements of identity policies in a template, with the resource that has them."""
    return [
        (name, statement)
        for kind in POLICY_KINDS
        for name, properties in resources(template, kind).items()
        for choice in ({}, dict.fromkeys(translated()["Conditions"], True))
        for statement in resolved(statements_of(properties), choice)
    ]
