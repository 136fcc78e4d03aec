"""The HTTP API without HTTP: a request in, a status and a JSON value out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from standin import expansion, published
from standin.account import StripeAccount
from standin.api_request import Request, check_key, check_version
from standin.calls import Call, Work
from standin.errors import ApiError, IllegalMove, Json, lacking
from standin.idempotency import Keys
from standin.parameters import Parameters
from standin.routes import ROUTES
from standin.typed import typed


@dataclass(frozen=True)
class Answer:
    """What is sent back: status, encoded JSON, and the headers of the API's own."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """Answers requests for one account. Each is computed under the account's lock."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._keys = Keys(account.store.now)

    def answer(self, request: Request, failing: int | None = None) -> Answer:
        """Compute the answer; every error comes in Stripe's shape.

        `failing` is an error status that was ordered instead of what the call would do.
        """
        # Before the lock is held: whoever hears of it may ask again, and wait for the answer.
        self._account.expire_due()
        with self._account.lock:
            headers = {
                "Request-Id": self._account.store.ids.new("req_", 14),
                "Stripe-Version": self._account.store.api_version,
            }
            try:
                check_key(request, self._account.api_key)
                check_version(request, self._account.store.api_version)
                kept = self._keys.answered(request)
                if kept is not None:
                    replayed = {"Idempotent-Replayed": "true"}
                    return Answer(kept.status, kept.body, headers | replayed)
                work = self._failing(failing) if failing else self._work(request)
            except (ApiError, IllegalMove) as refused:
                return _refused(refused, headers)
            answer = self._answer(work, headers)
            self._keys.keep(request, answer.status, answer.body)
            return answer

    def _work(self, request: Request) -> Work:
        """Read a request: what is left is to do it."""
        call = published.operation(request.method, request.path)
        if call is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            raise ApiError(404, message)
        if call.route not in ROUTES:
            raise lacking(f"the call {request.method} {request.path}")
        store = self._account.store
        given = Parameters(typed(call.parameters, request.values()))
        tree = expansion.tree_of(given.take("expand", []))
        work = ROUTES[call.route](store, Call(call.ids, given))
        given.finish()
        return lambda: expansion.expanded(store, work(), tree)

    def _failing(self, status: int) -> Work:
        """An error that was ordered; only those of a server at work are errors of the work."""
        kind = "invalid_request_error" if status < 500 else "api_error"
        code = "rate_limit" if status == 429 else None
        error = ApiError(status, "An error that was asked for.", code=code, kind=kind)
        if status < 500:
            raise error

        def fail() -> Json:
            raise error

        return fail

    def _answer(self, work: Work, headers: dict[str, str]) -> Answer:
        try:
            found = self._account.change(lambda _store: work())
            return Answer(200, json.dumps(found).encode(), headers)
        except (ApiError, IllegalMove) as refused:
            return _refused(refused, headers)


def _refused(refused: ApiError | IllegalMove, headers: dict[str, str]) -> Answer:
    """The answer to what cannot be; what a purchase's state forbids is a bad request."""
    error = refused
    if isinstance(error, IllegalMove):
        error = ApiError(400, str(error), code=error.code, param=error.param)
    if error.status == 501:
        headers = headers | {"Stripe-Should-Retry": "false"}
    return Answer(error.status, json.dumps(error.body()).encode(), headers)
