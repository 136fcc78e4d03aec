"""When a database must not be migrated."""

import pytest

from adapters.migrations import Migration, refusal


def migrations(*versions: str) -> list[Migration]:
    return [Migration(version, "SELECT 1", f"checksum of {version}") for version in versions]


def history(*versions: str) -> dict[str, str]:
    return {version: f"checksum of {version}" for version in versions}


@pytest.mark.parametrize(
    ("on_disk", "applied"),
    [
        pytest.param((), (), id="nothing at all"),
        pytest.param(("0001_a", "0002_b"), (), id="an empty database"),
        pytest.param(("0001_a", "0002_b"), ("0001_a",), id="one is due"),
        pytest.param(("0001_a", "0002_b"), ("0001_a", "0002_b"), id="none is due"),
        pytest.param(("0001_a",), ("0001_a", "0002_b"), id="older code on a newer database"),
        pytest.param((), ("0001_a",), id="no files"),
    ],
)
def test_an_orderly_history_is_not_refused(
    on_disk: tuple[str, ...], applied: tuple[str, ...]
) -> None:
    assert refusal(migrations(*on_disk), history(*applied)) is None


@pytest.mark.parametrize("changed", ["0001_a", "0002_b"])
def test_a_file_changed_after_it_was_applied_is_refused_by_name(changed: str) -> None:
    refused = refusal(
        migrations("0001_a", "0002_b"), {**history("0001_a", "0002_b"), changed: "other"}
    )
    assert refused is not None
    assert (refused.code, changed in refused.message) == ("changed", True)


@pytest.mark.parametrize(
    ("on_disk", "late"),
    [(("0001_a", "0002_late", "0003_c"), "0002_late"), (("0000_late", "0001_a"), "0000_late")],
)
def test_a_file_that_comes_before_an_applied_one_is_refused_by_name(
    on_disk: tuple[str, ...], late: str
) -> None:
    refused = refusal(migrations(*on_disk), history("0001_a", "0003_c"))
    assert refused is not None
    assert (refused.code, late in refused.message) == ("out_of_order", True)


def test_a_changed_file_is_refused_even_when_another_is_due() -> None:
    refused = refusal(migrations("0001_a", "0002_b"), {"0001_a": "other"})
    assert refused is not None
    assert refused.code == "changed"
