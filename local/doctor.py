"""Prints what the doctor says of the configured deployment, or of the stand-in for Stripe."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from local import Failure
from local.configured import names_deployment
from local.lambda_context import LambdaContext
from local.shop import open_shop, silence

_STANDIN_URL = "https://till.example.com/stripe/webhook"
_WIDTH = 100


def run(url: str | None) -> int:
    """Print every check; the exit code, which is 1 when something is to be mended."""
    # What the log says, the answer says too.
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    if names_deployment(os.environ):
        answer = examined(url)
    else:
        print("Nothing is configured: this is the stand-in, with a database of its own.\n")
        with standin(os.environ) as standin_url:
            answer = examined(url or standin_url)
    if "error" in answer:
        raise Failure(answer["error"]["message"])
    print(rendered(answer["checks"]))
    return 0 if answer["ok"] else 1


def examined(url: str | None = None) -> dict[str, Any]:
    """The operations handler's answer; the environment says which deployment."""
    # Imported here because handlers read their configuration when they are first used.
    from handlers import operations
    from handlers.app import app

    request = {"operation": "doctor"} | ({"url": url} if url else {})
    try:
        return operations.handler(request, LambdaContext("operations"))
    finally:
        app.close()


def rendered(checks: Sequence[Mapping[str, Any]]) -> str:
    """The checks as text: `ok` or `MEND`, the name, the message, and the commands that mend it."""
    column = max(len(check["check"]) for check in checks) + 8
    return "\n".join(_paragraph(check, column) for check in checks)


def _paragraph(check: Mapping[str, Any], column: int) -> str:
    head = f"{'ok' if check['ok'] else 'MEND':4}  {check['check']}".ljust(column)
    message, *commands = check["message"].split("\n")
    lines = f"\n{' ' * column}".join(textwrap.wrap(message, _WIDTH - column))
    # Commands are to be copied: they are not wrapped, and stand out by an empty line.
    return "\n".join([head + lines, *(f"\n{command}\n" for command in commands)])


@contextmanager
def standin(environment: MutableMapping[str, str]) -> Iterator[str]:
    """A till of its own, set up as it should be: database, prices, endpoint. Answers its URL."""
    with ExitStack() as running:
        with silence():
            shop = running.enter_context(open_shop(environment))
        shop.account.add_webhook_endpoint(_STANDIN_URL, sorted(EVENT_TYPES), API_VERSION)
        yield _STANDIN_URL
