"""A dry run writes nothing."""

import time
from typing import Any

from tests.integration.reconcile.past import Past


def test_a_dry_run_says_what_a_run_then_does_and_writes_nothing(past: Past) -> None:
    listener = past.deliver_some(lost=0.4, never_made=0.1, seed=3)
    past.account.subscribe(listener)
    past.customers().buy(60, until=time.time() - 120)
    past.account.unsubscribe(listener)
    before, places = past.written(), past.progress()
    dry = past.reconcile(dry_run=True)
    assert (past.written(), past.progress()) == (before, places)
    done = past.reconcile()
    assert dry["dry_run"]
    assert outcomes(dry) == outcomes(done)
    assert dry["repairs_total"] > 10


def outcomes(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [
        (repair["event_id"], repair["payment_status"], repair["delta"])
        for repair in answer["repairs"]
    ]
