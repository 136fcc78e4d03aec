"""Signs a sample event now, because Stripe's signatures are good for 300 seconds only."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from adapters.connecting import SAM_LOCAL_HOST
from local import Misuse
from local.sam_local import EXAMPLE, KEPT, example
from standin.delivery import signature_header

_PROJECT = Path(__file__).resolve().parent.parent
_SERVED = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class SampleEvents:
    """The folder of sample events, one file a scenario, and where signed copies go."""

    folder: Path = _PROJECT / "events"
    signed_folder: Path = _PROJECT / ".local" / "events"

    def names(self) -> list[str]:
        """Every scenario's name."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def read(self, name: str) -> dict[str, Any]:
        """The event of a scenario. Raises Misuse when there is none of this name."""
        if name not in self.names():
            problem = (
                f"There is no event {name!r}."
                if name
                else "Say which one: make event NAME=..., or make invoke NAME=..."
            )
            raise Misuse("\n  ".join([f"{problem} The events are:", *self.names()]))
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
    return example()["STRIPE_WEBHOOK_SECRET"]


def sam_line(name: str, event: Mapping[str, Any], path: Path, env_vars: Path, system: str) -> str:
    """The command that invokes the built function with the event in `path`, on a `sys.platform`."""
    words = [".venv-sam/bin/sam", "local", "invoke", function_for(name, event)]
    words += ["--event", _shown(path), "--env-vars", _shown(env_vars)]
    # Docker Desktop, on other systems, tells its containers where they run by itself.
    words += ["--add-host", f"{SAM_LOCAL_HOST}:host-gateway"] if system == "linux" else []
    return shlex.join(words)


def curl_line(event: Mapping[str, Any], path: Path) -> str | None:
    """The command that asks the same of `make serve`; None for what it does not serve. A delivery
    is sent as the signed event in `path` has it, whose body gets a file of its own."""
    if "rawPath" in event:
        ready = json.loads(path.read_text())
        body = path.with_suffix(".body")
        body.write_text(ready["body"])
        header = f"stripe-signature: {ready['headers']['stripe-signature']}"
        sent = ["--header", header, "--data-binary", f"@{_shown(body)}"]
        return shlex.join(["curl", *sent, f"{_SERVED}{event['rawPath']}"])
    if path.stem == "migrate":
        return None
    query = urlencode({**event.get("params", {}), **_given(event, "limit", "format")})
    where = "/".join([f"{_SERVED}/reports", *_given(event, "report").values()])
    return shlex.join(["curl", f"{where}?{query}" if query else where])


def _given(event: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: event[name] for name in names if name in event}


def _shown(path: Path) -> str:
    return str(path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else path)


def run(name: str) -> None:
    """Sign a sample event now, and print how to invoke with it. Raises Misuse."""
    samples = SampleEvents()
    event = samples.read(name)
    path = samples.write_signed(name, webhook_secret(os.environ), int(time.time()))
    print("# In a container, after make build, beside make serve:")
    print(sam_line(name, event, path, KEPT if KEPT.exists() else EXAMPLE, sys.platform))
    if curl := curl_line(event, path):
        print("# To make serve itself:")
        print(curl)
