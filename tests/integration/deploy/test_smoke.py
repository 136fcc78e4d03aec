"""The smoke test of a stack whose functions are the real handlers, over real HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, cast

import pytest
from werkzeug import Request, Response

from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from handlers import operations, reports, webhook
from local import Failure
from local.__main__ import main
from local.deployment import plan as plans
from local.deployment.findings import Finding, Verdict
from local.deployment.smoke import findings, stack
from local.gateway import gateway
from standin.http_server import listening
from tests.aws import Aws
from tests.till import Till

HANDLERS: Mapping[str, Any] = {
    "tokentill-operations": operations.handler,
    "tokentill-reports": reports.handler,
}
Handler = Callable[[Any, Any], Any]


class Deployed:
    """A stack whose outputs name what runs in this process."""

    def __init__(self, aws: Aws, url: str) -> None:
        self.aws, self.url = aws, url
        self.outputs = {
            "WebhookUrl": f"{url}/stripe/webhook",
            "ReportsUrl": f"{url}/reports",
            "OperationsFunctionName": "tokentill-operations",
            "ReportsFunctionName": "tokentill-reports",
        }
        self.handlers = dict(HANDLERS)
        aws.answer("lambda", "Invoke", self.invoked)
        self.stand()

    def stand(self, **changed: str) -> None:
        self.aws.stack({**self.outputs, **changed})

    def invoked(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """As Lambda answers: a handler that raises is an answer too."""
        handler, request = self.handlers[params["FunctionName"]], json.loads(params["Payload"])
        try:
            return {"Payload": payload(handler(request, None))}
        except Exception as error:
            return {"FunctionError": "Unhandled", "Payload": payload({"errorMessage": str(error)})}

    def looked(self) -> dict[str, Finding]:
        return {each.check: each for each in findings(stack(self.aws.session, "tokentill"))}

    def wrong(self) -> dict[str, str]:
        return {
            name: each.message
            for name, each in self.looked().items()
            if each.verdict is not Verdict.OK
        }


def payload(answer: object) -> Any:
    return io.BytesIO(json.dumps(answer).encode())


def forbidden(_event: Any, _context: Any) -> dict[str, Any]:
    """API Gateway, to who does not sign with IAM."""
    return {"statusCode": 403, "body": '{"message":"Forbidden"}'}


@pytest.fixture
def deployed(till: Till, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """A deployment of which everything works."""
    routes = cast("Any", {"POST /stripe/webhook": webhook.handler, "GET /reports": forbidden})
    with gateway(routes) as url:
        made = Deployed(aws, url)
        monkeypatch.setenv("WEBHOOK_URL", made.outputs["WebhookUrl"])
        till.account.add_webhook_endpoint(
            made.outputs["WebhookUrl"], list(EVENT_TYPES), API_VERSION
        )
        for package_id in ("starter", "professional", "enterprise"):
            till.price_of(package_id)
        yield made


def test_of_a_sound_stack_everything_works(deployed: Deployed) -> None:
    found = deployed.looked()
    assert {name: each.message for name, each in found.items() if each.verdict != "ok"} == {}
    assert list(found)[:4] == ["webhook", "report", "reports_are_private", "doctor"]


def test_what_the_doctor_says_is_said_line_by_line(deployed: Deployed, till: Till) -> None:
    till.execute("UPDATE packages SET amount = 9.99 WHERE package_id = 'starter'")
    assert deployed.wrong().keys() == {"prices"}


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, "{}", "answers 200 to what is not signed, instead of 400"),
        (400, '{"message":"Bad Request"}', "something else at this address"),
        (403, "{}", "Something before the function"),
        (429, "{}", "Too many"),
        (500, "{}", "does not start"),
        (503, '{"message":"Service Unavailable"}', "WebhookConcurrency"),
        (503, '{"error":{"code":"try_later"}}', "the doctor"),
        (404, "not json", "something else at this address"),
    ],
)
def test_a_webhook_that_answers_anything_else_is_wrong(
    deployed: Deployed, status: int, body: str, told: str
) -> None:
    with listening(lambda _: Response(body, status)) as url:
        deployed.stand(WebhookUrl=f"{url}/stripe/webhook")
        assert told in deployed.wrong()["webhook"]


def test_a_webhook_that_is_not_reached_is_not_ok(deployed: Deployed) -> None:
    deployed.stand(WebhookUrl="http://127.0.0.1:9/stripe/webhook")
    assert deployed.looked()["webhook"].verdict is Verdict.UNKNOWN


def test_in_an_emulator_the_stack_is_asked_beside_the_api_of_aws(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refused(request: Request) -> Response:
        asked.append(request.path)
        return Response('{"error":{"code":"bad_signature"}}', 400)

    deployed.stand(WebhookUrl="https://abc.execute-api.eu-central-1.amazonaws.com/stripe/webhook")
    with listening(refused) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert deployed.looked()["webhook"].verdict is Verdict.OK
    assert "/_aws/execute-api/abc/$default/stripe/webhook" in asked


def test_reports_that_anybody_can_read_are_wrong(deployed: Deployed) -> None:
    with listening(lambda _: Response("{}")) as url:
        deployed.stand(ReportsUrl=f"{url}/reports")
        assert (
            "answers 200 to somebody who does not sign" in deployed.wrong()["reports_are_private"]
        )


def test_a_report_that_cannot_be_read_is_wrong(deployed: Deployed, till: Till) -> None:
    refused = {"error": {"code": "unavailable", "message": "The reports cannot be read."}}
    deployed.handlers["tokentill-reports"] = lambda *_: refused
    assert deployed.wrong() == {"report": "total_revenue: The reports cannot be read."}


def test_a_function_that_crashes_is_told_by_name(deployed: Deployed) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("personal data")

    deployed.handlers["tokentill-operations"] = crash
    (told,) = deployed.wrong().values()
    assert "tokentill-operations failed" in told
    assert "personal data" not in told


def test_a_function_that_may_not_be_invoked_is_not_ok(deployed: Deployed) -> None:
    deployed.aws.refuse("lambda", "Invoke", "AccessDeniedException")
    assert deployed.wrong().keys() == {"report", "doctor"}


def test_a_stack_that_is_not_there_or_no_tills_is_told(aws: Aws) -> None:
    with pytest.raises(Failure, match="There is no stack tokentill in eu-central-1"):
        stack(aws.session, "tokentill")
    aws.refuse("cloudformation", "DescribeStacks", "AccessDenied")
    with pytest.raises(Failure, match=r"tokentill cannot be looked at \(AccessDenied\)"):
        stack(aws.session, "tokentill")
    aws.stack({})
    with pytest.raises(Failure, match="has no output WebhookUrl"):
        stack(aws.session, "tokentill")


def test_the_command_ends_with_one_when_something_cannot_be_looked_at(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plans, "session", lambda _: deployed.aws.session)
    deployed.aws.refuse("lambda", "Invoke", "AccessDeniedException")
    assert main(["smoke", "tokentill"]) == 1
    assert capsys.readouterr().out.endswith("Whether it works is not known. 2 not known.\n")


@pytest.mark.parametrize("works", [True, False])
def test_the_command_ends_with_one_unless_all_works(
    deployed: Deployed,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    works: bool,
) -> None:
    monkeypatch.setattr(plans, "session", lambda _: deployed.aws.session)
    with ExitStack() as stopped:
        if not works:
            url = stopped.enter_context(listening(lambda _: Response("{}", 503)))
            deployed.stand(WebhookUrl=url)
        assert main(["smoke", "tokentill"]) == (0 if works else 1)
    shown = capsys.readouterr().out
    assert ("It works." in shown) is works
    assert ("1 to mend." in shown) is not works
