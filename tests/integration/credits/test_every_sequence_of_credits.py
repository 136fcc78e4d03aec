"""Any sequence of purchases, refunds, disputes, spends, reservations that run out, late captures,
returns and gifts: after every step the books are what a model of them says, and sound.

The sequences are the same each time. With EXAMPLES=5000 in the environment that many others are
tried, and one that fails is made as short as can be.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.events import EVENT_TYPES
from tests.integration.credits.application import Books, Credits, application
from tests.integration.purchase_moves import legal_moves
from tests.lanes import size
from tests.till import Till

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or size(8, 500),
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
USERS = ("ana", "bob")
WHO = st.sampled_from(USERS)
ID = st.sampled_from("abcdef")
# A purchase is 1,000 credits for 1,000 cents: a cent given back is a credit less.
AMOUNT = st.sampled_from([1, 300, 700, 1000])
PURCHASES_AT_MOST = 3


@dataclass
class Request:
    """What a model knows of a request."""

    kind: str
    user_id: str
    amount: int
    is_live: bool = False
    closed_as: str | None = None
    taken: int = 0
    returned: int | None = None

    @property
    def held(self) -> int:
        return self.amount if self.is_live and self.closed_as is None else 0


@dataclass
class Model:
    """The rules of the credits, in the order in which they are checked."""

    balances: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)

    def available(self, user_id: str) -> int:
        held = sum(each.held for each in self.requests.values() if each.user_id == user_id)
        return self.balances.get(user_id, 0) - held

    def ask(self, kind: str, user_id: str, amount: int, request_id: str) -> str:
        if (earlier := self.requests.get(request_id)) is not None:
            same = (earlier.kind, earlier.user_id, earlier.amount) == (kind, user_id, amount)
            return "duplicate" if same else "request_id_reused"
        if kind != "grant" and user_id not in self.balances:
            return "unknown_user"
        if kind != "grant" and self.available(user_id) < amount:
            return "insufficient"
        request = Request(kind, user_id, amount, is_live=kind == "reserve")
        request.taken = amount if kind == "spend" else 0
        self.requests[request_id] = request
        delta = {"grant": amount, "spend": -amount, "reserve": 0}[kind]
        self.balances[user_id] = self.balances.get(user_id, 0) + delta
        return "recorded"

    def capture(self, request_id: str, amount: int) -> str:
        request = self.requests.get(request_id)
        if request is None or request.kind != "reserve":
            return "not_reserved"
        if request.closed_as == "captured":
            return "duplicate" if request.taken == amount else "request_id_reused"
        if request.closed_as == "released":
            return "not_reserved" if amount else "duplicate"
        beyond = amount - request.held
        if beyond > 0 and self.available(request.user_id) < beyond:
            return "insufficient"
        request.closed_as, request.taken = "captured", amount
        self.balances[request.user_id] -= amount
        return "recorded"

    def release(self, request_id: str) -> str:
        request = self.requests.get(request_id)
        if request is None or request.kind != "reserve" or request.taken:
            return "not_reserved"
        if request.closed_as is not None:
            return "duplicate"
        request.closed_as = "released"
        return "recorded"

    def extend(self, request_id: str) -> str:
        request = self.requests.get(request_id)
        if request is None or request.kind != "reserve" or request.closed_as is not None:
            return "not_reserved"
        if not request.is_live and self.available(request.user_id) < request.amount:
            return "insufficient"
        request.is_live = True
        return "recorded"

    def give_back(self, request_id: str, amount: int) -> str:
        request = self.requests.get(request_id)
        if request is None or not request.taken:
            return "not_spent"
        if amount > request.taken:
            return "invalid"
        if request.returned is not None:
            return "duplicate" if request.returned == amount else "request_id_reused"
        request.returned = amount
        self.balances[request.user_id] += amount
        return "recorded"


@dataclass(frozen=True)
class World:
    """What one run's examples share."""

    till: Till
    books: Books
    app: Credits


