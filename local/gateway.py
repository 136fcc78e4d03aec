"""Stands in for API Gateway: turns HTTP requests on 127.0.0.1 into invocations of handlers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import unquote

import werkzeug
from werkzeug import Response
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, LengthRequired
from werkzeug.routing import Map, Rule

from local.gateway_events import PayloadFormat, Request, event_of, json_response, response_of
from local.lambda_context import LambdaContext
from standin.http_server import LOOPBACK, listening

Handler = Callable[[dict[str, Any], LambdaContext], object]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAX_BODY_BYTES = 10 * 1024 * 1024

logger = logging.getLogger("tokentill.gateway")


@contextmanager
def gateway(
    routes: Mapping[str, Handler],
    *,
    port: int = 0,
    bind: str = LOOPBACK,
    payload_format: PayloadFormat = "2.0",
) -> Iterator[str]:
    """Serve `routes` on 127.0.0.1, and on `bind`, while the block runs; the base URL.

    A route is written as in API Gateway, `GET /reports/{name}`. Each handler takes one invocation
    at a time, as a Lambda container does. Port 0 lets the system choose one.
    Raises PortTaken.
    """
    with listening(_Gateway(routes, payload_format).respond, port, bind) as url:
        yield url


class _Gateway:
    def __init__(self, routes: Mapping[str, Handler], payload_format: PayloadFormat) -> None:
        self._handlers = routes
        self._locks = {handler: Lock() for handler in routes.values()}
        # The method stands for the first part of the path: a path of another method is not found.
        rules = [Rule(f"/{_pattern(route)}", endpoint=route) for route in routes]
        self._routes = Map(rules, merge_slashes=False).bind("")
        self._format = payload_format

    def respond(self, request: werkzeug.Request) -> Response:
        """Answer one request, and log both on one line."""
        path, _, query = request.environ["RAW_URI"].partition("?")
        try:
            response = self._invoked(self._received(request, path, query))
        except HTTPException as refused:
            response = json_response(refused.code, {"message": refused.name})
        shown = response.get_data()[:200].decode(errors="replace")
        logger.info("%s %s %d %s", request.method, path, response.status_code, shown)
        return response

    def _received(self, request: werkzeug.Request, path: str, query: str) -> Request:
        if "transfer-encoding" in request.headers:
            raise LengthRequired
        if not re.fullmatch("[0-9]*", request.headers.get("content-length", "")):
            raise BadRequest
        request.max_content_length = MAX_BODY_BYTES
        body = request.get_data()
        route, parts = self._routes.match(f"/{request.method}{path}")
        parameters = {name: unquote(part) for name, part in parts.items()}
        headers = request.environ["sent_headers"]
        source_ip = request.remote_addr or ""
        return Request(request.method, path, query, headers, body, route, parameters, source_ip)

    def _invoked(self, received: Request) -> Response:
        """The handler's answer, which waits for its turn."""
        handler = self._handlers[received.route]
        try:
            with self._locks[handler]:
                answer = handler(event_of(received, self._format), LambdaContext(received.route))
            return response_of(answer, self._format)
        except Exception as error:
            logger.exception("the handler of %s failed", received.route)
            raise InternalServerError from error


def _pattern(route: str) -> str:
    """`GET /reports/{name}` → `GET/reports/<name>`."""
    return re.sub(r"{(\w+)}", r"<\1>", route.replace(" ", "", 1))
