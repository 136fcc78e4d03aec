"""What operators ask for, read exactly, with every mistake named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.requests import Refused
from operations.requests import (
    AdjustCredits,
    DismissPayment,
    Doctor,
    ErasePayment,
    EraseUser,
    GrantCredits,
    MovePayment,
    RepairTotals,
    ReplayEvent,
    ResolvePayment,
    SpendCredits,
    read_operation,
)

# What Postgres can keep as text.
storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)

WHOLE: dict[str, dict[str, Any]] = {
    "resolve_payment": {"payment_id": "pay_1", "user_id": "ana", "package_id": "starter"},
    "dismiss_payment": {"payment_id": "pay_1"},
    "move_payment": {"payment_id": "pay_1", "user_id": "ana"},
    "grant_credits": {"user_id": "ana", "amount": 5},
    "spend_credits": {"user_id": "ana", "amount": 5},
    "adjust_credits": {"user_id": "ana", "delta": -5},
    "replay_event": {"event_id": "evt_1"},
    "erase_user": {"user_id": "ana"},
    "repair_totals": {},
}
ERASED_PAYMENT = {"operation": "erase_user", "payment_id": "pay_1"}
# Every id of every operation, with the length that it may have; request_id is the same for all.
IDS = [
    *(
        (name, field, 500 if field == "user_id" else 255)
        for name, fields in WHOLE.items()
        for field in fields
        if field.endswith("_id")
    ),
    ("repair_totals", "request_id", 255),
]


def asked(name: str, **fields: Any) -> dict[str, Any]:
    signature = {"operation": name, "actor": "olga", "request_id": "req_1"}
    return {**signature, **WHOLE[name], **fields}


def value_of(name: str, field: str, value: object) -> object:
    """The field as it is read."""
    operation: Any = read_operation(asked(name, **{field: value}))
    if isinstance(operation, Refused):
        return operation
    read = {"event_id": "replayed_event_id"}.get(field, field)
    return operation.signed.request_id if field == "request_id" else getattr(operation, read)


def refusal(request: object) -> str:
    """The message with which a request is refused as a bad one."""
    refused = read_operation(request)
    assert isinstance(refused, Refused)
    assert refused.code == "bad_request"
    return refused.message


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (asked("resolve_payment"), ResolvePayment),
        (asked("dismiss_payment"), DismissPayment),
        (asked("move_payment"), MovePayment),
        (asked("grant_credits"), GrantCredits),
        (asked("spend_credits"), SpendCredits),
        (asked("adjust_credits"), AdjustCredits),
        (asked("replay_event"), ReplayEvent),
        (asked("erase_user"), EraseUser),
        ({**asked("erase_user", user_id=None), **ERASED_PAYMENT}, ErasePayment),
        (asked("repair_totals"), RepairTotals),
        ({"operation": "doctor"}, Doctor),
    ],
)
def test_each_operation_is_read(request_: object, kind: type) -> None:
    assert isinstance(read_operation(request_), kind)


@given(which=st.sampled_from(IDS), some_id=storable.filter(lambda text: not text.isspace()))
def test_an_id_is_read_exactly(which: tuple[str, str, int], some_id: str) -> None:
    name, field, _ = which
    assert value_of(name, field, some_id) == some_id


@pytest.mark.parametrize(("name", "field", "longest"), IDS)
def test_every_id_is_checked_as_an_id(name: str, field: str, longest: int) -> None:
    most = "a" * longest
    assert value_of(name, field, most) == most
    mistakes = [refusal(asked(name, **{field: bad})) for bad in (most + "a", "\0", "", 5)]
    assert mistakes == [
        f"{field} must be at most {longest} characters long; it has {longest + 1}",
        f"{field} has a NUL or half a surrogate pair, which Postgres cannot store",
        f"{field} must not be empty",
        f"{field} must be a string",
    ]


@pytest.mark.parametrize("character", [" a", "é", "🦊", "\u200d"])
def test_the_length_of_an_id_is_counted_in_characters_of_any_kind(character: str) -> None:
    most = (character * 255)[:255]
    assert value_of("replay_event", "event_id", most) == most
    assert refusal(asked("replay_event", event_id=most + "a")).endswith("it has 256")


@pytest.mark.parametrize("kept", ["\0", "a\0b", "\ud800", "a\udfff", "\udc00\ud800"])
def test_an_id_that_postgres_cannot_store_is_refused(kept: str) -> None:
    assert refusal(asked("replay_event", event_id=kept)).startswith("event_id has a NUL or half")


@pytest.mark.parametrize("value", [5, True, 1.5, ["a"], {"a": "b"}])
def test_an_id_must_be_a_string(value: object) -> None:
    assert refusal(asked("replay_event", event_id=value)) == "event_id must be a string"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (name, field)
        for name, field, _ in IDS
        if (name, field) not in {("resolve_payment", "user_id"), ("resolve_payment", "package_id")}
    ],
)
def test_an_id_that_is_needed_is_missed_by_name(name: str, field: str) -> None:
    assert refusal(asked(name, **{field: None})).startswith(field)


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u3000"])
def test_a_user_may_be_called_by_blanks_but_a_request_may_not(blank: str) -> None:
    assert value_of("adjust_credits", "user_id", blank) == blank
    assert refusal(asked("adjust_credits", request_id=blank)) == "request_id must not be blank"


@pytest.mark.parametrize("actor", [None, "", " ", "\n\t", "\u00a0"])
def test_an_actor_of_nothing_is_missing(actor: str | None) -> None:
    assert refusal(asked("erase_user", actor=actor)).startswith("actor is missing")


def test_blanks_around_an_actor_and_a_note_are_no_part_of_them() -> None:
    operation: Any = read_operation(asked("erase_user", actor=" olga ", note="\n a ticket\n"))
    assert (operation.signed.actor, operation.signed.note) == ("olga", "a ticket")


@pytest.mark.parametrize("note", [None, "", "  "])
def test_a_note_of_nothing_is_none(note: str | None) -> None:
    operation: Any = read_operation(asked("erase_user", note=note))
    assert operation.signed.note is None


@pytest.mark.parametrize("field", ["actor", "note"])
@pytest.mark.parametrize("value", ["a" * 1001, "a\0", "\ud800", 5])
def test_what_a_person_wrote_has_its_limits_too(field: str, value: object) -> None:
    assert refusal(asked("erase_user", **{field: value})).startswith(field)


def test_a_user_or_a_payment_is_erased_but_not_both() -> None:
    assert refusal(asked("erase_user", payment_id="pay_1")) == (
        "erase_user takes user_id or payment_id, not both"
    )


def test_a_request_asks_for_what_decides_and_not_for_who_signs_it() -> None:
    operation: Any = read_operation(asked("resolve_payment", note="a ticket", package_id=None))
    assert operation.signed.asked == {"payment_id": "pay_1", "user_id": "ana"}


def test_a_field_that_is_no_text_is_named_so_that_the_answer_can_be_encoded() -> None:
    assert refusal(asked("erase_user", **{"\ud800": 1})) == "erase_user has no field \\ud800"


def test_a_doctor_may_be_signed_like_any_other() -> None:
    signature = {"actor": "olga", "note": "a ticket", "request_id": "req_1"}
    assert read_operation({"operation": "doctor", **signature}) == Doctor(None)


def test_a_repair_is_of_all_totals() -> None:
    assert refusal(asked("repair_totals", user_id="ana")) == "repair_totals has no field user_id"


@pytest.mark.parametrize("request_", [None, [], "doctor"])
def test_what_is_no_object_is_refused(request_: object) -> None:
    assert refusal(request_) == "the request must be a JSON object"


@pytest.mark.parametrize("name", [{}, {"operation": "drop_tables"}, {"operation": ["doctor"]}])
def test_an_operation_that_is_none_is_refused_with_those_that_are(name: dict[str, Any]) -> None:
    assert read_operation(name) == Refused(
        "unknown_operation",
        "operation must be one of resolve_payment, dismiss_payment, move_payment, grant_credits,"
        " spend_credits, adjust_credits, replay_event, erase_user, repair_totals, doctor",
    )


@pytest.mark.parametrize("delta", [True, 1.5, "5", 10**15 + 1, -(10**15) - 1])
def test_a_delta_must_be_a_whole_number_that_no_hand_has_slipped_on(delta: object) -> None:
    assert refusal(asked("adjust_credits", delta=delta)) == (
        "delta must be a whole number from -1000000000000000 to 1000000000000000"
    )


@pytest.mark.parametrize("delta", [0, None])
def test_a_delta_must_change_something(delta: int | None) -> None:
    assert refusal(asked("adjust_credits", delta=delta)) == (
        "delta must be a whole number of credits other than 0"
    )


@pytest.mark.parametrize("name", ["grant_credits", "spend_credits"])
@pytest.mark.parametrize("amount", [True, 1.5, "5", 0, -5, 10**15 + 1])
def test_an_amount_must_be_a_whole_number_above_zero(name: str, amount: object) -> None:
    assert refusal(asked(name, amount=amount)) == (
        "amount must be a whole number from 1 to 1000000000000000"
    )


@pytest.mark.parametrize("name", ["grant_credits", "spend_credits"])
def test_an_amount_is_missed_by_name(name: str) -> None:
    assert refusal(asked(name, amount=None)) == (
        "amount is missing: a whole number of credits from 1 to 1000000000000000"
    )
