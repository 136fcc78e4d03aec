"""Signs a sample event now, because Stripe's signatures are good for 300 seconds only."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import Misuse
from standin.delivery import signature_header

_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class SampleEvents:
    """The folder of sample events, one file a scenario, and where signed copies go."""

    folder: Path = _PROJECT / "events"
    signed_folder: Path = _PROJECT / ".local" / "events"

    def names(self) -> list[str]:
        """Every scenario's name."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def read(self, name: str) -> dict[str, Any]:
        """The event of a scenario."""
        event: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return event

    def write_signed(self, name: str, secret: str, now_seconds: int) -> Path:
        """Write the event as it would be if Stripe sent it now; answers with the new file."""
        self.signed_folder.mkdir(parents=True, exist_ok=True)
        path = self.signed_folder / f"{name}.json"
        path.write_text(json.dumps(signed(self.read(name), secret, now_seconds), indent=2) + "\n")
        return path


def signed(event: dict[str, Any], secret: str, now_seconds: int) -> dict[str, Any]:
    """The event made and signed at `now_seconds`, which count from 1970; unchanged when it is not a
    delivery of Stripe's."""
    if "stripe-signature" not in event.get("headers", {}):
        return event
    body = _dated(event["body"], now_seconds)
    header = signature_header(body.encode(), secret, now_seconds)
    return event | {"body": body, "headers": event["headers"] | {"stripe-signature": header}}


def _dated(body: str, now_seconds: int) -> str:
    """A purchase of now: an older one may be from before the till, which would hold it."""
    event = json.loads(body)
    event["created"] = event["data"]["object"]["created"] = now_seconds
    return json.dumps(event, indent=2)


def function_for(name: str, event: Mapping[str, Any]) -> str:
    """The template's name of the function that takes the event."""
    if event.get("rawPath") == "/stripe/webhook":
        return "WebhookFunction"
    return "MigrateFunction" if name == "migrate" else "ReportsFunction"


def webhook_secret(environment: Mapping[str, str]) -> str:
    """The first secret of STRIPE_WEBHOOK_SECRET, or the one in env.example.json."""
    if given := environment.get("STRIPE_WEBHOOK_SECRET"):
        return given.split(",")[0].strip()
    example = json.loads((_PROJECT / "env.example.json").read_text())
    return str(example["Parameters"]["STRIPE_WEBHOOK_SECRET"])


def invoke_line(name: str, event: Mapping[str, Any], path: Path) -> str:
    """The command that invokes the built function with the event."""
    shown = path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else path
    function = function_for(name, event)
    words = ["sam", "local", "invoke", function, "--event", str(shown)]
    return shlex.join([*words, "--env-vars", "env.example.json"])


def run(name: str) -> None:
    """Sign a sample event now, and print the `sam local invoke` line for it. Raises Misuse."""
    samples = SampleEvents()
    if name not in samples.names():
        problem = f"There is no event {name!r}." if name else "Say which one: make event NAME=..."
        raise Misuse("\n  ".join([f"{problem} The events are:", *samples.names()]))
    path = samples.write_signed(name, webhook_secret(os.environ), int(time.time()))
    print(invoke_line(name, samples.read(name), path))
