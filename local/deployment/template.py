"""The SAM template as data: as it is written, and what it comes to with given parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from adapters.settings import Misconfigured

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = PROJECT / "template.yaml"
NO_VALUE = {"Ref": "AWS::NoValue"}


class LongForms(yaml.CSafeLoader):  # type: ignore[misc]
    """Reads CloudFormation's short forms, such as `!Ref`, as the long ones."""


def long_form(loader: LongForms, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case _:
            return {name: loader.construct_mapping(node, deep=True)}


LongForms.add_multi_constructor("!", long_form)


class NotGiven(Misconfigured):
    """A parameter that something depends on has no value."""


@cache
def written(path: Path = TEMPLATE) -> dict[str, Any]:
    """A template as it is in the repository, with the long forms of functions."""
    return yaml.load(path.read_text(encoding="utf-8"), LongForms)  # type: ignore[no-any-return]  # noqa: S506


@dataclass(frozen=True)
class Filled:
    """A template with parameters, each a text; those that are left out have their defaults."""

    template: Mapping[str, Any]
    given: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        declared = self.template["Parameters"].items()
        defaults = {name: str(each["Default"]) for name, each in declared if "Default" in each}
        return {**defaults, **self.given}

    def holds(self, condition: str) -> bool:
        return self.decided(self.template["Conditions"][condition])

    def decided(self, expression: Mapping[str, Any]) -> bool:
        """A condition. Raises NotImplementedError for what templates here have no use for."""
        ((name, arguments),) = expression.items()
        match name:
            case "Condition":
                return self.holds(arguments)
            case "Fn::Equals":
                left, right = map(self.resolved, arguments)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.decided(arguments[0])
            case "Fn::And":
                return all(self.decided(each) for each in arguments)
            case "Fn::Or":
                return any(self.decided(each) for each in arguments)
        raise NotImplementedError(name)

    def resolved(self, value: Any) -> Any:
        """The value with its parameters and `Fn::If`s filled in. What is known to AWS alone stays
        as it is written."""
        if isinstance(value, list):
            return [inner for each in value if (inner := self.resolved(each)) != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if list(value) == ["Fn::If"]:
            condition, yes, no = value["Fn::If"]
            return self.resolved(yes if self.holds(condition) else no)
        if list(value) == ["Ref"]:
            return self.referred(value["Ref"])
        filled = {name: self.resolved(inner) for name, inner in value.items()}
        return {name: inner for name, inner in filled.items() if inner != NO_VALUE}

    def referred(self, name: str) -> Any:
        """The parameter by this name; what is no parameter stays. Raises NotGiven."""
        if name in self.parameters:
            return self.parameters[name]
        if name in self.template["Parameters"]:
            raise NotGiven(f"{name} is not given")
        return {"Ref": name}

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function."""
        return {
            name: self.resolved(resource["Properties"])
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"
        }

    def environment(self, function: str) -> dict[str, str]:
        """What will be in a function's environment, as far as it is known before."""
        shared = self.resolved(self.template["Globals"]["Function"]["Environment"]["Variables"])
        own = self.functions()[function]["Environment"]["Variables"]
        return {name: str(value) for name, value in {**shared, **own}.items() if is_known(value)}

    def complaints(self) -> Iterator[str]:
        """Why CloudFormation would refuse the parameters."""
        declared, known = self.template["Parameters"], self.parameters
        yield from (
            f"There is no parameter {name}, and SAM passes over it."
            for name in self.given
            if name not in declared
        )
        for name, declaration in declared.items():
            if name not in known:
                yield f"{name} must be given."
            elif not is_possible(known[name], declaration):
                yield f"{name} is not what it may be: {declaration['Description']}"
        if known.keys() >= declared.keys():
            yield from self.broken_rules()

    def broken_rules(self) -> Iterator[str]:
        """What the template's Rules say of the parameters."""
        for rule in self.template["Rules"].values():
            if self.decided(rule["RuleCondition"]):
                yield from (
                    assertion["AssertDescription"]
                    for assertion in rule["Assertions"]
                    if not self.decided(assertion["Assert"])
                )


def is_known(value: object) -> bool:
    return isinstance(value, str | int | float)


def is_possible(value: str, declaration: Mapping[str, Any]) -> bool:
    """Whether a parameter may have this value."""
    if "AllowedValues" in declaration and value not in map(str, declaration["AllowedValues"]):
        return False
    if not re.fullmatch(declaration.get("AllowedPattern", ".*"), value):
        return False
    if declaration["Type"] != "Number":
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    least, most = declaration.get("MinValue", number), declaration.get("MaxValue", number)
    return float(least) <= number <= float(most)
