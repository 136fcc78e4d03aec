"""The project's documents as tests read them: their code blocks, their links and their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

PROJECT = Path(__file__).resolve().parent.parent
FOLDERS = (".", "docs", "docs/decisions", "bench", "events", "standin")

SHELLS = ("sh", "bash", "console")
# What follows the language of a block that needs an account, or a container engine: nobody runs it
# here.
ACCOUNTS = ("aws", "stripe", "docker")
FENCE = re.compile(r"( *)```(.*)")


@dataclass(frozen=True)
class Block:
    """A fenced block of code. `marks` are the words after its language."""

    document: str
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def needs_an_account(self) -> bool:
        return not set(ACCOUNTS).isdisjoint(self.marks)


def documents() -> list[str]:
    """Every document, as its path in the project."""
    found = (path for folder in FOLDERS for path in (PROJECT / folder).glob("*.md"))
    return sorted(path.relative_to(PROJECT).as_posix() for path in found)


def blocks(*languages: str) -> list[Block]:
    """The blocks of all documents; with `languages` those in one of them."""
    return [
        block
        for document in documents()
        for block in blocks_of(document)
        if not languages or block.language in languages
    ]


def blocks_of(document: str) -> Iterator[Block]:
    lines = enumerate(text_of(document).splitlines(), start=1)
    for number, line in lines:
        if not (opened := FENCE.fullmatch(line)):
            continue
        indent, (language, *marks) = len(opened[1]), opened[2].split() or [""]
        inside = []
        for _, each in lines:
            if FENCE.fullmatch(each):
                break
            inside.append(each[indent:])
        yield Block(document, number, language, tuple(marks), "\n".join(inside))


@cache
def text_of(document: str) -> str:
    return (PROJECT / document).read_text(encoding="utf-8")


def prose_of(document: str) -> str:
    """The document without its blocks of code, each of them an empty line."""
    return re.sub(r"^ *```.*?^ *```$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)


def links_of(document: str) -> list[str]:
    """Where the links and pictures lead."""
    return re.findall(r"\]\(([^()\s]+)\)", prose_of(document))


def anchors_of(document: str) -> set[str]:
    """What a link may name after `#`: https://docs.github.com/get-started/writing-on-github"""
    headings = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def leads_somewhere(document: str, link: str) -> bool:
    """Whether a link within the project leads to a file, and to a heading of it."""
    path, _, anchor = unquote(link).partition("#")
    target = (PROJECT / document).parent / path if path else PROJECT / document
    if not target.exists():
        return False
    name = target.resolve().relative_to(PROJECT).as_posix()
    return not anchor or anchor in anchors_of(name)


def section(document: str, heading: str) -> str:
    """What stands below a heading, up to the next one of any level."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", prose_of(document), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"{document} has no heading {heading!r}"
    return found[1]


def first_column(document: str, heading: str) -> list[str]:
    """What the first column of a section's table has between backticks, in order."""
    cells = re.findall(r"^\| (`.+?) \|", section(document, heading), re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
