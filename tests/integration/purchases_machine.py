"""The purchases of two users as a state machine: what buyers, banks and operators do, and what
must hold after every step."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from psycopg.rows import dict_row

from domain.events import EVENT_TYPES
from handlers import operations
from tests.integration.purchase_moves import Json, Move, legal_moves
from tests.integration.stripes_truth import Truth
from tests.till import Till

SESSIONS_AT_MOST = 4
USERS = st.sampled_from(["user_1", "user_2"])
TAKEN = {"paid", "refunded", "disputed", "lost"}
NAMED = {"package_id": "starter"}
DOLLARS, YEN = "the price in dollars", "the price in yen"
# Ways to sell, by name.
SALES: dict[str, Json] = {
    "one": {"line_items": [(DOLLARS, 1)], "metadata": NAMED},
    "three less a coupon": {"line_items": [(DOLLARS, 3)], "discount_minor": 7},
    "named by metadata": {"line_items": [(1000, 1)], "metadata": NAMED},
    "in yen": {"line_items": [(YEN, 1)]},
    "reserved": {"line_items": [(DOLLARS, 1)], "capture_method": "manual"},
    "free": {"line_items": [(DOLLARS, 1)], "discount_minor": 1000, "metadata": NAMED},
    "nobody's": {"line_items": [(DOLLARS, 1)], "metadata": NAMED, "client_reference_id": None},
    "at a wrong price": {"line_items": [(1, 1)], "metadata": {"package_id": "enterprise"}},
    "something else": {"line_items": [(700, 1)]},
}


@dataclass(frozen=True)
class World:
    """What one run's examples share: making it anew for each would take most of the time."""

    till: Till
    books: psycopg.Connection[Json]
    truth: Truth
    prices: dict[str, str]

    def clear(self) -> None:
        """Empties the books, but for two users; what was sold at Stripe stays there, and is not
        asked for again."""
        self.books.execute(
            b"TRUNCATE credit_ledger, credit_requests, payment_transactions, users, stripe_events,"
            b" folded_payment_totals, folded_customer_totals"
        )
        self.books.execute(b"INSERT INTO users (user_id) VALUES ('user_1'), ('user_2')")


@contextmanager
def world_of(till: Till) -> Iterator[World]:
    """A world in which the Starter package has a price in dollars and one in yen."""
    dollars = till.price_of("starter")
    yen = till.account.create_price(1500, "jpy", "Starter")["id"]
    till.execute(
        "UPDATE packages SET stripe_price_ids = %s WHERE package_id = 'starter'", [dollars, yen]
    )
    connection = psycopg.connect(till.database_url, autocommit=True, row_factory=dict_row)
    with connection as books, closing(Truth(till)) as truth:
        yield World(till, books, truth, {DOLLARS: dollars, YEN: yen})


