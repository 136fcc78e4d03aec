"""Ids: ordered by time, unique across processes, and of version 7 as RFC 9562 has it."""

import time
import uuid
from concurrent.futures import ProcessPoolExecutor

import pytest

from adapters.payments import new_id


def test_an_id_is_a_kind_and_a_uuid_of_version_7() -> None:
    kind, _, hexadecimal = new_id("pay").partition("_")
    made = uuid.UUID(hexadecimal)
    assert (kind, made.version, made.variant, made.hex) == (
        "pay",
        7,
        uuid.RFC_4122,
        hexadecimal,
    )


def test_an_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_id("pay").removeprefix("pay_"))
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("later_ns", [250, 1_000_000, 3_600_000_000_000])
def test_a_later_id_sorts_after_an_earlier_one(
    monkeypatch: pytest.MonkeyPatch, later_ns: int
) -> None:
    clock = [1_795_592_000_123_456_789]
    monkeypatch.setattr(time, "time_ns", lambda: clock[0])
    earlier = [new_id("entry") for _ in range(20)]
    clock[0] += later_ns
    assert max(earlier) < min(new_id("entry") for _ in range(20))


def many(_process: int) -> list[str]:
    return [new_id("pay") for _ in range(2_000)]


def test_ids_that_several_processes_make_at_once_all_differ() -> None:
    with ProcessPoolExecutor(2) as processes:
        made = [each for ids in processes.map(many, range(4)) for each in ids]
    assert len(set(made)) == 8_000
