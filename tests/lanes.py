"""Two lanes for tests that try very many cases: `make test` takes some, `make torture` all."""

import os

IS_LONG = os.environ.get("LONG") == "1"


def size(some: int, all_of_them: int) -> int:
    """How many of something this run tries."""
    return all_of_them if IS_LONG else some
