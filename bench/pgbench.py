"""Runs the writes of purchases from several clients at once, with Postgres' own pgbench."""

import re
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.purchases import writes

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_COMMENT = re.compile(r"--.*")
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
# Stands for a purchase's name and user until pgbench fills in its own.
_NAME, _USER = "NAME0123456789abcdef0123456789", 424242


def script(statement: str, users: int) -> str:
    """One transaction a purchase; client and counter make names that no other purchase has."""
    head = f"\\set i :i + 1\n\\set user random(1, {users})\n"
    purchase = writes(_NAME, _USER)
    return head + "".join(f"{_filled(statement, parameters)};\n" for parameters in purchase)


def events_per_second(
    programs: Path, file: Path, url: str, clients: int, seconds: int, first: int
) -> float:
    """Events recorded a second. Statements are parsed and planned each time, as the till's are."""
    return 3 * transactions_per_second(
        programs, file, url, clients, seconds, first, "--protocol=extended"
    )


def transactions_per_second(
    programs: Path, file: Path, url: str, clients: int, seconds: int, first: int, *options: str
) -> float:
    """How often a second the clients run the script in `file`, whose counter begins at `first`."""
    command = [programs / "pgbench", "--no-vacuum", "--jobs=1", *options]
    command += [f"--client={clients}", f"--time={seconds}", f"--define=i={first}"]
    result = subprocess.run(  # noqa: S603
        [*command, f"--file={file}", url], capture_output=True, check=False, text=True
    )
    found = _TPS.search(result.stdout)
    if found is None or result.returncode:
        raise SystemExit(f"pgbench failed: {result.stderr}")
    return float(found[1])


def _filled(statement: str, parameters: dict[str, Any]) -> str:
    bare = _COMMENT.sub("", statement).replace("\n", " ")
    return _PLACEHOLDER.sub(lambda place: _literal(parameters[place[1]]), bare)


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int() | Decimal():
            return str(value)
        case datetime():
            return f"'{value.isoformat()}'"
    named = str(value).replace(_NAME, "' || :client_id || '_' || :i || '")
    return "('" + named.replace(str(_USER), "' || :user || '") + "')"
