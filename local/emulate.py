"""Runs the emulator of AWS with a Stripe account and databases to deploy to, until Ctrl-C."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from local.emulated_aws import REGION, EmulatedAws, emulated_aws
from local.emulator import RDS_RESOURCE_ID
from local.lambda_runtime import machine, runtime_python
from local.migrate import migrate
from local.postgres import postgres_server
from local.postgres_as_rds import MASTER, Rds, as_rds_runs_it
from local.shop import price_packages
from standin import StripeAccount, serving

YOURS = "till"
SECONDS_BETWEEN_LOOKS = 1.0
AURORA = "tokentill"  # as stacks/database.yaml calls it


def run() -> None:
    """Serve until Ctrl-C, and print what to export and what to deploy with. Raises Failure."""
    try:
        with ExitStack() as running:
            for line in start(running):
                print(line, flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("# stopped", flush=True)


def start(running: ExitStack) -> Iterator[str]:
    """The lines to show."""
    rds = as_rds_runs_it(running.enter_context(postgres_server()))
    account = StripeAccount(id_seed=str(time.time_ns()))
    prices = priced(account, rds)
    for name in (YOURS, AURORA):
        running.enter_context(rds.database(name, MASTER))
    stripe = running.enter_context(serving(account))
    aws = running.enter_context(emulated_aws(stripe.url, rds))
    # The client that delivers trusts what this names.
    os.environ["SSL_CERT_FILE"] = str(aws.authorities)
    deliveries = Deliveries(aws, account)
    account.subscribe(deliveries.bring)
    Thread(target=deliveries.watch, daemon=True).start()
    yield "# In the shell that deploys:"
    for name, value in {**aws.environment, "LAMBDA_BUILD": build_options()}.items():
        yield f"export {name}={shlex.quote(value)}"
    owner = aws.secret("your-database", rds.secret(YOURS))
    yield f"# Database=secret DatabaseSecretArn={owner}"
    yield (
        f"# Database=iam DatabaseSecretArn={owner} DatabaseName={YOURS}"
        f" DatabaseHost={YOURS}.0123.{REGION}.rds.amazonaws.com"
        f" DatabaseResourceId={RDS_RESOURCE_ID}"
    )
    yield "# Database=aurora"
    yield f"# That database, for psql: {rds.server.url(YOURS)}"
    yield f"# Stripe: {stripe.url}, API key {account.api_key}, secret {account.webhook_secret}"
    yield f"# Its prices: {', '.join(f'{name} {price}' for name, price in prices.items())}"
    yield "# It delivers to every deployed stack; https://ID.execute-api…/PATH is"
    yield f"# {aws.url_of('https://ID.execute-api/PATH')}"
    yield "# Ctrl-C stops everything and forgets it."


def priced(account: StripeAccount, rds: Rds) -> dict[str, str]:
    """A price for each package of a new till; their ids."""
    with rds.database("packages", MASTER) as url:
        migrate(url)
        return price_packages(account, rds.server.url("packages"))


def build_options() -> str:
    """How `sam build` makes functions that run on this machine."""
    return f"--machine {machine()} --python {runtime_python()[0]}"


@dataclass(frozen=True)
class Deliveries:
    """Makes the webhook of every stack an endpoint of the account, and brings it the events."""

    aws: EmulatedAws
    account: StripeAccount

    def watch(self) -> None:
        """Look for new stacks again and again."""
        known: set[str] = set()
        while True:
            # Once it stops there is nobody to ask.
            with suppress(BotoCoreError, ClientError):
                found = self.webhooks()
                self.add(found - known)
                known |= found
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def add(self, urls: set[str]) -> None:
        """As docs/deploy.md has an endpoint made in Stripe."""
        for url in urls:
            self.account.add_webhook_endpoint(url, sorted(EVENT_TYPES), API_VERSION)

    def bring(self, events: list[dict[str, Any]]) -> None:
        """Deliver these meanwhile: whoever pays on the stand-in's page does not wait for it."""
        Thread(target=self.deliver, args=[events], daemon=True).start()

    def deliver(self, events: list[dict[str, Any]]) -> None:
        """One after the other, and once; reconcile finds what did not arrive."""
        for url in self.webhooks():
            for event in events:
                if event["type"] in EVENT_TYPES:
                    print(f"# {event['type']} to {url}: {self.answer(event, url)}", flush=True)

    def answer(self, event: dict[str, Any], url: str) -> str:
        """What a stack says to an event."""
        try:
            delivery = self.account.delivery(event)
            status, said = self.account.deliver(delivery, self.aws.url_of(url))
        except (OSError, HTTPException) as error:
            return f"not reached, {error}"
        return f"{status} {json.dumps(said)}"

    def webhooks(self) -> set[str]:
        """The addresses in the stacks' outputs."""
        stacks = self.aws.client("cloudformation").describe_stacks()["Stacks"]
        return {output["OutputValue"] for stack in stacks for output in webhook(stack)}


def webhook(stack: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [each for each in stack.get("Outputs", []) if each["OutputKey"] == "WebhookUrl"]
