"""Looks at a test's database, and changes it behind the product's back."""

from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import dict_row


class Onlooker:
    """Whoever has a `database_url`; one connection, made when first used."""

    database_url: str

    @cached_property
    def _connection(self) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        """End the connection, if there is one."""
        if "_connection" in vars(self):
            self._connection.close()

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """What a statement answers."""
        return self._connection.execute(query, parameters).fetchall()

    def execute(self, statement: str, *parameters: Any) -> None:
        """A statement, or several without parameters, committed together."""
        self._connection.execute(statement, parameters)
