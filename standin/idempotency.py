"""Idempotency keys: a call that is repeated with its key gets its first answer again.

Kept is what a call answered once it was begun, errors too. What was refused before that (a key,
an address, a parameter) leaves nothing behind, so that it can be mended and sent again.
Source: https://docs.stripe.com/api/idempotent_requests
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from standin.api_request import Request
from standin.errors import ApiError, Json

_MAX_KEY = 255
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Kept:
    """What a key was used for first, when, and what was answered."""

    path: str
    values: Json
    used_at: int
    status: int
    body: bytes


class Keys:
    """The keys of one account. `now` gives the account's time in seconds."""

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

    def keep(self, request: Request, status: int, body: bytes) -> None:
        key = _key_of(request)
        if key is not None:
            self._kept[key] = Kept(request.path, request.values(), self._now(), status, body)


def _key_of(request: Request) -> str | None:
    """Only a POST has one: reading and deleting are the same however often they are done."""
    return request.headers.get("idempotency-key") if request.method == "POST" else None


def _check_same(kept: Kept, request: Request, key: str) -> None:
    if kept.path != request.path:
        message = "Keys for idempotent requests can only be used for the same endpoint they were"
        message += f" first used for ('{kept.path}' in this case)."
    elif kept.values != request.values():
        message = "Keys for idempotent requests can only be used with the same parameters they"
        message += " were first used with."
    else:
        return
    message += f" Try using a key other than '{key}' if you meant to execute a different request."
    raise ApiError(400, message, kind="idempotency_error")
