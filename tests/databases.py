"""A database for each test: one server a run, one migrated template, clones of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from local.migrate import MigrationError, migrate
from local.postgres import Server, ServerError, available_server, databases_at
from tests.clean_databases import CleanDatabases

_SHARED = pytest.StashKey["SharedDatabases"]()


@dataclass(frozen=True)
class TestDatabases:
    """Where this run's databases are made, and the name of the migrated one to clone."""

    __test__ = False

    admin_url: str
    template: str

    @property
    def server(self) -> Server:
        """The server, through its administrator's database."""
        return databases_at(self.admin_url)

    @contextmanager
    def database(self, template: str | None) -> Iterator[str]:
        """The URL of a database that exists as long as the block."""
        name = f"test_{uuid.uuid4().hex}"
        self.server.create_database(name, template)
        try:
            yield self.server.url(name)
        finally:
            self.server.drop_database(name)


class SharedDatabases:
    """Starts the run's server when the first test or worker asks, and ends it with the run."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._databases: TestDatabases | None = None

    def get(self) -> TestDatabases:
        """The run's databases."""
        if self._databases is None:
            self._databases = self._made()
        return self._databases

    def close(self) -> None:
        """Drop the template and stop the server."""
        self._open.close()

    def _made(self) -> TestDatabases:
        server = self._open.enter_context(available_server())
        template = f"test_template_{uuid.uuid4().hex}"
        self._open.callback(server.drop_database, template)
        server.create_database(template)
        migrate(server.url(template))
        return TestDatabases(server.admin_url, template)


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its shared databases; nothing is started yet."""
    config.stash[_SHARED] = SharedDatabases()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    if shared := config.stash.get(_SHARED, None):
        shared.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a new xdist worker where the databases are: they belong to the controller."""
    try:
        databases = node.config.stash[_SHARED].get()
    except (ServerError, MigrationError) as error:
        pytest.exit(str(error), returncode=1)
    node.workerinput["databases"] = (databases.admin_url, databases.template)


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> TestDatabases:
    """This run's databases: the controller's under xdist, else started here."""
    if workerinput := getattr(pytestconfig, "workerinput", None):
        return TestDatabases(*workerinput["databases"])
    return pytestconfig.stash[_SHARED].get()


@pytest.fixture(scope="session")
def clean_databases(databases: TestDatabases) -> Iterator[CleanDatabases]:
    """The migrated databases of this process, each as good as new."""
    clean = CleanDatabases(databases.server, databases.template)
    yield clean
    clean.drop_all()


@pytest.fixture
def database_url(clean_databases: CleanDatabases) -> Iterator[str]:
    """The URL of a migrated database that only this test uses, as if nobody had before."""
    with clean_databases.database() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: TestDatabases) -> Iterator[str]:
    """The URL of a database with nothing in it that only this test uses."""
    with databases.database(None) as url:
        yield url
