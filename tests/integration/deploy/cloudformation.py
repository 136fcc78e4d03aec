"""CloudFormation as a custom resource sees it: a signed URL that takes one answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class CloudFormation:
    """Where answers arrive, and what arrived. The first `refuses` answers get a 503."""

    url: str = ""
    refuses: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)
    content_types: list[str | None] = field(default_factory=list)
    tries: int = 0

    def request(self, request_type: str = "Create", **more: Any) -> dict[str, Any]:
        """The event that CloudFormation invokes the function with."""
        return {
            "RequestType": request_type,
            "ResponseURL": f"{self.url}/answer?X-Amz-Signature=abc",
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/till/1",
            "RequestId": "request-1",
            "ResourceType": "Custom::Schema",
            "LogicalResourceId": "Schema",
            "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:till-migrate",
            "ResourceProperties": {"Code": "till-migrate:7"},
            **more,
        }

    @property
    def answer(self) -> dict[str, Any]:
        """The one answer that arrived."""
        (answer,) = self.answers
        return answer


@contextmanager
def cloudformation() -> Iterator[CloudFormation]:
    """CloudFormation on a free port of this machine."""
    stack = CloudFormation()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # the method's name is http.server's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stack.tries += 1
            refused = stack.tries <= stack.refuses
            if not refused:
                stack.content_types.append(self.headers["Content-Type"])
                stack.answers.append(json.loads(body))
            self.send_response(503 if refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Keeps the test's output to itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stack.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
