"""Stands in for API Gateway: turns HTTP requests on 127.0.0.1 into invocations of handlers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, cast
from urllib.parse import unquote

from local.gateway_events import PayloadFormat, Request, Response, event_of, response_of
from local.lambda_context import LambdaContext

Handler = Callable[[dict[str, Any], LambdaContext], object]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAX_BODY_BYTES = 10 * 1024 * 1024

logger = logging.getLogger("tokentill.gateway")


class PortTaken(Exception):
    """Somebody else listens on the port that was asked for."""


@contextmanager
def gateway(
    routes: Mapping[str, Handler], *, port: int = 0, payload_format: PayloadFormat = "2.0"
) -> Iterator[str]:
    """Serve `routes` on 127.0.0.1 while the block runs, and answer with the base URL.

    A route is written as in API Gateway, `GET /reports/{name}`. Each handler takes one invocation
    at a time, as a Lambda container does. Port 0 lets the system choose one.
    Raises PortTaken.
    """
    try:
        server = _Server(port, _Router(routes), payload_format)
    except OSError as error:
        raise PortTaken(f"port {port} on 127.0.0.1 is taken") from error
    thread = Thread(target=server.serve_forever, args=(0.02,), name="gateway")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Router:
    """Finds the handler for a method and a path, with its own lock."""

    def __init__(self, routes: Mapping[str, Handler]) -> None:
        locks = {handler: Lock() for handler in routes.values()}
        self._routes = {route: (handler, locks[handler]) for route, handler in routes.items()}

    def match(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """The route and its path parameters, or None."""
        for route in self._routes:
            route_method, _, pattern = route.partition(" ")
            if route_method == method and (found := _path_parameters(pattern, path)) is not None:
                return route, found
        return None

    def invoke(self, route: str, event: dict[str, Any]) -> object:
        """The handler's answer, which waits for its turn."""
        handler, lock = self._routes[route]
        with lock:
            return handler(event, LambdaContext(route))


def _path_parameters(pattern: str, path: str) -> dict[str, str] | None:
    names, parts = pattern.split("/"), path.split("/")
    if len(names) != len(parts):
        return None
    found: dict[str, str] = {}
    for name, part in zip(names, parts, strict=True):
        if name.startswith("{") and part:
            found[name.strip("{}")] = unquote(part)
        elif name != part:
            return None
    return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, router: _Router, payload_format: PayloadFormat) -> None:
        self.router = router
        self.payload_format = payload_format
        super().__init__(("127.0.0.1", port), _RequestHandler)


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, so that no delayed acknowledgement holds an answer up.
    wbufsize = -1

    def handle_method(self) -> None:
        """Read one request, answer it, and log both on one line."""
        path, _, query = self.path.partition("?")
        response = self._answer(path, query)
        shown = response.body[:200].decode(errors="replace")
        logger.info("%s %s %d %s", self.command, path, response.status, shown)
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    # The names that http.server looks for.
    do_GET = do_POST = do_PUT = do_PATCH = handle_method  # noqa: N815
    do_DELETE = do_HEAD = do_OPTIONS = handle_method  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: `handle_method` logs."""

    @property
    def _server(self) -> _Server:
        return cast(_Server, self.server)

    def _answer(self, path: str, query: str) -> Response:
        body = self._body()
        if isinstance(body, Response):
            self.close_connection = True
            return body
        matched = self._server.router.match(self.command, path)
        if matched is None:
            return Response.of_json(404, {"message": "Not Found"})
        route, parameters = matched
        headers = list(self.headers.items())
        source_ip = str(self.client_address[0])
        return self._invoked(
            Request(self.command, path, query, headers, body, route, parameters, source_ip)
        )

    def _body(self) -> bytes | Response:
        if self.headers.get("transfer-encoding"):
            return Response.of_json(411, {"message": "Length Required"})
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return Response.of_json(400, {"message": "Bad Request"})
        if int(length) > MAX_BODY_BYTES:
            return Response.of_json(413, {"message": "Request Entity Too Large"})
        return self.rfile.read(int(length))

    def _invoked(self, request: Request) -> Response:
        payload_format = self._server.payload_format
        try:
            answer = self._server.router.invoke(request.route, event_of(request, payload_format))
            return response_of(answer, payload_format)
        except Exception:
            logger.exception("the handler of %s failed", request.route)
            return Response.of_json(500, {"message": "Internal Server Error"})