class Purchases(RuleBasedStateMachine):
    """`waiting` are the events that Stripe has yet to deliver, `rows` the payments by session."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.till, self.books = world, world.till, world.books
        self.sessions: list[str] = []
        self.waiting: list[Json] = []
        self.adjusted: dict[str, int] = {}
        self.rows: dict[str, Json] = {}
        self.ledger: list[Json] = []
        world.clear()
        self.edit_the_catalogue(tokens=1000)

    @precondition(lambda self: len(self.sessions) < SESSIONS_AT_MOST)
    @rule(sale=st.sampled_from(list(SALES)), user_id=USERS, begins=st.sampled_from([0, 0, 1, 2, 3]))
    def sell(self, sale: str, user_id: str, begins: int) -> None:
        """Opens a session, and makes one of the first moves: most are paid at once."""
        session = {"client_reference_id": user_id, **SALES[sale]}
        lines = [(self.world.prices.get(line, line), n) for line, n in session.pop("line_items")]
        self.sessions.append(self.till.account.create_checkout_session(lines, **session)["id"])
        moves = legal_moves(self.till.account, self.sessions[-1])
        self.make(moves[begins % len(moves)])

    @rule(data=st.data(), times=st.integers(1, 3))
    def move(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            moves = self.legal_moves()
            if moves:
                self.make(data.draw(st.sampled_from(moves)))

    def legal_moves(self) -> list[Move]:
        return [move for each in self.sessions for move in legal_moves(self.till.account, each)]

    def make(self, move: Move) -> None:
        """Makes a move at Stripe; its events wait."""
        mark = self.till.account.mark()
        move.make()
        events = self.till.account.events_since(mark)
        self.waiting += [event for event in events if event["type"] in EVENT_TYPES]

    @rule(user_id=USERS, request_id=st.sampled_from("abc"), delta=st.sampled_from([-900, 50]))
    def adjust(self, user_id: str, request_id: str, delta: int) -> None:
        """A request id that comes again, for the same or for something else, does nothing."""
        self.ask("adjust_credits", request_id, user_id=user_id, delta=delta)
        self.adjusted.setdefault(request_id, delta)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), user_id=USERS)
    def resolve(self, data: st.DataObject, user_id: str) -> None:
        held = data.draw(st.sampled_from(self.held()))
        payment_id = held["payment_id"]
        fields = {"payment_id": payment_id, "user_id": user_id}
        if held["package_id"] is None:
            fields["package_id"] = "starter"
        assert self.ask("resolve_payment", payment_id, **fields)["outcome"] == "recorded"

    @precondition(lambda self: self.held())
    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        payment_id = data.draw(st.sampled_from(self.held()))["payment_id"]
        answer = self.ask("dismiss_payment", f"dismiss {payment_id}", payment_id=payment_id)
        assert answer["outcome"] == "recorded"

    @precondition(lambda self: self.movable())
    @rule(data=st.data(), user_id=USERS)
    def give_to(self, data: st.DataObject, user_id: str) -> None:
        row = data.draw(st.sampled_from(self.movable()))
        request_id = f"{row['payment_id']} at {row['revision']}"
        fields = {"payment_id": row["payment_id"], "user_id": user_id}
        answer = self.ask("move_payment", request_id, **fields)
        if row["user_id"] == user_id:
            assert answer["error"]["code"] == "same_user"
        else:
            assert answer["delta"] == row["credits_granted"]
            # So it stays from now on.
            row["user_id"] = user_id

    def movable(self) -> list[Json]:
        return [row for row in self.rows.values() if _is_settled(row) and row["enriched"]]

    def held(self) -> list[Json]:
        return [row for row in self.rows.values() if row["held_reason"]]

    @precondition(lambda self: self.rows)
    @rule(tokens=st.sampled_from([1000, 1234]))
    def edit_the_catalogue(self, tokens: int) -> None:
        edit = b"UPDATE packages SET tokens = %s WHERE package_id = 'starter'"
        self.books.execute(edit, [tokens])

    def ask(self, operation: str, request_id: str, **fields: Any) -> Json:
        request = {"operation": operation, "actor": "olga", "request_id": request_id, **fields}
        return operations.handler(request, None)

    @invariant()
    def the_books_are_sound(self) -> None:
        rows = self.books.execute(b"SELECT * FROM payment_transactions").fetchall()
        ledger = self.books.execute(b"SELECT * FROM credit_ledger").fetchall()
        now = {row["stripe_session_id"]: row for row in rows}
        if (now, ledger) != (self.rows, self.ledger):
            assert self.till.audit() == []
            adjustments = [entry["delta"] for entry in ledger if entry["payment_id"] is None]
            assert sum(adjustments) == sum(self.adjusted.values())
            for session_id, before in self.rows.items():
                _check_what_stays(before, now[session_id])
        self.rows, self.ledger = now, ledger


def _check_what_stays(before: Json, row: Json) -> None:
    """Revisions rise, money that was taken stays taken, what was sold for it stays sold, what was
    dismissed stays so, and a snapshot never replaces what Stripe was asked for."""
    assert row == before or row["revision"] > before["revision"]
    assert row["enriched"] or not before["enriched"]
    assert row["dismissed"] or not before["dismissed"]
    if not row["dismissed"]:
        assert row["payment_status"] in TAKEN or before["payment_status"] not in TAKEN
    if _is_settled(before):
        assert _terms(row) == _terms(before)


def _is_settled(row: Json) -> bool:
    """A snapshot that Stripe has not confirmed yet settles nothing."""
    known = row["enriched"] or row["resolved"]
    return bool(known and row["payment_status"] in TAKEN and not row["held_reason"])


def _terms(row: Json) -> tuple[object, ...]:
    return row["user_id"], row["package_id"], row["package_name"], row["tokens_purchased"]
