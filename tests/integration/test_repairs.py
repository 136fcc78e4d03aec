"""Totals that somebody has spoiled: an operator has them made right, once a request."""

import pytest

from adapters.totals import fold_totals
from handlers.app import app
from tests.integration.operators import ask, error_code, nobodys
from tests.till import Till

pytestmark = pytest.mark.usefixtures("sound_books")


def test_a_repair_makes_the_totals_agree_with_the_payments(till: Till) -> None:
    _, held = nobodys(till)
    fold_totals(app.database)
    till.execute("DELETE FROM payment_transactions WHERE payment_id = %s", held)
    assert till.audit("rollup_audit") != []
    answer = ask("repair_totals")
    assert answer.pop("repaired") > 0
    assert answer == {"operation": "repair_totals", "request_id": "req_1", "outcome": "recorded"}
    assert till.audit("rollup_audit") == []


def test_a_repair_is_done_once_a_request(till: Till) -> None:
    ask("repair_totals")
    assert ask("repair_totals")["outcome"] == "duplicate"
    assert ask("repair_totals", "req_2")["repaired"] == 0


def test_the_id_of_a_repair_is_used_for_all(till: Till) -> None:
    till.add_user()
    ask("repair_totals")
    answer = ask("adjust_credits", user_id="user_123", delta=1)
    assert error_code(answer) == "request_id_reused"
