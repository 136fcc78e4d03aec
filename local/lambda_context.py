"""The context object that the Lambda runtime gives a handler with each invocation."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LambdaContext:
    """The attributes of AWS' own context object, for one invocation that starts now.

    See https://docs.aws.amazon.com/lambda/latest/dg/python-context.html.
    """

    function_name: str
    timeout_seconds: int = 30
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log_stream_name: str = "local"
    started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        """The function's name in AWS' form, in the account that the documentation uses."""
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where AWS would keep this function's log."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop this invocation, never below zero."""
        spent = time.monotonic() - self.started
        return max(0, int((self.timeout_seconds - spent) * 1000))
