"""Reads Stripe's lists page by page, at a pace that leaves room for others."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import stripe

from adapters.stripe_api import EXPAND_SESSION, PAGE, StripeApi, asked, checked
from domain.events import EVENT_TYPES
from domain.stripe_objects import Purchase, StripeRefused, StripeUnreachable, expanded
from reconcile.checkpoints import Listing, Window
from reconcile.compare import name_of
from reconcile.ports import NoAnswer, Page

# A hundred sessions with all that belongs to them take Stripe longer than a single one.
READ_SECONDS = 20.0

# The end of the year 9999 in Unix seconds: no `created` is later.
LATEST = 253_402_300_800

# Half of what Stripe allows (https://docs.stripe.com/rate-limits): the webhook and the shop use
# the same account at the same time.
LIVE_CALLS_PER_SECOND = 50.0
TEST_CALLS_PER_SECOND = 12.0

_LISTS: Mapping[Listing, tuple[str, Mapping[str, Any]]] = {
    Listing.EVENTS: ("/v1/events", {"types": sorted(EVENT_TYPES)}),
    # Expansion goes four levels deep, and the list's own `data` is one of them.
    Listing.SESSIONS: (
        "/v1/checkout/sessions",
        {"expand": [f"data.{path}" for path in EXPAND_SESSION]},
    ),
    Listing.REFUNDS: ("/v1/refunds", {"expand": ["data.charge"]}),
    Listing.DISPUTES: ("/v1/disputes", {"expand": ["data.charge.balance_transaction"]}),
}


def calls_per_second(livemode: bool) -> float:
    """How many calls reconcile may make."""
    return LIVE_CALLS_PER_SECOND if livemode else TEST_CALLS_PER_SECOND


class Pace:
    """Holds a caller up to `calls_per_second`, without letting what was not used add up."""

    def __init__(
        self,
        calls_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_between = 1 / calls_per_second
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")

    def __call__(self) -> None:
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._seconds_between


class StripeHistory(StripeApi):
    """`reconcile.ports.History`. `pace` is called before every call to Stripe."""

    def __init__(
        self, api_key: str, api_base: str, livemode: bool, pace: Callable[[], None]
    ) -> None:
        super().__init__(api_key, api_base, READ_SECONDS)
        self._livemode = livemode
        self._pace = pace

    def page(self, listing: Listing, window: Window) -> Page | NoAnswer:
        """A page of a list, newest first; refused when the key is one of the other mode."""
        path, parameters = _LISTS[listing]
        after = {"starting_after": window.cursor} if window.cursor else {}
        created = {"gte": int(window.start.timestamp()), "lt": int(window.end.timestamp())}
        found = asked(
            lambda: checked(
                self._get(path, limit=PAGE, created=created, **parameters, **after), "list"
            )
        )
        if isinstance(found, Mapping):
            return self._page(found, window.cursor)
        if isinstance(found, StripeRefused) and found.about_object and window.cursor is not None:
            # Stripe forgets events, and with them a cursor.
            return Page((), None, None, is_cut=True)
        return found

    def purchase(self, session: Mapping[str, Any]) -> Purchase | NoAnswer:
        """A listed session with its disputes, and all of its line items."""
        return asked(lambda: self._purchase(session))

    def ping(self) -> NoAnswer | None:
        """Asks about a session that there is not: to say so is an answer."""

        def ping() -> None:
            with suppress(stripe.InvalidRequestError):
                self._get("/v1/checkout/sessions/cs_no_such_session")

        return asked(ping)

    def _page(self, found: Mapping[str, Any], cursor: str | None) -> Page | NoAnswer:
        items = found.get("data")
        if not isinstance(items, list):
            return StripeUnreachable("Stripe: a list without its data")
        if self._is_of_other_mode(items):
            return StripeRefused("Stripe: the key is of the other mode, check STRIPE_LIVEMODE")
        last = items[-1] if items else None
        if not found.get("has_more"):
            return Page(items, None, created_of(last))
        next_cursor = name_of(last)
        is_cut = next_cursor in (None, cursor)
        return Page(items, None if is_cut else next_cursor, created_of(last), is_cut)

    def _is_of_other_mode(self, items: Sequence[object]) -> bool:
        modes = [item.get("livemode") for item in items if isinstance(item, Mapping)]
        return bool(modes) and all(mode is (not self._livemode) for mode in modes)

    def _get(self, path: str, **parameters: Any) -> object:
        self._pace()
        return super()._get(path, **parameters)


def created_of(item: object) -> int | None:
    created = expanded(item).get("created")
    return created if isinstance(created, int) and 0 <= created < LATEST else None
