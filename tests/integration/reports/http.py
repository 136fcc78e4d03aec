"""Reports asked for through API Gateway's eyes."""

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, unquote

from handlers import reports
from local.gateway_events import Request, event_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True)
class Response:
    """What the client gets."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def code(self) -> str:
        """The problem's code in a JSON body."""
        return str(self.json["error"]["code"])


def got(
    address: str = "/reports",
    *,
    accept: str | None = None,
    method: str = "GET",
    payload_format: Literal["1.0", "2.0"] = "2.0",
    **headers: str,
) -> Response:
    """The handler's response to a request for this path and query."""
    path, _, query = address.partition("?")
    name = unquote(path.removeprefix("/reports").strip("/"))
    sent = [(key.replace("_", "-"), value) for key, value in headers.items()]
    sent += [("Accept", accept)] if accept is not None else []
    route = "GET /reports/{name}" if name else "GET /reports"
    parameters = {"name": name} if name else {}
    request = Request(method, path, query, sent, b"", route, parameters)
    answer = reports.handler(event_of(request, payload_format), None)
    assert isinstance(answer, dict)
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def path_of(name: str) -> str:
    """The path of a report."""
    return f"/reports/{quote(name, safe='')}"
