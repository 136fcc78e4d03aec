"""Which migrations are due, and when a database must not be touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `version` is its name without the ending, `checksum` the SHA-256 of its bytes."""

    version: str
    script: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did: the versions it applied, and those that were there before."""

    applied: tuple[str, ...]
    already_applied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a run did nothing; `code` is for programs, `message` says what to do."""

    code: str
    message: str


def refusal(migrations: Sequence[Migration], history: Mapping[str, str]) -> Refused | None:
    """Why `migrations` must not be applied on top of `history` (version to checksum), if so.

    A changed file means that databases would differ; a late one that their order would.
    Versions applied but not on disk are fine: an older version of the code is being deployed.
    """
    newest = max(history, default="")
    for migration in migrations:
        applied = history.get(migration.version)
        if applied is not None and applied != migration.checksum:
            return Refused(
                "changed",
                f"{migration.version} was changed after it was applied; "
                "restore it and put the change into a new migration",
            )
        if applied is None and migration.version < newest:
            return Refused(
                "out_of_order",
                f"{migration.version} comes before {newest}, which is applied; renumber it",
            )
    return None
