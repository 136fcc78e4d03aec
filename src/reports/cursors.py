"""Cursors: where a page of a list ended, as text that only fits the same list again.

A cursor needs no secret. Its values are the sort key of a row its holder was shown; they are read
by type and bound, so a forged one can do no more than begin the list at another place. The digest
is there to refuse a cursor that was cut, mistyped, or belongs to another report or other params.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reports.declaration import Report, Sort
from reports.kinds import Value, written
from reports.parameters import Arguments
from reports.problems import Problem

_DIGEST_BYTES = 12
# Postgres' text holds no NUL, so it separates values without a doubt.
_SEPARATOR = "\0"
_UNUSED_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cursor_after(report: Report, sort: Sort, arguments: Arguments, row: Mapping[str, Any]) -> str:
    """The cursor of the page that follows this row: URL-safe, without padding."""
    ended = _SEPARATOR.join(written(row[key.column]) for key in sort.keys).encode()
    return cursor_of(digest_of(report, sort, arguments, ended) + ended)


def keys_after(
    report: Report, sort: Sort, arguments: Arguments, cursor: object
) -> tuple[Value, ...] | Problem:
    """The sort key that the cursor stands for, one value a column, or `bad_cursor`."""
    decoded = content_of(cursor) if isinstance(cursor, str) else None
    if decoded is None:
        return _BAD_CURSOR
    digest, ended = decoded[:_DIGEST_BYTES], decoded[_DIGEST_BYTES:]
    if digest != digest_of(report, sort, arguments, ended):
        return _BAD_CURSOR
    values = sort_key_of(sort, ended)
    return _BAD_CURSOR if values is None else values


def digest_of(report: Report, sort: Sort, arguments: Arguments, ended: bytes) -> bytes:
    parameters = sorted((name, argument.text) for name, argument in arguments.items())
    types = [key.kind.name for key in sort.keys]
    bound_to = ascii((report.name, sort.written, types, parameters))
    return hashlib.sha256(f"{bound_to}\n".encode() + ended).digest()[:_DIGEST_BYTES]


def sort_key_of(sort: Sort, ended: bytes) -> tuple[Value, ...] | None:
    try:
        texts = ended.decode().split(_SEPARATOR)
    except UnicodeDecodeError:
        return None
    if len(texts) != len(sort.keys):
        return None
    read = [key.kind.read(text, _UNUSED_NOW) for key, text in zip(sort.keys, texts, strict=True)]
    values = tuple(value for value in read if value is not None)
    return values if len(values) == len(read) else None


def cursor_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def content_of(cursor: str) -> bytes | None:
    try:
        content = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    # base64 skips foreign characters and spare bits: one cursor, one spelling.
    return content if cursor_of(content) == cursor else None


_BAD_CURSOR = Problem(
    "bad_cursor",
    "The cursor does not belong to this report with these params. Pass next_cursor of the page"
    " before unchanged, with the same params; or leave it out to begin again.",
)
