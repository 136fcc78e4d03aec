"""What a process says while a test listens: log lines, metrics, whatever libraries log."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FUNCTIONS = ("webhook", "reports", "reconcile", "operations", "migrate")


@dataclass
class Said:
    """What was said, as one text."""

    _stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def answer(self, invoke: Callable[[], Any]) -> str:
        """What Lambda gets from an invocation, as a text: the answer, or the traceback it logs."""
        try:
            return repr(invoke())
        except Exception as error:
            return "".join(traceback.format_exception(error))


@contextmanager
def listening(level: int = logging.INFO) -> Iterator[Said]:
    """Listens as CloudWatch does: to standard output, and to the root logger at Lambda's level."""
    said = Said()
    theirs = logging.StreamHandler(said._stream)
    root, was_level, stdout = logging.getLogger(), logging.getLogger().level, sys.stdout
    ours = [handler for name in FUNCTIONS for handler in logging.getLogger(name).handlers]
    streams = [handler.setStream(said._stream) for handler in ours]
    root.addHandler(theirs)
    root.setLevel(level)
    sys.stdout = said._stream
    try:
        yield said
    finally:
        sys.stdout = stdout
        root.setLevel(was_level)
        root.removeHandler(theirs)
        for handler, stream in zip(ours, streams, strict=True):
            handler.setStream(stream)
