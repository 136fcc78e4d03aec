"""Alarms over several metrics, which the emulator lacks: each is kept as one alarm a metric."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as HANDLERS

from local.emulator.records import arn

KIND = "AWS::CloudWatch::Alarm"
Properties = Mapping[str, Any]


def parts(name: str, properties: Properties) -> list[dict[str, Any]]:
    """The alarms over one metric each, in the place of this one."""
    common = {key: value for key, value in properties.items() if key != "Metrics"}
    return [
        {
            **common,
            **each["MetricStat"]["Metric"],
            "AlarmName": f"{name}/{each['Id']}",
            "Period": each["MetricStat"]["Period"],
        }
        for each in properties["Metrics"]
        if "MetricStat" in each
    ]


def register() -> None:
    """Stacks may have alarms over metric math."""
    known = dict(HANDLERS[KIND])

    def put(name: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        for part in parts(name, properties):
            known["create"]("", part, stack)
        return name, {"Arn": arn("cloudwatch", f"alarm:{name}")}

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        if "Metrics" not in properties:
            return known["create"](logical_id, properties, stack)
        return put(f"{stack}-{logical_id}-{uuid.uuid4().hex[:8]}", properties, stack)

    def update(name: str, old: Properties, new: Properties, stack: str) -> Any:
        if "Metrics" not in new:
            return known["update"](name, old, new, stack)
        delete(name, old)
        return put(name, new, stack)

    def delete(name: str, properties: Properties) -> None:
        if "Metrics" not in properties:
            known["delete"](name, properties)
            return
        for part in parts(name, properties):
            known["delete"](part["AlarmName"], part)

    HANDLERS[KIND] = {"create": create, "update": update, "delete": delete}
