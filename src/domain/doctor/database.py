"""Does the database answer, and has it the tables that this version of the code needs?"""

from collections.abc import Iterator, Sequence

from domain.doctor.facts import Check, DatabaseFacts, Unknown
from domain.migrations import Refused

_MIGRATE = "Invoke the migrate function, or: make migrate"


def database_checks(facts: DatabaseFacts | Unknown) -> Iterator[Check]:
    """Checks `database_reachable` and `migrations`."""
    if isinstance(facts, Unknown):
        yield Check("database_reachable", False, _unreachable(facts))
        return
    yield Check("database_reachable", True, "Postgres answers, and accepts the login.")
    yield Check("migrations", *_migrations(facts.pending))


def _unreachable(unknown: Unknown) -> str:
    return (
        f"Postgres cannot be used ({unknown.why}). Check DATABASE_URL, or the database's secret and"
        " address; that it runs; and that the function's subnets and security group reach it."
    )


def _migrations(pending: Sequence[str] | Refused | Unknown) -> tuple[bool, str]:
    match pending:
        case Unknown(why):
            return False, f"Which migrations were applied cannot be read ({why}). {_MIGRATE}"
        case Refused():
            return False, f"The migrations do not fit this database: {pending.message}."
        case []:
            return True, "All migrations are applied."
    return False, f"Not applied: {', '.join(pending)}. {_MIGRATE}"
