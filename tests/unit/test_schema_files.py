"""A migration is never rewritten: databases that have it would differ from all later ones."""

from pathlib import Path

import pytest

from adapters.migrations import migrations_on_disk

RELEASED = Path(__file__).with_name("schema_checksums.txt")


def released() -> dict[str, str]:
    """File name to SHA-256, as `sha256sum` writes them. Lines are only ever added."""
    lines = RELEASED.read_text().splitlines()
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def on_disk() -> dict[str, str]:
    return {f"{each.version}.sql": each.checksum for each in migrations_on_disk()}


@pytest.mark.parametrize("name", released())
def test_a_migration_is_never_rewritten(name: str) -> None:
    assert on_disk().get(name) == released()[name], (
        f"sql/schema/{name} was changed or removed. Restore it, and put the change into a new"
        " migration beside it."
    )


@pytest.mark.parametrize("name", on_disk())
def test_every_migration_is_remembered_from_the_day_it_is_added(name: str) -> None:
    assert name in released(), (
        f"{name} is new. Add its line, and touch no other:"
        f" (cd sql/schema && sha256sum {name}) >> tests/unit/{RELEASED.name}"
    )


def test_migrations_are_added_at_the_end() -> None:
    assert list(released()) == sorted(released())
