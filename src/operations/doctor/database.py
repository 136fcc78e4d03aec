"""Does the database answer, has it the tables that this version of the code needs, and can nobody
put code where the till would run it?"""

from collections.abc import Iterator, Sequence

from operations.doctor import commands
from operations.doctor.facts import Check, DatabaseFacts, Misfit, Stranger, Unknown

_MIGRATE = "Invoke the migrate function, or: make migrate"


def database_checks(facts: DatabaseFacts | Unknown) -> Iterator[Check]:
    """Checks `database_reachable`, `migrations` and `schema`, the last once a stranger."""
    if isinstance(facts, Unknown):
        yield Check("database_reachable", False, _unreachable(facts))
        return
    yield Check("database_reachable", True, "Postgres answers, and accepts the login.")
    yield Check("migrations", *_migrations(facts.pending))
    for stranger in facts.strangers:
        yield Check("schema", False, _let_in(stranger))
    if not facts.strangers:
        yield Check("schema", True, "Nobody can put code where the till would run it.")


def _unreachable(unknown: Unknown) -> str:
    return (
        f"Postgres cannot be used ({unknown.why}). Check DATABASE_URL, or the database's secret and"
        " address; that it runs; and that the function's subnets and security group reach it."
    )


def _let_in(stranger: Stranger) -> str:
    if stranger.kind == "role":
        who = "Everybody" if stranger.name == "PUBLIC" else f"The role {stranger.name}"
        return (
            f"{who} may create functions in the schema {stranger.schema}, and the till's statements"
            " would run them. As the owner of the schema:"
            f"\n{commands.revoke_create(stranger.name, stranger.schema)}"
        )
    return (
        f"The {stranger.kind} {stranger.name} goes by the name of one of Postgres' own, and its"
        " owner is nobody whom the till trusts: a statement may run it instead. Look what it does,"
        f" and then:\n{commands.drop(stranger)}"
    )


def _migrations(pending: Sequence[str] | Misfit | Unknown) -> tuple[bool, str]:
    match pending:
        case Unknown(why):
            return False, f"Which migrations were applied cannot be read ({why}). {_MIGRATE}"
        case Misfit(why):
            return False, f"The migrations do not fit this database: {why}."
        case []:
            return True, "All migrations are applied."
    return False, f"Not applied: {', '.join(pending)}. {_MIGRATE}"
