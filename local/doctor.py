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
    print(rendered(lines_of(answer)))
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


def lines_of(answer: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The checks of an answer: `ok` or `MEND`, the name, and the message."""
    return [
        ("ok" if each["ok"] else "MEND", each["check"], each["message"])
        for each in answer["checks"]
    ]


def rendered(lines: Sequence[tuple[str, str, str]]) -> str:
    """Verdicts, names and messages in columns, and the commands that mend it."""
    mark = max(4, *(len(verdict) for verdict, _, _ in lines))
    name = max(len(check) for _, check, _ in lines)
    return "\n".join(
        _paragraph(f"{verdict:{mark}}  {check:{name}}  ", message)
        for verdict, check, message in lines
    )


def _paragraph(head: str, message: str) -> str:
    text, *commands = message.split("\n")
    lines = f"\n{' ' * len(head)}".join(textwrap.wrap(text, _WIDTH - len(head)))
    # Commands are to be copied: they are not wrapped, and stand out by empty lines.
    return "\n\n".join([head + lines, *commands]) + ("\n" if commands else "")


@contextmanager
def standin(environment: MutableMapping[str, str]) -> Iterator[str]:
    """A till of its own, set up as it should be: database, prices, endpoint. Answers its URL."""
    with ExitStack() as running:
        with silence():
            shop = running.enter_context(open_shop(environment))
        shop.account.add_webhook_endpoint(_STANDIN_URL, sorted(EVENT_TYPES), API_VERSION)
        yield _STANDIN_URL
