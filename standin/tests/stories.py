"""Stories of a session: each brings one into a state, and answers its id."""

from __future__ import annotations

from collections.abc import Callable

from standin import StripeAccount
from standin.tests.builders import a_paid_session, an_open_session

Story = Callable[[StripeAccount], str]


def with_an_address(account: StripeAccount) -> str:
    return an_open_session(account, customer_email="jo@example.com")


def of_many_items(account: StripeAccount) -> str:
    price = account.create_price(100)["id"]
    return a_paid_session(account, line_items=[(price, 1)] * 12)


def unpaid(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    return session_id


def sepa(account: StripeAccount) -> str:
    session_id = an_open_session(account, currency="eur")
    account.complete_unpaid(session_id, "sepa_debit")
    return session_id


def paid_later(account: StripeAccount) -> str:
    session_id = unpaid(account)
    account.async_succeed(session_id)
    return session_id


def failed_later(account: StripeAccount) -> str:
    session_id = unpaid(account)
    account.async_fail(session_id)
    return session_id


def declined(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.decline(session_id)
    return session_id


def paid_on_retry(account: StripeAccount) -> str:
    session_id = declined(account)
    account.complete(session_id)
    return session_id


def expired(account: StripeAccount) -> str:
    session_id = declined(account)
    account.expire(session_id)
    return session_id


def canceled(account: StripeAccount) -> str:
    session_id = unpaid(account)
    account.cancel_payment_intent(session_id)
    return session_id


def unsettled(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.complete(session_id, settled=False)
    return session_id


def refunded(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.refund(session_id, 1000, reason="requested_by_customer")
    account.fail_refund(account.refund(session_id)["id"])
    return session_id


def bank_refund(account: StripeAccount) -> str:
    session_id = paid_later(account)
    account.refund(session_id)
    return session_id


def won(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    dispute = account.dispute(session_id)["id"]
    account.submit_evidence(dispute)
    account.win_dispute(dispute)
    return session_id


def lost(account: StripeAccount) -> str:
    session_id = paid_later(account)
    account.lose_dispute(account.dispute(session_id, 500)["id"])
    return session_id


def inquiry(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.close_inquiry(account.dispute(session_id, inquiry=True)["id"])
    return session_id


def escalated(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.escalate_inquiry(account.dispute(session_id, inquiry=True)["id"])
    return session_id


def reserved(account: StripeAccount) -> str:
    return a_paid_session(account, capture_method="manual")


def captured(account: StripeAccount) -> str:
    session_id = reserved(account)
    account.capture(session_id)
    return session_id


def captured_in_part(account: StripeAccount) -> str:
    session_id = reserved(account)
    account.capture(session_id, 4000)
    account.refund(session_id)
    return session_id


def lapsed(account: StripeAccount) -> str:
    session_id = reserved(account)
    account.lapse(session_id)
    return session_id


def released(account: StripeAccount) -> str:
    session_id = reserved(account)
    account.cancel_payment_intent(session_id)
    return session_id


def disputed_in_dollars(account: StripeAccount) -> str:
    session_id = a_paid_session(account, currency="eur")
    account.win_dispute(account.dispute(session_id, 5000, currency="usd")["id"])
    return session_id


def free(account: StripeAccount) -> str:
    return a_paid_session(account, discount_minor=4900)


def euros(account: StripeAccount) -> str:
    return a_paid_session(account, currency="eur", tax_minor=931, discount_minor=400)


def adaptive(account: StripeAccount) -> str:
    return a_paid_session(account, presentment=(4522, "eur"))


def subscription(account: StripeAccount) -> str:
    return a_paid_session(account, mode="subscription")


def setup(account: StripeAccount) -> str:
    return a_paid_session(account, mode="setup", line_items=[], currency="usd")


def of_later_capture(account: StripeAccount) -> str:
    return an_open_session(account, capture_method="manual")


def disputed(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.dispute(session_id)
    return session_id


def declined_and_canceled(account: StripeAccount) -> str:
    session_id = declined(account)
    account.cancel_payment_intent(session_id)
    return session_id


STORIES = [
    with_an_address,
    of_many_items,
    unpaid,
    sepa,
    paid_later,
    failed_later,
    declined,
    paid_on_retry,
    expired,
    canceled,
    unsettled,
    refunded,
    bank_refund,
    won,
    lost,
    inquiry,
    escalated,
    reserved,
    captured,
    captured_in_part,
    lapsed,
    released,
    disputed_in_dollars,
    free,
    euros,
    adaptive,
    subscription,
    setup,
]
