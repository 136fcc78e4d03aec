"""Answers CloudFormation, which waits at a signed URL and for an hour if nothing comes."""

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

TRIES = 3
SECONDS_A_TRY = 10.0


class NotDelivered(Exception):
    """CloudFormation could not be told. Lambda repeats an asynchronous invocation that fails."""


def deliver(url: str, answer: Mapping[str, Any], pause_seconds: float = 1.0) -> None:
    """Puts `answer` to the signed `url`. Raises NotDelivered after three tries."""
    for left in reversed(range(TRIES)):
        try:
            return _put(url, json.dumps(answer).encode())
        # Those of a URL that cannot be read quote it, and it is signed: who has it can answer.
        except (OSError, HTTPException, ValueError) as error:
            if not left:
                raise NotDelivered(type(error).__name__) from None
            time.sleep(pause_seconds)
    return None


def _put(url: str, body: bytes) -> None:
    """The signature covers an empty content type: any other one is refused."""
    request = Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310
    with urlopen(request, timeout=SECONDS_A_TRY):  # noqa: S310
        """The URL is CloudFormation's own; a status that is an error raises."""
