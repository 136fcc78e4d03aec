"""Alarms and the dashboard: each watches something that exists, and tells somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.unit.template.templates import (
    PROJECT,
    everything_in,
    functions,
    references_in,
    resources,
    variables,
    written,
)

ALARM = "AWS::CloudWatch::Alarm"
LAMBDA_METRICS = ["Errors", "Duration", "Throttles"]


def monitoring() -> dict[str, Any]:
    return written(PROJECT / "stacks" / "monitoring.yaml")


def alarms() -> dict[str, dict[str, Any]]:
    """The properties of every alarm of the three stacks, by name."""
    stacks = (written(), monitoring(), written(PROJECT / "stacks" / "database.yaml"))
    return {name: each for stack in stacks for name, each in resources(stack, ALARM).items()}


def services() -> list[str]:
    """What the functions are called in dimensions."""
    return [name.removesuffix("Function").lower() for name in functions()]


def metrics() -> Iterator[tuple[str, str, str]]:
    """What each alarm watches: the alarm, the metric, and what it is the metric of."""
    for name, alarm in alarms().items():
        for each in everything_in(alarm):
            if isinstance(each, dict) and "MetricName" in each:
                (dimension,) = each["Dimensions"]
                namespace = of_the_stack(each["Namespace"])
                yield name, f"{namespace} {each['MetricName']}", watched(dimension["Value"])


def of_the_stack(namespace: Any) -> str:
    """The namespace without the stack's name, which all but AWS's own have."""
    if isinstance(namespace, str):
        assert namespace.startswith("AWS/")
        return namespace
    ours, stack = namespace["Fn::Sub"].split("/")
    assert stack in {"${Name}", "${AWS::StackName}"}
    return str(ours)


def watched(value: Any) -> str:
    """The function or service in a dimension: `!Sub ${Name}-webhook` is webhook."""
    if isinstance(value, str):
        return value
    text = str(value.get("Fn::Sub") or value.get("Ref"))
    return text.removeprefix("${Name}-").removesuffix("Function").lower()


def dashboard() -> dict[str, Any]:
    body = resources(monitoring(), "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]
    text = body["Fn::Sub"].replace("${DeploymentAlarmArns}", '"arn"')
    return json.loads(re.sub(r"\$\{[^}]+\}", "given", text))  # type: ignore[no-any-return]


def our_metrics() -> set[str]:
    source = "".join(path.read_text() for path in (PROJECT / "src").rglob("*.py"))
    return set(re.findall(r'"([A-Z]\w+)"', source))


def test_every_function_has_an_alarm_for_each_trouble() -> None:
    wanted = {(f"AWS/Lambda {metric}", name) for metric in LAMBDA_METRICS for name in services()}
    assert wanted - {watch[1:] for watch in metrics()} == set()


def test_every_sign_of_trouble_has_an_alarm() -> None:
    assert {
        "AWS/ApiGateway 5xx",
        "AWS/SQS ApproximateNumberOfMessagesVisible",
        "Tokentill PaymentsHeld",
        "Tokentill SignatureFailures",
        "Tokentill ReconcileRepairs",
        "Tokentill ReconcileFailures",
        "Tokentill ReconcileFinished",
        "Tokentill Retries",
    } - {watch[1] for watch in metrics()} == set()


def test_alarms_watch_services_that_exist() -> None:
    ours = {what for _, metric, what in metrics() if metric.startswith(("Tokentill", "AWS/Lambda"))}
    assert ours <= set(services())


def test_every_alarm_tells_somebody_and_says_what_to_do() -> None:
    for name, alarm in alarms().items():
        assert references_in(alarm["AlarmActions"]) <= {"AlarmTopic", "AlarmTopicArn"}, name
        assert len(alarm["AlarmDescription"]) > 40, name
        assert "TreatMissingData" in alarm, name


def test_silence_of_reconcile_is_an_alarm() -> None:
    assert alarms()["StaleReconcileAlarm"]["TreatMissingData"] == "breaching"


def test_a_slow_function_is_noticed_before_it_is_cut_off() -> None:
    for name, properties in functions().items():
        alarm = alarms()[f"{name.removesuffix('Function')}DurationAlarm"]
        assert alarm["Threshold"] < properties["Timeout"] * 1000


def test_two_stacks_of_one_account_count_apart() -> None:
    stack = {"Fn::Sub": "Tokentill/${AWS::StackName}"}
    for function in services():
        assert variables(f"{function.title()}Function")["POWERTOOLS_METRICS_NAMESPACE"] == stack
    body = resources(monitoring(), "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]
    namespaces = set(re.findall(r'\["(Tokentill[^"]*)"', body["Fn::Sub"]))
    assert namespaces == {"Tokentill/${Name}"}


def test_every_metric_of_ours_is_one_that_the_code_has() -> None:
    named = {metric.split()[1] for _, metric, _ in metrics() if metric.startswith("Tokentill")}
    shown = {
        word
        for widget in dashboard()["widgets"]
        for line in widget["properties"].get("metrics", [])
        for word in line
        if isinstance(word, str) and re.fullmatch(r"[A-Z][a-zA-Z]+", word)
    }
    ours = {name for name in shown if name not in AWS_METRICS}
    assert (named | ours) - our_metrics() == set()


AWS_METRICS = {
    "ApiId",
    "Count",
    "QueueName",
    "ApproximateNumberOfMessagesVisible",
    "FunctionName",
    "ConcurrentExecutions",
    *LAMBDA_METRICS,
}


def test_every_alarm_of_the_till_is_on_the_dashboard() -> None:
    body = resources(monitoring(), "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]
    shown = set(re.findall(r"\$\{(\w+Alarm)\.Arn\}", body["Fn::Sub"]))
    assert shown == set(resources(monitoring(), ALARM))


def test_widgets_do_not_overlap() -> None:
    taken = [
        (x, y)
        for widget in dashboard()["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
