"""What disputes take away from a charge."""

import pytest

from domain.charge import Disputed, disputed_of
from tests.unit.builders import balance_transaction, charge, dispute

NOTHING = Disputed(0, is_open=False)


@pytest.mark.parametrize(
    ("status", "moved", "counts"),
    [
        ("needs_response", (-4500,), Disputed(4500, is_open=True)),
        ("under_review", (-4500,), Disputed(4500, is_open=True)),
        ("lost", (-4500,), Disputed(4500, is_open=False)),
        ("won", (-4500, 4500), NOTHING),
        ("warning_needs_response", (), NOTHING),
        ("warning_under_review", (), NOTHING),
        ("warning_closed", (), NOTHING),
    ],
)
def test_a_dispute_counts_by_its_status(
    status: str, moved: tuple[int, ...], counts: Disputed
) -> None:
    assert disputed_of([dispute(status, moved=moved)]) == counts


@pytest.mark.parametrize("status", ["needs_response", "under_review", "lost"])
def test_an_open_or_lost_dispute_counts_before_the_bank_moves_money(status: str) -> None:
    assert disputed_of([dispute(status, 300)]).amount_minor == 300


@pytest.mark.parametrize(
    "status",
    ["won", "warning_needs_response", "warning_under_review", "warning_closed"],
)
def test_a_harmless_status_is_harmless_whatever_the_bank_moved(status: str) -> None:
    assert disputed_of([dispute(status, moved=(-4500,))]) == NOTHING


@pytest.mark.parametrize(
    ("moved", "amount_minor"),
    [
        pytest.param((), 0, id="nothing moved"),
        pytest.param((-4500,), 4500, id="withdrawn"),
        pytest.param((-4500, 4500), 0, id="withdrawn and reinstated"),
        pytest.param((-4500, 4500, -4500), 4500, id="withdrawn again"),
        pytest.param((4500,), 0, id="only given"),
    ],
)
def test_a_dispute_of_an_unknown_status_counts_while_its_money_is_withdrawn(
    moved: tuple[int, ...], amount_minor: int
) -> None:
    assert disputed_of([dispute("prevented", moved=moved)]) == Disputed(amount_minor, is_open=False)


@pytest.mark.parametrize("missing", ["absent", "null"])
def test_an_unknown_status_without_balance_transactions_counts_nothing(missing: str) -> None:
    bare = dispute("yet_to_be_invented")
    if missing == "absent":
        del bare["balance_transactions"]
    else:
        bare["balance_transactions"] = None
    assert disputed_of([bare]) == NOTHING


def test_several_disputes_of_one_charge_add_up() -> None:
    disputes = [dispute("lost", 100), dispute("won", 1000), dispute("under_review", 10)]
    assert disputed_of(disputes) == Disputed(110, is_open=True)


def test_the_amount_is_the_disputed_part_not_what_the_bank_moved() -> None:
    assert disputed_of([dispute("lost", 300, moved=(-1800,))]).amount_minor == 300


def test_no_disputes_take_nothing() -> None:
    assert disputed_of([]) == NOTHING


# 40.00 euros, settled for 45.00 dollars.
FOREIGN = charge(currency="eur", amount=4000, balance_transaction=balance_transaction(amount=4500))


def foreign(amount: int, currency: str = "usd", moved: tuple[int, ...] = ()) -> dict[str, object]:
    return {**dispute("lost", amount, moved), "currency": currency}


@pytest.mark.parametrize(
    ("disputed", "amount_minor"),
    [
        pytest.param(foreign(4500), 4000, id="all of it, in what it was settled in"),
        pytest.param(foreign(2250), 2000, id="half of it"),
        pytest.param(foreign(1), 1, id="a cent is 0.89 cents, rounded"),
        pytest.param(foreign(9000), 4000, id="more than all, as rates move"),
        pytest.param(foreign(3900, "gbp", (-4500,)), 4000, id="in a third currency, as moved"),
        pytest.param(foreign(1950, "gbp", (-2250,)), 2000, id="half of it in a third currency"),
        pytest.param(foreign(1950, "gbp", (-2250, 2250, -2250)), 4000, id="moved twice"),
        pytest.param(foreign(1950, "gbp"), 4000, id="nothing moved yet: all of it"),
        pytest.param(foreign(500, "eur"), 500, id="in its own currency"),
    ],
)
def test_a_dispute_in_another_currency_takes_its_share_of_the_charge(
    disputed: dict[str, object], amount_minor: int
) -> None:
    assert disputed_of([disputed], FOREIGN).amount_minor == amount_minor


@pytest.mark.parametrize("settlement", [None, "txn_1", balance_transaction(amount=0)])
def test_while_its_charge_is_not_settled_such_a_dispute_takes_all_of_it(settlement: object) -> None:
    unsettled = {**FOREIGN, "balance_transaction": settlement}
    assert disputed_of([foreign(2250)], unsettled).amount_minor == 4000
