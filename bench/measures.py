"""Measures the house: how many files and functions there are, how long, and how many one call runs.

    python -m bench.measures              a table
    python -m bench.measures --walk       the files that one delivery runs through, in order

Counts with `ast` alone. The runs are real: a signed delivery of a paid session, and a page of a
report, each the second of its kind, through the handlers with Postgres and the stand-in.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "src"
PLUGINS = ("tests.databases", "tests.till")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walk", action="store_true", help="name the files of one delivery")
    if parser.parse_args().walk:
        print("\n".join(ran()["delivery"][0]))
        return
    for name, value in measures():
        print(f"| {name} | {value} |")


def measures() -> Iterator[tuple[str, str]]:
    """Each measure's name, and what it is today."""
    files = {path: path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))}
    lines = {path: text.count("\n") for path, text in files.items()}
    lengths = sorted(lines.values())
    yield "files in src", f"{len(files)} with {sum(lengths):,} lines"
    yield "median and longest file", f"{statistics.median(lengths):.0f} and {lengths[-1]} lines"
    yield "files under 50 lines", str(sum(length < 50 for length in lengths))
    yield "files over 250 lines", str(sum(length > 250 for length in lengths))
    trees = [ast.parse(text) for text in files.values()]
    functions = [node for tree in trees for node in ast.walk(tree) if is_function(node)]
    sizes = sorted(length_of(node) for node in functions)
    yield (
        "median, 90th percentile and longest function",
        f"{statistics.median(sizes):.0f}, {sizes[len(sizes) * 9 // 10]} and {sizes[-1]} lines",
    )
    private = sum(is_private(node.name) for node in functions)
    yield "private functions", f"{private} of {len(functions)}, {private / len(functions):.0%}"
    inside = sum(
        isinstance(node, ast.Import | ast.ImportFrom)
        for function in functions
        for node in ast.walk(function)
    )
    yield "imports inside functions", str(inside)
    caches = sum("@lru_cache" in line for text in files.values() for line in text.splitlines())
    yield "functions with an lru_cache", str(caches)
    for name, (paths, called) in ran().items():
        yield f"one {name} runs", f"{called} functions in {len(paths)} files"
    for room in ("standin", "local", "tests"):
        found = list(room_of(room).rglob("*.py"))
        if room == "standin":
            found = [path for path in found if path.parent.name != "tests"]
        total = sum(path.read_text("utf-8").count("\n") for path in found)
        yield f"files in {room}", f"{len(found)} with {total:,} lines"
    readme = (PROJECT / "README.md").read_text("utf-8")
    yield "README", f"{readme.count(chr(10))} lines"


def room_of(name: str) -> Path:
    """The stand-in was once a part of local."""
    here = PROJECT / name
    return here if here.is_dir() else PROJECT / "local" / "stripe_standin"


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def length_of(node: Any) -> int:
    return int(node.end_lineno - node.lineno + 1)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def ran() -> dict[str, tuple[list[str], int]]:
    """For a delivery and a page: the files of src in the order in which the call got to them, and
    how many functions it ran. The tests' own fixtures make the till."""
    with TemporaryDirectory() as folder:
        written = Path(folder) / "ran.json"
        plugins = [option for name in PLUGINS for option in ("-p", name)]
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, __file__],
            env={**os.environ, "TOKENTILL_MEASURES": str(written)},
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return json.loads(written.read_text("utf-8"))


def test_run(till: Any) -> None:
    """Not a test of its own: pytest runs it for `ran`."""
    from handlers import reports, webhook
    from tests.till import completed, http_event

    def delivery() -> Callable[[], object]:
        sold = till.account.delivery(completed(till.account.complete(till.sell())))
        event = http_event(sold.body.decode(), dict(sold.headers))
        return lambda: webhook.handler(event, None)

    def page() -> Callable[[], object]:
        event = {
            "version": "2.0",
            "rawPath": "/reports/revenue_by_day",
            "rawQueryString": "",
            "headers": {"accept": "text/html"},
            "requestContext": {"http": {"method": "GET", "path": "/reports/revenue_by_day"}},
            "pathParameters": {"name": "revenue_by_day"},
        }
        return lambda: reports.handler(event, None)

    found = {}
    for name, prepare in (("delivery", delivery), ("page", page)):
        prepare()()
        found[name] = traced(prepare())
    Path(os.environ["TOKENTILL_MEASURES"]).write_text(json.dumps(found), "utf-8")


def traced(call: Callable[[], object]) -> tuple[list[str], int]:
    """The files of src that a call runs, in order, and how many functions."""
    paths: dict[str, None] = {}
    functions: set[object] = set()

    def note(frame: Any, event: str, _argument: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(f"{SOURCE}{os.sep}"):
            paths.setdefault(str(Path(path).relative_to(PROJECT)))
            functions.add(frame.f_code)

    sys.setprofile(note)
    try:
        answer: Any = call()
    finally:
        sys.setprofile(None)
    assert answer["statusCode"] == 200, answer
    return list(paths), len(functions)


if __name__ == "__main__":
    main()