class EverySequence(RuleBasedStateMachine):
    """`sold` is each purchase's session, with its user and the credits it is good for."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.till, self.books, self.app = world.till, world.books, world.app
        self.model = Model()
        self.sold: dict[str, tuple[str, int]] = {}
        self.books.execute(
            "TRUNCATE credit_requests, credit_ledger, payment_transactions, users, stripe_events,"
            " folded_payment_totals, folded_customer_totals"
        )

    def tried(self, is_kept: bool, call: Callable[[], Any], expect: Callable[[Model], str]) -> None:
        """A call whose transaction commits, or rolls back: the answer is the same."""
        model = copy.deepcopy(self.model)
        expected = expect(model)
        with self.app.connection.transaction(force_rollback=not is_kept):
            answer = call()
        assert answer.outcome == expected
        self.model = model if is_kept else self.model
        standing = {(model.balances.get(user, 0), model.available(user)) for user in USERS}
        assert answer[1:] in standing | {(0, 0)}

    @rule(
        kind=st.sampled_from(["spend", "spend", "reserve", "reserve", "grant"]),
        user_id=WHO,
        amount=AMOUNT,
        request_id=ID,
        is_kept=st.sampled_from([True, True, False]),
    )
    def ask(self, kind: str, user_id: str, amount: int, request_id: str, is_kept: bool) -> None:
        self.tried(
            is_kept,
            lambda: getattr(self.app, kind)(amount, request_id, user_id=user_id),
            lambda model: model.ask(kind, user_id, amount, request_id),
        )

    @precondition(lambda self: self.model.requests)
    @rule(
        what=st.sampled_from(["capture", "capture", "release", "extend", "give_back"]),
        data=st.data(),
        amount=st.sampled_from([0, 1, 300, 700, 1000]),
        is_kept=st.sampled_from([True, True, False]),
    )
    def refer(self, what: str, data: st.DataObject, amount: int, is_kept: bool) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.model.requests)))
        if what in ("capture", "give_back"):
            amount = amount or int(what == "give_back")
            arguments: tuple[Any, ...] = (request_id, amount)
            expected = arguments
        else:
            arguments = (request_id, "1 hour") if what == "extend" else (request_id,)
            expected = (request_id,)
        self.tried(
            is_kept,
            lambda: getattr(self.app, what)(*arguments),
            lambda model: getattr(model, what)(*expected),
        )

    @precondition(lambda self: any(each.held for each in self.model.requests.values()))
    @rule(data=st.data())
    def run_out(self, data: st.DataObject) -> None:
        live = sorted(key for key, each in self.model.requests.items() if each.held)
        request_id = data.draw(st.sampled_from(live))
        self.books.run_out(request_id)
        self.model.requests[request_id].is_live = False

    @precondition(lambda self: len(self.sold) < PURCHASES_AT_MOST)
    @rule(user_id=WHO)
    def buy(self, user_id: str) -> None:
        self.sold[self.till.sell_paid(user_id)] = (user_id, 1000)
        self.model.balances[user_id] = self.model.balances.get(user_id, 0) + 1000

    @precondition(lambda self: self.sold)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """A refund, a dispute, or what becomes of it; the till is told of all of it."""
        account = self.till.account
        session_id = data.draw(st.sampled_from(list(self.sold)))
        moves = legal_moves(account, session_id)
        if not moves:
            return
        mark = account.mark()
        data.draw(st.sampled_from(moves)).make()
        ours = [each for each in account.events_since(mark) if each["type"] in EVENT_TYPES]
        self.till.deliver_all(ours)
        user_id, before = self.sold[session_id]
        now = self.retained(session_id)
        self.model.balances[user_id] += now - before
        self.sold[session_id] = (user_id, now)

    def retained(self, session_id: str) -> int:
        """The cents of a purchase that are neither refunded nor in a dispute that is not won."""
        session = self.till.account.session(session_id, expand=["payment_intent.latest_charge"])
        charge = session["payment_intent"]["latest_charge"]
        disputes = self.till.account.store.referring("dispute", "charge", charge["id"])
        lost = sum(
            each["amount"]
            for each in disputes
            if each["status"] in ("needs_response", "under_review", "lost")
        )
        return max(charge["amount"] - charge["amount_refunded"] - lost, 0)

    @invariant()
    def the_books_are_what_the_model_says(self) -> None:
        for user_id in USERS:
            balance = self.model.balances.get(user_id)
            answer = self.app.balance(user_id)
            if balance is None:
                assert answer == ("unknown_user", 0, 0)
            else:
                assert answer == ("found", balance, self.model.available(user_id))
        assert self.books.problems() == []


def test_after_every_step_the_books_are_what_the_model_says(till: Till) -> None:
    with (
        closing(Books(till.database_url)) as books,
        application(till.database_url) as app,
    ):
        world = World(till, books, app)
        run_state_machine_as_test(lambda: EverySequence(world), settings=SETTINGS)
