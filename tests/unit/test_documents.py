"""What the documents say is there, and says what the code says; their blocks of code are run by
`tests/e2e/test_documents.py`."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters import settings
from domain.events import EVENT_TYPES
from domain.payment import HeldReason, PaymentStatus
from domain.requests import Refused
from reconcile.requests import read_request
from tests.documents import (
    ACCOUNTS,
    PROJECT,
    SHELLS,
    Block,
    anchors_of,
    blocks,
    documents,
    first_column,
    leads_somewhere,
    links_of,
    prose_of,
    section,
    text_of,
)

REFERENCE = "docs/reference.md"
RUN = (*SHELLS, "python", "sql", "json")
SHOWN = ("text", "toml", "yaml")
MARKS = {*ACCOUNTS, "answer", "report"}


def test_every_link_within_the_project_leads_somewhere() -> None:
    links = [(document, link) for document in documents() for link in links_of(document)]
    inside = [each for each in links if not re.match(r"https?://|mailto:", each[1])]
    assert inside
    assert [each for each in inside if not leads_somewhere(*each)] == []


def test_all_code_is_fenced() -> None:
    """What is only indented has no language, and nobody would run it."""
    indented = {each: re.findall(r"(?<=\n\n) {4,}\S.*", prose_of(each)) for each in documents()}
    assert {document: found for document, found in indented.items() if found} == {}


def test_every_block_says_a_language_that_is_known_here() -> None:
    assert [str(each) for each in blocks() if each.language not in (*RUN, *SHOWN)] == []
    assert [str(each) for each in blocks() if not MARKS.issuperset(each.marks)] == []


@pytest.mark.parametrize("block", [each for each in blocks() if each.needs_an_account], ids=str)
def test_a_command_that_needs_an_account_is_one_that_a_shell_can_read(block: Block) -> None:
    read = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, b"")


def test_every_target_of_make_that_is_named_is_there() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    text = "\n".join(map(text_of, documents()))
    named = re.findall(r"(?:`|^|&& )make ([a-z-]+)", text, re.MULTILINE)
    assert set(named) - set(targets) == set()


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(text_of("README.md").splitlines()) < 150


def test_the_reference_begins_with_its_contents() -> None:
    contents = text_of(REFERENCE).split("\n## ", maxsplit=1)[0]
    linked = re.findall(r"\(#([^)]+)\)", contents)
    assert set(linked) == anchors_of(REFERENCE) - {"reference"}


def test_the_map_of_the_rooms_names_places_that_are_there() -> None:
    (tree,) = [each for each in blocks("text") if each.text.startswith("src/handlers/")]
    places = [line.split()[0] for line in tree.text.splitlines()]
    assert [place for place in places if not (PROJECT / place).exists()] == []


def test_no_sentence_stands_in_two_documents() -> None:
    places = defaultdict(set)
    for document in documents():
        for sentence in sentences_of(document):
            places[sentence].add(document)
    assert {each: found for each, found in places.items() if len(found) > 1} == {}


def sentences_of(document: str) -> Iterator[str]:
    """Those that are long enough to have been copied: shorter ones may well be the same."""
    text = " ".join(prose_of(document).split())
    return (each for each in re.split(r"(?<=[.!?:|]) ", text) if len(each.split()) >= 8)


def test_every_variable_is_described() -> None:
    read = re.findall(r'environ, "([A-Z_]+)"', inspect.getsource(settings))
    described = section(REFERENCE, "Configuration")
    assert read
    assert [name for name in read if f"`{name}" not in described] == []


def test_every_report_is_described() -> None:
    files = {path.stem for path in (PROJECT / "sql" / "reports").glob("*.sql")}
    assert set(first_column(REFERENCE, "All reports")) == files


def test_every_status_is_described() -> None:
    assert set(first_column(REFERENCE, "`payment_status`")) == set(PaymentStatus)


@pytest.mark.parametrize("reason", HeldReason)
def test_every_reason_to_hold_a_payment_is_described(reason: HeldReason) -> None:
    assert f"`{reason}`" in section(REFERENCE, "`held_reason`")
    assert reason in first_column("docs/runbook.md", "Held payments")


def test_the_endpoint_is_told_of_every_event_that_the_till_reads() -> None:
    (listed,) = [each for each in blocks("text") if "charge.refunded" in each.text]
    assert sorted(listed.text.split()) == sorted(EVENT_TYPES)


def inline_requests() -> list[tuple[str, str]]:
    """The requests to reconcile that stand in a sentence or a table."""
    return [
        (document, text)
        for document in ("docs/reference.md", "docs/runbook.md")
        for text in re.findall(r"`(\{(?:\"(?:prove|since|days)\"[^`…]*)?\})`", prose_of(document))
        if "n}" not in text
    ]


@pytest.mark.parametrize(("document", "text"), inline_requests())
def test_reconcile_takes_what_the_documents_ask_of_it(document: str, text: str) -> None:
    assert not isinstance(read_request(json.loads(text), datetime.now(UTC)), Refused)
