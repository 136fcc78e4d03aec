"""Deployments of a stack that is there: with another schema, or another parameter."""

from __future__ import annotations

from pathlib import Path

from tests.deployed.sources import Source
from tests.deployed.stacks import Stack


def test_a_broken_migration_rolls_back_with_its_reason(
    stack: Stack, built: Source, tmp_path: Path
) -> None:
    before = stack.versions()
    broken = built.copy(tmp_path / "broken")
    broken.with_migration("0999_broken", "ALTER TABLE nowhere ADD COLUMN lost int;")
    assert not stack.deploy(broken).done
    assert "failed: UndefinedTable (42P01) in 0999_broken; nothing was applied" in stack.reasons()
    assert stack.versions() == before
    assert stack.deliver(stack.purchase("meanwhile")) == (200, "recorded")


def test_a_good_migration_is_applied_before_the_new_code_is_live(
    stack: Stack, built: Source, tmp_path: Path
) -> None:
    before = stack.versions()
    good = built.copy(tmp_path / "good")
    good.with_migration("0998_good", "CREATE TABLE more (id int PRIMARY KEY);")
    deployment = stack.deploy(good)
    assert deployment.done, deployment.said
    assert stack.till.count("more") == 0
    assert not stack.versions().items() & before.items()
    assert stack.deliver(stack.purchase("afterwards")) == (200, "recorded")


# SAM makes a new version for new code alone, so the template has to see to this.
def test_a_changed_parameter_is_live_at_once(aurora_stack: Stack, built: Source) -> None:
    deployment = aurora_stack.deploy(built, UnknownUsers="hold")
    assert deployment.done, deployment.said
    assert aurora_stack.deliver(aurora_stack.purchase("unknown")) == (200, "recorded")
    assert aurora_stack.till.credits("unknown") == 0
