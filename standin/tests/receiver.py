"""A webhook endpoint for tests: real HTTP, with answers that were decided beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug import Request, Response

from standin.http_server import listening


class Receiver:
    """A webhook endpoint that answers with the statuses it was given, the last one for ever."""

    def __init__(self, statuses: tuple[int, ...]) -> None:
        self.bodies: list[bytes] = []
        self.url = ""
        self._statuses = statuses

    def respond(self, request: Request) -> Response:
        self.bodies.append(request.get_data())
        status = self._statuses[min(len(self.bodies), len(self._statuses)) - 1]
        return Response('{"outcome": "recorded"}', status)


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    receiver = Receiver(statuses)
    with listening(receiver.respond) as url:
        receiver.url = f"{url}/hook"
        yield receiver
