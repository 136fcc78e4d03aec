"""The same request id with the same words is done once, and with any other words refused."""

import json
from typing import Any

import pytest

from tests.integration.operators import STRANGE_IDS, ask, error_code, everything, nobodys
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")

Words = dict[str, Any]


@pytest.fixture
def words(till: Till) -> dict[str, Words]:
    """A request that can be done for each operation, by name; each `another` of its words too."""
    _, held = nobodys(till)
    _, unwanted = nobodys(till)
    _, nameless = nobodys(till)
    anas, *_ = (till.sell_paid(user_id) for user_id in ("ana", "zoe", "gone"))
    event_id = completed(till.account.events[-4:])["id"]
    return {
        "resolve": {"operation": "resolve_payment", "payment_id": held, "user_id": "ana"},
        "dismiss": {"operation": "dismiss_payment", "payment_id": unwanted},
        "move": {"operation": "move_payment", "payment_id": till.payment(anas)["payment_id"]}
        | {"user_id": "zoe"},
        "grant": {"operation": "grant_credits", "user_id": "ana", "amount": 5},
        "spend": {"operation": "spend_credits", "user_id": "ana", "amount": 5},
        "adjust": {"operation": "adjust_credits", "user_id": "ana", "delta": 5},
        "replay": {"operation": "replay_event", "event_id": event_id},
        "erase": {"operation": "erase_user", "user_id": "gone"},
        "erase payment": {"operation": "erase_user", "payment_id": nameless},
    }


NAMES = (
    "resolve",
    "dismiss",
    "move",
    "grant",
    "spend",
    "adjust",
    "replay",
    "erase",
    "erase payment",
)
OTHERS: dict[str, list[Words]] = {
    "resolve": [
        {"user_id": "zoe"},
        {"user_id": "nobody"},
        {"user_id": None},
        {"payment_id": "pay_another"},
        {"package_id": "starter"},
        {"package_id": "none"},
    ],
    "dismiss": [{"payment_id": "pay_another"}],
    "adjust": [
        {"delta": 6},
        {"delta": -5},
        {"user_id": "zoe"},
        {"user_id": "ana "},
        {"user_id": "nobody"},
    ],
    "move": [{"user_id": "ana"}, {"user_id": "nobody"}, {"payment_id": "pay_another"}],
    "grant": [{"amount": 6}, {"user_id": "zoe"}, {"user_id": "ana "}, {"user_id": "nobody"}],
    "spend": [{"amount": 6}, {"amount": 10**9}, {"user_id": "zoe"}, {"user_id": "nobody"}],
    "replay": [{"event_id": "evt_another"}],
    "erase": [{"user_id": "ana"}, {"user_id": None, "payment_id": "pay_another"}],
    "erase payment": [{"payment_id": "pay_another"}, {"payment_id": None, "user_id": "ana"}],
}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_words_are_done_once(till: Till, words: dict[str, Words], name: str) -> None:
    assert ask(**words[name])["outcome"] in ("recorded", "unchanged")
    before = everything(till)
    for signature in ({}, {"actor": "olivia"}, {"note": None}, {"note": "another ticket"}):
        again = ask(**words[name], **signature)
        assert again == {
            "operation": words[name]["operation"],
            "request_id": "req_1",
            "outcome": "duplicate",
        }
    assert everything(till) == before


@pytest.mark.parametrize("name", NAMES)
def test_other_words_are_refused_and_change_nothing(
    till: Till, words: dict[str, Words], name: str
) -> None:
    assert "outcome" in ask(**words[name])
    before = everything(till)
    answers = {str(other): ask(**{**words[name], **other}) for other in OTHERS[name]}
    codes = {other: error_code(answer) for other, answer in answers.items()}
    assert codes == dict.fromkeys(codes, "request_id_reused")
    assert all("'req_1'" in answer["error"]["message"] for answer in answers.values())
    assert everything(till) == before


@pytest.mark.parametrize("first", NAMES)
def test_an_id_used_by_one_operation_is_used_for_all(
    till: Till, words: dict[str, Words], first: str
) -> None:
    ask(**words[first])
    others = [each for name, each in words.items() if name != first]
    assert {error_code(ask(**each)) for each in others} == {"request_id_reused"}


