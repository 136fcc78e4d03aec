"""An application, and a user of it who has 100 credits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.integration.credits.application import Books, Credits, application


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    """The till behind the functions; whatever a test did, it is sound in the end."""
    with closing(Books(database_url)) as opened:
        yield opened
        assert opened.problems() == []


@pytest.fixture
def app(books: Books) -> Iterator[Credits]:
    """The application, on a connection that commits each call; ana has 100 credits."""
    with application(books.database_url) as session:
        session.grant(100, "welcome")
        yield session
