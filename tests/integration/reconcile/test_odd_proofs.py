"""A proof names what it cannot read, and goes on."""

from tests.integration.reconcile.odd import LOST, SESSIONS, lacks, lose, make_odd, sell_many, some
from tests.integration.reconcile.past import Past


def test_a_proof_names_what_cannot_be_read_and_everything_that_differs(past: Past) -> None:
    def sell(user: str) -> str:
        session_id = past.till.sell(user)
        past.account.complete(session_id)
        return session_id

    lose(past, some(SESSIONS, 4), sell)
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["equal"]) == (True, False)
    sentences = [each["difference"] for each in proof["differences"]]
    missing = "Stripe has this session, 10.00 usd paid; the till has no payment."
    assert sentences.count(missing) >= LOST
    assert "Stripe's list has something without an id." in sentences


def test_a_proof_goes_on_past_a_session_that_stripe_does_not_show(
    past: Past, impatient: None
) -> None:
    items = [*[(100, 1)] * 11, (past.till.price_of("starter"), 1)]
    odd = past.till.sell("odd", line_items=items)
    other = past.till.sell("other")
    for session_id in (odd, other):
        past.account.complete(session_id)
    past.till.stripe.faults.answer(500, times=1000, path=odd)
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["equal"]) == (True, False)
    assert [each["subject"] for each in proof["differences"]] == [other, odd]
    assert proof["differences"][1]["difference"] == (
        "Stripe does not show this session. Stripe: APIError (HTTP 500)."
    )


def test_a_proof_ends_when_stripe_shows_no_session_at_all(past: Past, impatient: None) -> None:
    items = [*[(100, 1)] * 11, (past.till.price_of("starter"), 1)]
    past.account.complete(past.till.sell("odd", line_items=items))
    past.till.stripe.faults.answer(500, times=1000, path="/v1/checkout/sessions/cs_")
    proof = past.reconcile(prove=True, days=10)
    assert (proof["finished"], proof["stopped_because"]) == (False, "stripe")


def test_a_proof_says_what_it_could_not_list(past: Past) -> None:
    sell_many(past, 150, seconds=1)
    make_odd(past, past.account.sessions()[-100]["id"], lacks("id"))
    sentences = past.differences(days=10)
    assert any(each.startswith("Stripe's list cannot be read down to ") for each in sentences)
