"""What one container works with: each part is made when first used, and kept until the end."""

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, TypeVar, cast

from adapters.database_login import iam_token, login
from adapters.postgres import Database
from adapters.settings import DatabaseAddress, Settings, settings

T = TypeVar("T")


class App:
    """One a container. Handlers say what they are made of as functions of the app, and get each
    from `once`; what they import is what a cold start pays for."""

    def __init__(self) -> None:
        self._parts: dict[Callable[[App], object], object] = {}
        self._databases: list[Database] = []
        # Where one process serves everything, several threads ask for the same part.
        self._making = RLock()

    def once(self, make: Callable[["App"], T]) -> T:
        """What `make` makes of this app, made when it is first asked for."""
        with self._making:
            if make not in self._parts:
                self._parts[make] = make(self)
            return cast("T", self._parts[make])

    @property
    def settings(self) -> Settings:
        """The environment as it was when first needed. Raises Misconfigured."""
        return self.once(_settings)

    @property
    def database(self) -> Database:
        """The connection that everything but reports shares."""
        return self.once(_database)

    def connection_of_its_own(self, address: DatabaseAddress) -> Database:
        """Another connection, which is closed with the app."""
        made = Database(lambda: login(address, self.read_secret, iam_token))
        self._databases.append(made)
        return made

    def read_secret(self, arn: str, anew: bool = False) -> Mapping[str, Any] | None:
        """A JSON secret of Secrets Manager, at most five minutes old, or as it is now (`anew`)."""
        return self.once(_secrets)(arn, anew=anew)

    def close(self) -> None:
        """Closes the connections and forgets everything; what is asked for next is made anew."""
        with self._making:
            while self._databases:
                self._databases.pop().close()
            self._parts.clear()


def _settings(_app: App) -> Settings:
    return settings()


def _database(app: App) -> Database:
    return app.connection_of_its_own(app.settings.database)


def _secrets(_app: App) -> Callable[..., Mapping[str, Any] | None]:
    # boto3 costs more than everything else together, and most deployments do without it.
    from adapters.secrets import Secrets

    return Secrets().read


app = App()
