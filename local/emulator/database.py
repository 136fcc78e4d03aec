"""RDS as records, each at an address of RDS, which leads functions to the door of logins.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services import secretsmanager
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as HANDLERS

from local.emulator import RDS_RESOURCE_ID
from local.emulator.records import arn, keep_as_record


def register(owner: Mapping[str, str]) -> None:
    """Stacks may have a cluster, whose administrator's secret is `owner`, and a proxy."""
    keep_as_record(
        "AWS::RDS::DBProxy",
        "DBProxyName",
        lambda name, _: {
            "Endpoint": address(f"{name}.proxy-0123"),
            "DBProxyArn": arn("rds", f"db-proxy:{RDS_RESOURCE_ID}"),
        },
    )
    keep_as_record(
        "AWS::RDS::DBProxyEndpoint",
        "DBProxyEndpointName",
        lambda name, _: {"Endpoint": address(f"{name}.endpoint.proxy-0123")},
    )
    keep_as_record("AWS::RDS::DBProxyTargetGroup")
    with_secret("AWS::RDS::DBCluster", owner)


def address(name: str) -> str:
    return f"{name}.{get_region()}.rds.amazonaws.com"


def with_secret(kind: str, owner: Mapping[str, str]) -> None:
    """The emulator's clusters keep no secret for their administrator."""
    known = dict(HANDLERS[kind])

    def made(way: str, *given: Any) -> tuple[str, dict[str, str]]:
        name, attributes = known[way](*given)
        secret = f"rds!cluster-{name}"
        secretsmanager.create_secret_in_process(secret, json.dumps(owner))
        _, found = secretsmanager._resolve(secret)
        return name, {**attributes, "MasterUserSecret.SecretArn": found["ARN"]}

    HANDLERS[kind] |= {
        "create": lambda *given: made("create", *given),
        "update": lambda *given: made("update", *given),
    }
