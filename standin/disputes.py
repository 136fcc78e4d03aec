"""Disputes and inquiries: opened, answered, won, lost, closed.

Shape: https://docs.stripe.com/api/disputes/object
Rules: https://docs.stripe.com/disputes/how-disputes-work
"""

from __future__ import annotations

from standin import balance
from standin.calls import Call, Work, named
from standin.errors import IllegalMove, Json
from standin.published import blank, shown
from standin.store import Store

_SECONDS_TO_ANSWER = 7 * 24 * 3600
_OPEN = ("needs_response", "under_review")
_UNANSWERED = ("needs_response", "warning_needs_response")
_OPEN_INQUIRY = ("warning_needs_response", "warning_under_review")


def create(
    store: Store, charge: Json, amount_minor: int | None, inquiry: bool, currency: str | None
) -> Json:
    """The buyer's bank asks (an inquiry) or takes the money back at once (a dispute).

    The bank counts in `currency`, which need not be the charge's.
    """
    currency = currency or charge["currency"]
    amount = _disputable(store, charge, amount_minor, currency)
    dispute = store.add(_new_dispute(store, charge, amount, currency, inquiry))
    store.update(charge, disputed=True)
    if inquiry:
        store.record("charge.dispute.created", dispute)
        return dispute
    _withdraw(store, charge, dispute)
    store.record("charge.dispute.created", dispute)
    store.record("charge.dispute.funds_withdrawn", dispute)
    return dispute


def update_call(store: Store, call: Call) -> Work:
    """`POST /v1/disputes/{id}`: evidence is submitted at once, unless it is kept for later."""
    dispute, given = named(store, "dispute", call.ids[0], "dispute"), call.given
    evidence = given.take("evidence")
    submits = given.take("submit", evidence is not None)
    changes = {"metadata": given.changed_metadata(dispute["metadata"])}
    if evidence is not None:
        changes |= shown("dispute", {"evidence": evidence}, before=dispute)
        changes["evidence_details"] = {**dispute["evidence_details"], "has_evidence": True}

    def work() -> Json:
        if evidence is not None or submits:
            _in(store, dispute["id"], _UNANSWERED)
        store.update(dispute, **changes)
        if submits:
            return submit_evidence(store, dispute["id"])
        store.record("charge.dispute.updated", dispute)
        return dispute

    return work


def close_call(store: Store, call: Call) -> Work:
    """`POST /v1/disputes/{id}/close`: the seller gives in, and an inquiry is over."""
    dispute = named(store, "dispute", call.ids[0], "dispute")
    inquired = dispute["status"] in _OPEN_INQUIRY
    return lambda: (close_inquiry if inquired else lose)(store, dispute["id"])


def submit_evidence(store: Store, dispute_id: str) -> Json:
    """Answer the dispute or inquiry; the bank now reviews it."""
    dispute = _in(store, dispute_id, _UNANSWERED)
    details = {**dispute["evidence_details"], "has_evidence": True, "submission_count": 1}
    status = dispute["status"].replace("needs_response", "under_review")
    store.update(dispute, status=status, evidence_details=details)
    store.record("charge.dispute.updated", dispute)
    return dispute


def escalate_inquiry(store: Store, dispute_id: str) -> None:
    """An inquiry becomes a dispute: the same object, and the money is withdrawn now."""
    dispute = _in(store, dispute_id, _OPEN_INQUIRY)
    charge = store.get("charge", dispute["charge"])
    store.update(dispute, status="needs_response", is_charge_refundable=False)
    _withdraw(store, charge, dispute)
    store.record("charge.dispute.updated", dispute)
    store.record("charge.dispute.funds_withdrawn", dispute)


def win(store: Store, dispute_id: str) -> None:
    """The bank decides for the seller: the money comes back."""
    dispute = _in(store, dispute_id, _OPEN)
    charge = store.get("charge", dispute["charge"])
    entry = balance.reinstatement_entry(store, charge, dispute)
    entries = [*dispute["balance_transactions"], entry]
    store.update(dispute, status="won", balance_transactions=entries)
    store.record("charge.dispute.closed", dispute)
    store.record("charge.dispute.funds_reinstated", dispute)


def lose(store: Store, dispute_id: str) -> Json:
    dispute = _in(store, dispute_id, _OPEN)
    store.update(dispute, status="lost")
    store.record("charge.dispute.closed", dispute)
    return dispute


def close_inquiry(store: Store, dispute_id: str) -> Json:
    """The inquiry ends without a dispute; no money ever moved."""
    dispute = _in(store, dispute_id, _OPEN_INQUIRY)
    store.update(dispute, status="warning_closed")
    store.record("charge.dispute.closed", dispute)
    return dispute


def _withdraw(store: Store, charge: Json, dispute: Json) -> None:
    entry = balance.withdrawal_entry(store, charge, dispute)
    store.update(dispute, balance_transactions=[entry])


def _in(store: Store, dispute_id: str, statuses: tuple[str, ...]) -> Json:
    dispute = store.get("dispute", dispute_id)
    if dispute["status"] not in statuses:
        raise IllegalMove(f"The dispute {dispute_id} is {dispute['status']}.")
    return dispute


def _disputable(store: Store, charge: Json, amount_minor: int | None, currency: str) -> int:
    """Default: what the buyer has not got back by refunds. A buyer may dispute more than that.

    In another currency the rate decides what is how much, so that only 0 is too little.
    """
    earlier = store.referring("dispute", "charge", charge["id"])
    if any(dispute["status"] not in ("won", "warning_closed") for dispute in earlier):
        raise IllegalMove(f"charge {charge['id']} is disputed already")
    left: int = charge["amount"] - charge["amount_refunded"]
    if amount_minor is None:
        amount_minor = balance.exchanged_minor(store, charge, left, currency)
    taken: int = charge["amount_captured"]
    if amount_minor <= 0 or (currency == charge["currency"] and amount_minor > taken):
        raise IllegalMove(f"cannot dispute {amount_minor} {currency} of charge {charge['id']}")
    return amount_minor


def _new_dispute(
    store: Store, charge: Json, amount_minor: int, currency: str, inquiry: bool
) -> Json:
    details = blank("dispute_evidence_details") | {"due_by": store.now() + _SECONDS_TO_ANSWER}
    fields: Json = {
        "id": store.ids.new("du_1"),
        "amount": amount_minor,
        "charge": charge["id"],
        "currency": currency,
        "evidence_details": details,
        "is_charge_refundable": inquiry,
        "payment_intent": charge["payment_intent"],
        "reason": "general" if inquiry else "fraudulent",
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    if charge["payment_method_details"]["type"] == "card":
        case = "inquiry" if inquiry else "chargeback"
        card = {"brand": "visa", "case_type": case, "network_reason_code": "10.4"}
        fields["payment_method_details"] = {"card": card, "type": "card"}
    return store.new("dispute", **fields)
