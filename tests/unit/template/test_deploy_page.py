"""docs/deploy.md says what the code and the template say."""

from __future__ import annotations

import re

from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from tests.unit.template.templates import PROJECT, functions, resources, written

PAGE = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_endpoint_is_told_of_every_event_that_the_till_reads() -> None:
    assert set(re.findall(r"enabled_events\[\]=([\w.]+)", PAGE)) == set(EVENT_TYPES)


def test_the_endpoint_gets_the_api_version_that_the_till_asks_with() -> None:
    assert re.findall(r"api_version=([\w.-]+)", PAGE) == [API_VERSION]


def test_the_page_names_only_parameters_and_outputs_that_exist() -> None:
    known = {*written()["Parameters"], *written()["Outputs"], *written()["Resources"], *ELSEWHERE}
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)[=`]", PAGE))
    assert named - known == set()


# Of CloudFormation, SAM, Lambda and Stripe.
ELSEWHERE = {
    "AlarmConfiguration",
    "RetainExceptOnCreate",
    "EngineVersion",
    "DefaultAuthScheme",
    "DetailedMetricsEnabled",
    "ReportBatchItemFailures",
}


def test_the_costs_add_up() -> None:
    spent = 0.0
    for bold, amount in re.findall(r"\| (\**)(\d+\.\d\d)\** \|$", PAGE, re.MULTILINE):
        if bold:
            assert round(spent, 2) == float(amount)
        else:
            spent += float(amount)
    assert spent > 0


def test_the_database_that_one_has_comes_first_and_the_dear_one_last_with_its_price() -> None:
    table = PAGE.partition("\n## The database\n\n")[2].partition("\n\n")[0]
    kinds = re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)
    assert kinds == written()["Parameters"]["Database"]["AllowedValues"]
    sums = re.findall(r"\| \*\*([\d.]+)\*\* \|$", PAGE, re.MULTILINE)
    with_yours, with_ours = map(float, sums)
    assert f"is about {int(with_yours)} dollars a month" in " ".join(PAGE.split())
    assert f"with `aurora` it is {int(with_ours)}." in " ".join(PAGE.split())
    assert f"`aurora`, for some {round(with_ours - with_yours)} dollars a month more" in table


def test_no_command_deploys_with_answers_that_are_not_the_stacks_own() -> None:
    commands = re.findall(r"^ *```sh aws\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in commands for line in block.splitlines()]
    deploying = [line for line in lines if re.search(r"\bdeploy\b", line)]
    assert deploying
    assert [line for line in deploying if not line.strip().startswith("make deploy STACK=")] == []


def test_the_reserved_concurrency_adds_up() -> None:
    parameters = written()["Parameters"]
    reserved = [each["ReservedConcurrentExecutions"]["Fn::If"][1] for each in functions().values()]
    numbers = [
        parameters[each["Ref"]]["Default"] if isinstance(each, dict) else each for each in reserved
    ]
    assert f"reserve {sum(numbers)} concurrent" in PAGE


def test_the_alarms_are_counted() -> None:
    stacks = [PROJECT / "template.yaml", *(PROJECT / "stacks").glob("*.yaml")]
    alarms = sum(len(resources(written(path), "AWS::CloudWatch::Alarm")) for path in stacks)
    assert f"in {alarms} alarms" in PAGE