REFUSED: list[tuple[Words, str]] = [
    ({"operation": "adjust_credits", "user_id": "nobody", "delta": 1}, "unknown_user"),
    ({"operation": "erase_user", "user_id": "nobody"}, "unknown_user"),
    ({"operation": "spend_credits", "user_id": "nobody", "amount": 1}, "unknown_user"),
    ({"operation": "spend_credits", "user_id": "ana", "amount": 10**9}, "insufficient"),
    ({"operation": "move_payment", "payment_id": "pay_none", "user_id": "ana"}, "unknown_payment"),
    ({"operation": "erase_user", "payment_id": "pay_none"}, "unknown_payment"),
    ({"operation": "dismiss_payment", "payment_id": "pay_none"}, "unknown_payment"),
    ({"operation": "resolve_payment", "payment_id": "pay_none"}, "unknown_payment"),
    ({"operation": "replay_event", "event_id": "evt_none"}, "unknown_event"),
]


def test_a_refused_request_leaves_its_id_unused(till: Till) -> None:
    till.add_user("ana")
    for number, (refused, code) in enumerate(REFUSED):
        assert error_code(ask(request_id=f"req_{number}", **refused)) == code
        done = ask("adjust_credits", f"req_{number}", user_id="ana", delta=5)
        assert done["outcome"] == "recorded", refused


def test_a_null_is_as_good_as_nothing(till: Till, words: dict[str, Words]) -> None:
    ask(**words["resolve"])
    assert ask(**words["resolve"], package_id=None)["outcome"] == "duplicate"


def test_ids_that_look_the_same_are_not(till: Till) -> None:
    till.add_user("ana")
    request_ids = [each[:255] for each in STRANGE_IDS.values() if not each.isspace()]
    for request_id in [*request_ids, *(each.upper() for each in ("ana", "a"))]:
        ask("adjust_credits", request_id, user_id="ana", delta=1)
    assert till.credits("ana") == len(set(request_ids) | {"ANA", "A"})


@pytest.mark.parametrize("length", [256, 3_000, 300_000])
def test_an_id_that_is_too_long_is_refused_for_good(length: int) -> None:
    answer = ask("adjust_credits", "🦊" * length, user_id="ana", delta=1)
    assert error_code(answer) == "bad_request"
    assert "at most 255 characters" in answer["error"]["message"]


def test_the_longest_id_is_done_once(till: Till) -> None:
    till.add_user("ana")
    longest = "".join(chr(0x1F300 + each) for each in range(255))
    for _ in range(2):
        ask("adjust_credits", longest, user_id="ana", delta=1)
    assert till.credits("ana") == 1


@pytest.mark.parametrize("name", ["adjust", "resolve", "grant", "spend"])
def test_after_an_erasure_the_same_words_are_known_while_nobody_is_called_so(
    till: Till, words: dict[str, Words], name: str
) -> None:
    ask(**words[name])
    ask("erase_user", "req_2", user_id="ana")
    before = everything(till)
    assert ask(**words[name])["outcome"] == "duplicate"
    assert error_code(ask(**{**words[name], "user_id": "zoe"})) == "request_id_reused"
    assert everything(till) == before


@pytest.mark.parametrize("name", ["adjust", "resolve", "grant", "spend"])
def test_after_an_erasure_who_is_called_so_anew_is_somebody_else(
    till: Till, words: dict[str, Words], name: str
) -> None:
    ask(**words[name])
    ask("erase_user", "req_2", user_id="ana")
    till.sell_paid("ana")
    assert error_code(ask(**words[name])) == "request_id_reused"
    assert till.credits("ana") == 1000


def test_a_request_without_a_user_is_not_that_of_a_user_who_was_erased(
    till: Till, words: dict[str, Words]
) -> None:
    ask(**words["resolve"])
    ask("erase_user", "req_2", user_id="ana")
    assert error_code(ask(**{**words["resolve"], "user_id": None})) == "request_id_reused"


def test_what_is_remembered_is_what_was_asked_exactly(till: Till) -> None:
    for number, user_id in enumerate(STRANGE_IDS.values()):
        till.add_user(user_id)
        ask("adjust_credits", f"req_{number}", user_id=user_id, delta=10**15)
    remembered = till.rows("SELECT request FROM stripe_events ORDER BY received_at")
    assert json.dumps([row["request"]["user_id"] for row in remembered]) == json.dumps(
        list(STRANGE_IDS.values())
    )
    assert {row["request"]["delta"] for row in remembered} == {10**15}
