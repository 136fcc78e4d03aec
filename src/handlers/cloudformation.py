"""A deployment asks for the schema: CloudFormation's request read, its answer worded and put
where it waits, for an hour if nothing comes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from adapters.migrations import Migrated
from domain.requests import Refused

# Always the same: with another id CloudFormation would delete the "old" schema after an update.
PHYSICAL_ID = "schema"
# The whole answer may have 4,096 bytes; a reason in any script fits with this many characters.
REASON_CHARACTERS = 600
TRIES = 3
SECONDS_A_TRY = 10.0
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """What CloudFormation asks of the schema, and where it waits for the answer.

    The URL is signed: who has it can answer in our place.
    """

    answer_url: str = field(repr=False)
    request_type: str
    stack_id: str
    request_id: str
    logical_resource_id: str
    settings: object = None

    @property
    def settings_digest(self) -> str:
        """Another one whenever the property `Settings` is another."""
        text = json.dumps(self.settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def wants_a_schema(self) -> bool:
        """False for a deletion: the data outlives the stack, and so does its schema."""
        return self.request_type != "Delete"


def deployment_of(event: object) -> Deployment | None:
    """The request in a Lambda event, None when somebody else invoked the function."""
    if not isinstance(event, Mapping) or not isinstance(event.get("ResponseURL"), str):
        return None
    properties = event.get("ResourceProperties")
    return Deployment(
        answer_url=event["ResponseURL"],
        request_type=str(event.get("RequestType")),
        stack_id=str(event.get("StackId")),
        request_id=str(event.get("RequestId")),
        logical_resource_id=str(event.get("LogicalResourceId")),
        settings=properties.get("Settings") if isinstance(properties, Mapping) else None,
    )


def answer_to(deployment: Deployment, result: Migrated | Refused) -> dict[str, Any]:
    """The answer that lets the deployment go on, or rolls it back with a reason to read.

    `Data` has `SchemaVersion`, the newest migration that the database has, and `SettingsDigest`.
    """
    failed = isinstance(result, Refused)
    return {
        "Status": "FAILED" if failed else "SUCCESS",
        "Reason": reason(result)[:REASON_CHARACTERS],
        "PhysicalResourceId": PHYSICAL_ID,
        "StackId": deployment.stack_id,
        "RequestId": deployment.request_id,
        "LogicalResourceId": deployment.logical_resource_id,
        "Data": {
            "SchemaVersion": version(result),
            "SettingsDigest": deployment.settings_digest,
        },
    }


def reason(result: Migrated | Refused) -> str:
    if isinstance(result, Refused):
        return f"{result.code}: {result.message}"
    return f"applied: {', '.join(result.applied) or 'nothing was pending'}"


def version(result: Migrated | Refused) -> str:
    if isinstance(result, Refused):
        return "unknown"
    return max((*result.applied, *result.already_applied), default="none")


class NotDelivered(Exception):
    """CloudFormation could not be told. Lambda repeats an asynchronous invocation that fails."""


def deliver(url: str, answer: Mapping[str, Any]) -> None:
    """Puts `answer` to the signed `url`. Raises NotDelivered after three tries."""
    for left in reversed(range(TRIES)):
        try:
            return put(url, json.dumps(answer).encode())
        # Those of a URL that cannot be read quote it, and it is signed: who has it can answer.
        except (OSError, HTTPException, ValueError) as error:
            if not left:
                raise NotDelivered(type(error).__name__) from None
            time.sleep(PAUSE_SECONDS)
    return None


def put(url: str, body: bytes) -> None:
    """The signature covers an empty content type: any other one is refused."""
    request = Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310
    with urlopen(request, timeout=SECONDS_A_TRY):  # noqa: S310
        """The URL is CloudFormation's own; a status that is an error raises."""
