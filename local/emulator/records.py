"""Resource types that the emulator lacks: kept as records, which do nothing.

A record's attributes are what the template reads of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as HANDLERS

Properties = Mapping[str, Any]
Attributes = Callable[[str, Properties], dict[str, str]]


def keep_as_record(
    kind: str, named: str = "", attributes: Attributes = lambda _name, _properties: {}
) -> None:
    """Stacks may have resources of this kind, called what the property `named` says."""

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        made_up = f"{stack}-{logical_id}-{uuid.uuid4().hex[:8]}"
        name = str(properties.get(named) or made_up)
        return name, attributes(name, properties)

    def update(
        name: str, _old: Properties, new: Properties, _stack: str
    ) -> tuple[str, dict[str, str]]:
        return name, attributes(name, new)

    HANDLERS[kind] = {"create": create, "update": update, "delete": lambda _name, _old: None}


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of this account and region."""
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def register() -> None:
    """All but alarms' and the database's."""
    keep_as_record("AWS::CodeDeploy::Application")
    keep_as_record("AWS::CodeDeploy::DeploymentGroup")
    keep_as_record("AWS::EC2::EIP", attributes=lambda name, _: {"AllocationId": name})
    keep_as_record("AWS::EC2::NatGateway")
    for direction in ("Ingress", "Egress"):
        keep_as_record(f"AWS::EC2::SecurityGroup{direction}")
