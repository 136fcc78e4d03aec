"""What preflight says of the database: its secrets, whether it answers, and whether migrations may
do their work there."""

from __future__ import annotations

from botocore.exceptions import ClientError
from psycopg import OperationalError

from adapters.connecting import InsecureConnection
from adapters.database_login import conninfo_from
from adapters.doctor import pending
from adapters.migrations import FIND_SCHEMA, no_room
from adapters.settings import Misconfigured
from adapters.sql_files import statement
from domain.requests import Refused
from local.deployment.findings import Said, code_of, fine, unknown, unneeded, wrong
from local.deployment.plan import Plan, is_gone
from local.deployment.template import NotGiven
from operations.doctor import Unknown

OLDEST_POSTGRES = 15
PRIVILEGES = ("webhook_writer", "report_reader", "operator", "migrator")
FIND_MISSING_ROLES = statement("operations/find_missing_roles")
FIND_LOGINS = (
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') AS by_token,"
    " array(SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%(names)s)) AS there,"
    " (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_make"
)
LOGINS = ("tokentill_webhook", "tokentill_reports", "tokentill_operations")
MADE_HERE = "Aurora is made by this deployment, and its secret too."
PAGE = "docs/deploy.md"


def database_secrets(plan: Plan) -> Said:
    """Is each there, and has it all that a login needs?"""
    if plan.filled.holds("MakesDatabase"):
        return unneeded(MADE_HERE)
    problems: list[str] = []
    unreadable: list[str] = []
    arns: set[str] = set()
    for function in plan.filled.functions():
        address = plan.settings_of(function).database
        if not address.secret_arn or address.secret_arn in arns:
            continue
        arns.add(address.secret_arn)
        try:
            conninfo_from(address, plan.read_secret(address.secret_arn))
        except Misconfigured as error:
            problems.append(f"Of the {function}: {error}.")
        except ClientError as error:
            gone, code = is_gone(error), code_of(error)
            where = problems if gone else unreadable
            where.append(f"Of the {function}: {gone or f'it may not be read here, {code}'}.")
    if problems:
        return wrong(f'{" ".join(problems)} See {PAGE}, "The database".')
    if unreadable:
        return unknown(" ".join(unreadable))
    return fine(f"{len(arns)} of the right form.")


def database(plan: Plan) -> Said:
    """Is it reached, and is it a Postgres that is new enough?"""
    if plan.filled.holds("MakesDatabase"):
        return unneeded(MADE_HERE)
    database = plan.database
    try:
        with database.transaction() as connection:
            version = connection.info.server_version // 10000
    except NotGiven:
        raise
    except (InsecureConnection, Misconfigured) as error:
        return wrong(f"{error}.")
    except OperationalError as error:
        return unreached(str(error), plan.filled.holds("InVpc"))
    return postgres_is(version)


def postgres_is(version: int) -> Said:
    """What to say of a major version."""
    if version < OLDEST_POSTGRES:
        return wrong(f"It is PostgreSQL {version}, and the till needs {OLDEST_POSTGRES} or newer.")
    return fine(f"PostgreSQL {version} answers, and accepts the login of migrations.")


def unreached(said: str, in_vpc: bool) -> Said:
    """What libpq said, which quotes hosts and users, in words that quote none."""
    for words, meaning in REFUSALS.items():
        if words in said:
            return wrong(meaning)
    if in_vpc:
        return unknown(
            "It is not reached from here, as it should be for a private one. It must let the"
            " functions' security group in."
        )
    return wrong(
        "It is not reached from here, and the functions are in no VPC either. Check the host and"
        " the port, and that it may be reached from the internet; or give SubnetIds and"
        " SecurityGroupIds."
    )


REFUSALS = {
    "authentication failed": "It refuses the user or the password of the secret.",
    "does not exist": "It has no such database, or no such user. Check dbname in the secret, or"
    " DatabaseName.",
    "certificate": "Its certificate does not verify, and there is no way around that. Use the name"
    " that is in the certificate as the host.",
    "server does not support SSL": "It offers no TLS, without which nothing connects to it.",
    "invalid response": "What answers there is no Postgres. Check the host and the port.",
    "FATAL": "It refuses the login, for a reason that is in its log.",
}


def database_roles(plan: Plan) -> Said:
    """May migrations make the roles that they need, or are they there?"""
    if plan.filled.holds("MakesDatabase"):
        return unneeded(MADE_HERE)
    with plan.database.transaction() as connection:
        missing = connection.execute(FIND_MISSING_ROLES, {"roles": list(PRIVILEGES)}).fetchall()
        logins = connection.execute(FIND_LOGINS, {"names": list(LOGINS)}).fetchone()
    assert logins is not None, "it always gives one row"
    if missing:
        statements = " ".join(row["permission"] for row in missing)
        return wrong(
            "The user may not make the roles that hold the till's privileges, or is no member of"
            f" them. Let an administrator run:\n{statements}"
        )
    absent = [each for each in LOGINS if each not in logins["there"]]
    if not plan.filled.holds("LogsInWithIam") or not absent:
        return fine("They are there, or may be made.")
    if not logins["by_token"]:
        return wrong("It has no role rds_iam, so nobody can log in by IAM. Say Database=secret.")
    if not logins["may_make"]:
        return wrong(f'An administrator must make {", ".join(absent)}: {PAGE}, "The database".')
    return fine("They are there, or may be made.")


def database_schema(plan: Plan) -> Said:
    """Is there room for the tables, and will the migrations be taken?"""
    if plan.filled.holds("MakesDatabase"):
        return unneeded(MADE_HERE)
    schema = plan.administrator.schema
    with plan.database.transaction() as connection:
        found = connection.execute(FIND_SCHEMA, {"schema": schema}).fetchone()
    assert found is not None, "it always gives one row"
    if refused := no_room(found, schema):
        return wrong(f"{refused.message[:1].upper()}{refused.message[1:]}")
    match pending(plan.database):
        case Refused(message=why):
            return wrong(f"The migrations do not fit it: {why}.")
        case Unknown(why):
            return unknown(f"Which migrations were applied cannot be read ({why}).")
        case due:
            return fine(f"{len(due)} migrations will be applied in the schema {schema}.")
