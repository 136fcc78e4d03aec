"""What could not be done is in the queue of failed deliveries."""

from __future__ import annotations

import json

from tests.deployed.missing import cold, detached
from tests.deployed.stacks import Stack

SCHEDULED = {"source": "aws.scheduler", "detail-type": "Scheduled Event"}


def test_a_scheduled_run_that_fails_is_in_the_queue(stack: Stack) -> None:
    queue = stack.outputs["FailedDeliveriesUrl"]
    with detached(stack, "ReconcileRole", "StripeSecretPolicy"), cold(stack, "reconcile"):
        stack.account.client("lambda").invoke(
            FunctionName=stack.outputs["ReconcileFunctionName"],
            InvocationType="Event",
            Payload=json.dumps(SCHEDULED),
        )
        received = stack.account.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)
    (message,) = received["Messages"]
    failed = json.loads(message["Body"])
    assert failed["requestPayload"] == SCHEDULED
    assert failed["responsePayload"]["errorMessage"] == "the log says why"
