"""Secrets Manager, through Powertools: JSON secrets, kept for five minutes.

Imported only by deployments that keep secrets there: boto3 costs more than everything else
together at cold start.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.parameters import SecretsProvider

MAX_AGE_SECONDS = 300


class Secrets:
    """JSON secrets by ARN. One a container: it keeps what it read."""

    def __init__(self) -> None:
        self._provider = SecretsProvider()

    def read(self, arn: str, *, anew: bool = False) -> Mapping[str, Any]:
        """The secret as a mapping, at most five minutes old; `anew` asks Secrets Manager now.

        Raises Powertools' GetParameterError or TransformParameterError.
        """
        value = self._provider.get(arn, max_age=MAX_AGE_SECONDS, transform="json", force_fetch=anew)
        return value if isinstance(value, Mapping) else {}
