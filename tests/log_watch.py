"""Reads every line that the suite makes the handlers log: no personal data, no secret in any."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

# A log line of Powertools, or a line of embedded metrics.
LOG_LINE = re.compile(r'^\{"(level|_aws)"')
FORBIDDEN = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "a webhook secret": re.compile(r"whsec_"),
    "an API key": re.compile(r"\b[rs]k_(test|live)_"),
    "a password": re.compile(r"(?i)password[\"']?\s*[=:]|://[^/\s:]+:[^@/\s]+@"),
    "a user id": re.compile(r"\buser_\d+\b"),
    "a signature": re.compile(r"\bv1=[0-9a-f]{16}"),
}


def betrayed(output: str) -> list[str]:
    """What the log lines in `output` give away, one text a finding."""
    lines = [line for line in output.splitlines() if LOG_LINE.match(line)]
    return [
        f"{what} in a log line: {line}"
        for line in lines
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Iterator[None] | Any:
    """Fails a test whose handlers logged what they must not."""
    report = yield
    if call.when == "teardown" and report.passed:
        findings = betrayed(report.capstdout + report.capstderr)
        if findings:
            report.outcome = "failed"
            report.longrepr = "\n".join(findings)
    return report
