"""Prints what the doctor says of the configured deployment, or of the stand-in for Stripe."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from local.configured import FAILURES, names_deployment
from local.lambda_context import LambdaContext
from local.migrate import migrate
from local.postgres import postgres_server
from local.prices import price_packages
from standin import StripeAccount, serving

_STANDIN_URL = "https://till.example.com/stripe/webhook"
_WIDTH = 100


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
    account = StripeAccount()
    with ExitStack() as running:
        server = running.enter_context(postgres_server())
        server.create_database("tokentill")
        database_url = server.url("tokentill")
        migrate(database_url)
        price_packages(account, database_url)
        account.add_webhook_endpoint(_STANDIN_URL, sorted(EVENT_TYPES), API_VERSION)
        environment["DATABASE_URL"] = database_url
        environment["STRIPE_API_BASE"] = running.enter_context(serving(account)).url
        environment["STRIPE_API_KEY"] = account.api_key
        environment["STRIPE_WEBHOOK_SECRET"] = account.webhook_secret
        yield _STANDIN_URL


def main() -> None:
    """Look whether Stripe, the database and the code fit together, and say what to mend.

    Uses the Stripe account of STRIPE_API_KEY (or STRIPE_SECRET_ARN) and the database of
    DATABASE_URL (or what else names one); with nothing configured, a stand-in for both. Exit code
    1: something is to be mended.
    """
    parser = argparse.ArgumentParser(prog="python -m local.doctor", description=main.__doc__)
    parser.add_argument("--url", help="where Stripe must deliver; default: WEBHOOK_URL")
    # What the log says, the answer says too.
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    try:
        answer = _examined_somewhere(parser.parse_args().url)
    except FAILURES as error:
        raise SystemExit(str(error)) from error
    if "error" in answer:
        raise SystemExit(answer["error"]["message"])
    print(rendered(answer["checks"]))
    raise SystemExit(0 if answer["ok"] else 1)


def _examined_somewhere(url: str | None) -> dict[str, Any]:
    if names_deployment(os.environ):
        return examined(url)
    print("Nothing is configured: this is the stand-in, with a database of its own.\n")
    with standin(os.environ) as standin_url:
        return examined(url or standin_url)


if __name__ == "__main__":
    main()
