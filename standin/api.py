"""The API: a request in, Stripe's answer out; what is checked before a call is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from werkzeug import Request, Response

from standin import expansion, published
from standin.account import StripeAccount
from standin.calls import Call, Parameters, Work, path_of, values_of
from standin.errors import ApiError, IllegalMove, Json, lacking
from standin.routes import ROUTES
from standin.typed import typed

_NAMED_SINCE = "2024-09-30"
_DATED = re.compile(r"20[12]\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_VERSION = re.compile(rf"({_DATED.pattern})(\.[a-z]+)?")
_MAX_KEY = 255
_KEPT_SECONDS = 24 * 3600


class Api:
    """Answers requests for one account. Each is computed under the account's lock."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._keys = Keys(account.store.now)

    def answer(self, request: Request, failing: int | None = None) -> Response:
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
                _check_key(request, self._account.api_key)
                _check_version(request, self._account.store.api_version)
                kept = self._keys.answered(request)
                if kept is not None:
                    replayed = {"Idempotent-Replayed": "true"}
                    return _json(kept.status, kept.body, headers | replayed)
                work = self._failing(failing) if failing else self._work(request)
            except (ApiError, IllegalMove) as refused:
                return _refused(refused, headers)
            answer = self._answer(work, headers)
            self._keys.keep(request, answer)
            return answer

    def _work(self, request: Request) -> Work:
        """Read a request: what is left is to do it."""
        call = published.operation(request.method, path_of(request))
        if call is None:
            message = f"Unrecognized request URL ({request.method}: {path_of(request)})."
            raise ApiError(404, message)
        if call.route not in ROUTES:
            raise lacking(f"the call {request.method} {path_of(request)}")
        store = self._account.store
        given = Parameters(typed(call.parameters, values_of(request)))
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

    def _answer(self, work: Work, headers: dict[str, str]) -> Response:
        try:
            found = self._account.change(lambda _store: work())
            return _json(200, json.dumps(found), headers)
        except (ApiError, IllegalMove) as refused:
            return _refused(refused, headers)


def _refused(refused: ApiError | IllegalMove, headers: dict[str, str]) -> Response:
    """The answer to what cannot be; what a purchase's state forbids is a bad request."""
    error = refused
    if isinstance(error, IllegalMove):
        error = ApiError(400, str(error), code=error.code, param=error.param)
    if error.status == 501:
        headers = headers | {"Stripe-Should-Retry": "false"}
    return _json(error.status, json.dumps(error.body()), headers)


def _json(status: int, body: str | bytes, headers: dict[str, str]) -> Response:
    return Response(body, status, headers, content_type="application/json")


@dataclass(frozen=True)
class Kept:
    """What a key was used for first, when, and what was answered."""

    path: str
    values: Json
    used_at: int
    status: int
    body: bytes


class Keys:
    """Idempotency keys: a call that is repeated with its key gets its first answer again.

    Kept is what a call answered once it was begun, errors too. What was refused before that (a
    key, an address, a parameter) leaves nothing behind, so that it can be mended and sent again.
    `now` gives the account's time in seconds.
    Source: https://docs.stripe.com/api/idempotent_requests
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._kept: dict[str, Kept] = {}

    def answered(self, request: Request) -> Kept | None:
        """The first answer to this call, None if it is new; 400 if the key was another call's."""
        key = _key_of(request)
        if key is None:
            return None
        if len(key) > _MAX_KEY:
            message = f"Idempotency keys can have up to {_MAX_KEY} characters."
            raise ApiError(400, message, kind="idempotency_error")
        kept = self._kept.get(key)
        if kept is None or self._now() - kept.used_at >= _KEPT_SECONDS:
            return None
        _check_same(kept, request, key)
        return kept

    def keep(self, request: Request, answer: Response) -> None:
        key = _key_of(request)
        if key is not None:
            said = (answer.status_code, answer.get_data())
            self._kept[key] = Kept(path_of(request), values_of(request), self._now(), *said)


def _key_of(request: Request) -> str | None:
    """Only a POST has one: reading and deleting are the same however often they are done."""
    return request.headers.get("idempotency-key") if request.method == "POST" else None


def _check_same(kept: Kept, request: Request, key: str) -> None:
    if kept.path != path_of(request):
        message = "Keys for idempotent requests can only be used for the same endpoint they were"
        message += f" first used for ('{kept.path}' in this case)."
    elif kept.values != values_of(request):
        message = "Keys for idempotent requests can only be used with the same parameters they"
        message += " were first used with."
    else:
        return
    message += f" Try using a key other than '{key}' if you meant to execute a different request."
    raise ApiError(400, message, kind="idempotency_error")


def _check_key(request: Request, api_key: str) -> None:
    """Raise 401 unless the request carries the account's key as Bearer or Basic.

    Source: https://docs.stripe.com/api/authentication
    """
    sent = request.authorization
    given = sent and {"basic": sent.username, "bearer": sent.token}.get(sent.type)
    if not given:
        text = "You did not provide an API key. You need to provide your API key in the "
        raise ApiError(401, text + "Authorization header, using Bearer auth.")
    if given != api_key:
        raise ApiError(401, f"Invalid API Key provided: {given[:8]}{'*' * 8}{given[-4:]}")


def _check_version(request: Request, newest: str) -> None:
    """Raise 400 for a version that there is not, or not yet; all others answer as the newest.

    Source: https://docs.stripe.com/api/versioning
    """
    given = request.headers.get("stripe-version")
    if given is None:
        return
    found = _VERSION.fullmatch(given.partition(";")[0].strip())
    if found is None or (found[1] >= _NAMED_SINCE) != (found[4] is not None):
        raise ApiError(400, f"Invalid Stripe API version: {given}")
    if found[1] > newest[:10]:
        message = f"Invalid Stripe API version: {given} (the stand-in knows {newest} and earlier)"
        raise ApiError(400, message)
