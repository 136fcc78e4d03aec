"""What was looked at before or after a deployment, a line each; what is not known is never ok."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from botocore.exceptions import ClientError

from adapters.doctor import named
from local import Failure
from local.doctor import rendered


class Verdict(StrEnum):
    """What is shown in front of a line."""

    OK = "ok"
    WRONG = "MEND"
    UNKNOWN = "not known"
    UNNEEDED = "not needed"


# A verdict, and a message as the doctor's: what is the case, and unless that is fine what mends it.
# Lines after the first are commands. It holds no secret.
Said = tuple[Verdict, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    verdict: Verdict
    message: str


def fine(message: str) -> Said:
    return Verdict.OK, message


def wrong(message: str) -> Said:
    return Verdict.WRONG, message


def unknown(message: str) -> Said:
    return Verdict.UNKNOWN, message


def unneeded(message: str) -> Said:
    return Verdict.UNNEEDED, message


T = TypeVar("T")


def looked_at(check: Callable[[T], Said], of: T) -> Finding:
    """What a check says. Whatever keeps it from its work makes the answer unknown."""
    try:
        said = check(of)
    except Failure as failed:
        said = wrong(f"{failed}.")
    # botocore alone raises dozens of classes.
    except Exception as error:
        said = unknown(f"It could not be looked at ({reason(error)}).")
    return Finding(check.__name__, *said)


def reason(error: BaseException) -> str:
    """The code that AWS gave, else what the doctor would say: messages quote names and rows."""
    return code_of(error) or named(error)


def code_of(error: BaseException) -> str:
    """The code of AWS' answer, "" when it is no answer of AWS'."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def told(findings: Sequence[Finding], done: str) -> int:
    """Print all of them, and a sentence that begins with `done` when nothing is wrong; the exit
    code, which is 1 when something is."""
    print(rendered([(each.verdict, each.check, each.message) for each in findings]))
    count = {verdict: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
    also = f" {count[Verdict.UNKNOWN]} not known." if count[Verdict.UNKNOWN] else ""
    if count[Verdict.WRONG]:
        print(f"\n{count[Verdict.WRONG]} to mend.{also}")
        return 1
    print(f"\n{done}{also}")
    return 0
