"""How what was looked at is told, and what keeps a check from its work."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from adapters.settings import Misconfigured
from local import Failure
from local.deployment.findings import Finding, Said, Verdict, looked_at, told

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "hush"}}, "GetSecretValue")


@pytest.mark.parametrize(
    ("raised", "verdict", "message"),
    [
        (DENIED, Verdict.UNKNOWN, "It could not be looked at (AccessDenied)."),
        (
            EndpointConnectionError(endpoint_url="https://hush"),
            Verdict.UNKNOWN,
            "It could not be looked at (EndpointConnectionError).",
        ),
        (KeyError("hush"), Verdict.UNKNOWN, "It could not be looked at (KeyError)."),
        (
            Misconfigured("Database is not given"),
            Verdict.UNKNOWN,
            "It could not be looked at (Database is not given).",
        ),
        (Failure("There is no SAM CLI"), Verdict.WRONG, "There is no SAM CLI."),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_check_that_cannot_do_its_work_is_never_ok(
    raised: Exception, verdict: Verdict, message: str
) -> None:
    def looks(_: None) -> Said:
        raise raised

    assert looked_at(looks, None) == Finding("looks", verdict, message)


@pytest.mark.parametrize(
    ("verdicts", "exit_code", "summary"),
    [
        ([Verdict.OK, Verdict.UNNEEDED], 0, "All is well."),
        ([Verdict.OK, Verdict.UNKNOWN], 0, "All is well. 1 not known."),
        ([Verdict.WRONG, Verdict.UNKNOWN, Verdict.WRONG], 1, "2 to mend. 1 not known."),
    ],
)
def test_it_ends_with_one_when_something_is_to_be_mended(
    verdicts: list[Verdict],
    exit_code: int,
    summary: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [Finding(f"check_{number}", each, "said") for number, each in enumerate(verdicts)]
    assert told(found, "All is well.") == exit_code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == summary
    assert [line.split("  ")[0].strip() for line in lines[: len(verdicts)]] == verdicts
