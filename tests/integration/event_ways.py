"""How each event can come to a till whose row is in each state: found by trying, at the stand-in,
everything that can happen to a purchase."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from domain.events import EVENT_TYPES
from standin import StripeAccount
from tests.integration.purchase_moves import Json, legal_moves

History = tuple[str, ...]

# The ways into each state that a row can be in, the plainest first.
PAID: tuple[History, ...] = (
    ("paid",),
    ("declined", "paid"),
    ("completed unpaid", "delayed payment succeeded"),
    ("paid", "refunded in part", "refund failed"),
    ("paid", "disputed in full", "evidence submitted", "dispute won"),
)
STATES: dict[str, tuple[History, ...]] = {
    "no row": ((),),
    "pending": (("completed unpaid",), ("declined", "completed unpaid")),
    "failed": (("declined",), ("completed unpaid", "delayed payment failed")),
    "expired": (("expired",), ("declined", "expired")),
    "canceled": (
        ("completed unpaid", "canceled"),
        ("declined", "canceled"),
        ("completed unpaid", "delayed payment failed", "canceled"),
    ),
    "paid": PAID,
    "partly refunded": tuple((*way, "refunded in part") for way in PAID),
    "refunded": tuple((*way, "refunded in full") for way in PAID),
    "disputed": tuple((*way, "disputed in full") for way in PAID),
    "lost": tuple((*way, "disputed in full", "dispute lost") for way in PAID),
    "held": PAID,
}
STEPS_AT_MOST = 3


@dataclass(frozen=True)
class Way:
    """What had happened when the row got into its state, and what has happened since; without
    anything since, the event is one from before that comes late."""

    before: History
    since: History


def played(account: StripeAccount, session_id: str, steps: History) -> list[Json]:
    """All this happens to a session; the events of it that the till listens to."""
    mark = account.mark()
    for name in steps:
        moves = {move.name: move for move in legal_moves(account, session_id)}
        moves[name].make()
    return [event for event in account.events_since(mark) if event["type"] in EVENT_TYPES]


@dataclass(frozen=True)
class End:
    """Where a history ends: the events that it made, all that decides what can happen next, and
    what that is."""

    event_types: tuple[str, ...]
    state: tuple[object, ...]
    moves: tuple[str, ...]


class Ways:
    """Finds ways for events to come, trying each state of a purchase at Stripe once."""

    def __init__(self) -> None:
        self._account = StripeAccount()
        self._ends: dict[History, End] = {}
        self._found: dict[tuple[object, ...], dict[str, History]] = {}

    def find(self, event_type: str, state: str) -> Way | None:
        """The plainest way: one step further, or a late event, or up to three steps. None: there
        is none."""
        histories = STATES[state]
        for each in histories:
            if event_type in (steps := self._since(each, steps_at_most=1)):
                return Way(each, steps[event_type])
        for each in histories:
            made = self._end(each).event_types
            # Another event must be there to bring the row into its state.
            if event_type in made and len(made) > 1:
                return Way(each, ())
        steps = self._since(histories[0], STEPS_AT_MOST)
        return Way(histories[0], steps[event_type]) if event_type in steps else None

    def _since(self, history: History, steps_at_most: int) -> dict[str, History]:
        """For each event type the fewest steps that end with an event of it."""
        key = (*self._end(history).state, steps_at_most)
        if key not in self._found:
            self._found[key] = {}
            for longer, event_types in self._searched(history, steps_at_most):
                for event_type in event_types:
                    self._found[key].setdefault(event_type, longer[len(history) :])
        return self._found[key]

    def _searched(
        self, history: History, steps_at_most: int
    ) -> Iterator[tuple[History, tuple[str, ...]]]:
        """Longer histories, shortest first, with the event types of the last step; one history for
        each state that can be reached."""
        tried, waiting = {self._end(history).state}, deque([history])
        while waiting:
            so_far = waiting.popleft()
            end = self._end(so_far)
            for name in end.moves:
                longer = (*so_far, name)
                further = self._end(longer)
                yield longer, further.event_types[len(end.event_types) :]
                if further.state not in tried and len(longer) - len(history) < steps_at_most:
                    tried.add(further.state)
                    waiting.append(longer)

    def _end(self, history: History) -> End:
        if history not in self._ends:
            session_id = str(self._account.create_checkout_session([(1000, 1)])["id"])
            events = played(self._account, session_id, history)
            self._ends[history] = End(
                tuple(event["type"] for event in events),
                self._state_of(session_id),
                tuple(move.name for move in legal_moves(self._account, session_id)),
            )
        return self._ends[history]

    def _state_of(self, session_id: str) -> tuple[object, ...]:
        session = self._account.session(session_id, expand=["payment_intent.latest_charge"])
        intent = session["payment_intent"] or {"status": None, "latest_charge": None}
        charge = intent["latest_charge"] or {"id": "", "refunded": False}
        about = ("charge", charge["id"])
        store = self._account.store
        return (
            session["status"],
            intent["status"],
            charge["refunded"],
            frozenset(refund["status"] for refund in store.referring("refund", *about)),
            frozenset(dispute["status"] for dispute in store.referring("dispute", *about)),
        )
