"""Secrets Manager, through Powertools: JSON secrets, kept for five minutes.

Imported only by deployments that keep secrets there: boto3 costs more than everything else
together at cold start.
"""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.parameters import SecretsProvider

from adapters.settings import without_blanks

MAX_AGE_SECONDS = 300


class Secrets:
    """JSON secrets by ARN. One a container: it keeps what it read."""

    def __init__(self) -> None:
        self._provider = SecretsProvider()

    def read(self, arn: str, *, anew: bool = False) -> Mapping[str, Any] | None:
        """The secret, at most five minutes old, None when it is no JSON object; `anew` asks Secrets
        Manager now.

        Raises Powertools' GetParameterError.
        """
        # Kept as text: what cannot be read must replace what could be.
        text = self._provider.get(arn, max_age=MAX_AGE_SECONDS, force_fetch=anew)
        return json_object(text)


def json_object(text: object) -> Mapping[str, Any] | None:
    """The JSON object that `text` holds, str or bytes; None when it holds none."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else str(text)
        value = json.loads(without_blanks(decoded))
    # Brackets a thousand deep are no ValueError.
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None
