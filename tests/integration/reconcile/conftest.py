"""The fixture that the tests of reconcile and prove share."""

from collections.abc import Iterator

import pytest

from tests.integration.reconcile.past import Past, open_past


@pytest.fixture
def past(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    """A till with a past, and an empty database of its own."""
    with open_past(database_url, monkeypatch) as opened:
        yield opened
