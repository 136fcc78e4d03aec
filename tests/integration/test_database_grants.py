"""Every privilege in the database, compared with what is argued for here."""

from __future__ import annotations

import psycopg

from adapters.migrations import migrations_on_disk
from tests.integration.roles import ROLES, apply
from tests.till import Till

# Every grant there is, each with its reason. A migration that grants more must say so here.
READ = "SELECT"
APPEND = "INSERT"
WRITE = "INSERT SELECT UPDATE"
ALL = "DELETE INSERT SELECT UPDATE"
GRANTS: dict[str, dict[str, str]] = {
    # Prices and packages are the operators' to edit; a delivery reads them.
    "packages": {
        "webhook_writer": READ,
        "operator": WRITE,
        "report_reader": READ,
        "application": READ,
    },
    # When the till was installed is a fact, and decides what is held. No report shows it.
    "till": {"webhook_writer": READ, "operator": READ},
    # Balances and payments change, and none is ever deleted: an erased person's row stays.
    # The application shows what its users have and bought, and changes that by functions alone.
    **{
        table: {
            "webhook_writer": WRITE,
            "operator": WRITE,
            "report_reader": READ,
            "application": READ,
        }
        for table in ("users", "payment_transactions")
    },
    # The past of the ledger is nobody's to change. A proof, which runs with reconcile, reads it.
    "credit_ledger": {
        "webhook_writer": "INSERT SELECT",
        "operator": APPEND,
        "report_reader": READ,
        "application": READ,
    },
    # Operations note here that a request id is used; a delivery has none. What was asked for is
    # nobody's to change.
    "credit_requests": {
        "webhook_writer": READ,
        "operator": "INSERT SELECT",
        "report_reader": READ,
    },
    "credit_reservations": {
        "webhook_writer": READ,
        "operator": READ,
        "report_reader": READ,
        "application": READ,
    },
    # What was done is not undone.
    "stripe_events": {
        "webhook_writer": "INSERT SELECT",
        "operator": "INSERT SELECT",
        "report_reader": READ,
    },
    # Totals can be made of the payments again: they hold nothing of their own.
    "folded_payment_totals": {"webhook_writer": ALL, "operator": ALL, "report_reader": READ},
    "folded_customer_totals": {"webhook_writer": ALL, "operator": ALL, "report_reader": READ},
    # Reconcile moves its marks, and drops those of a run that has ended.
    "reconcile_checkpoints": {"webhook_writer": ALL, "operator": READ, "report_reader": READ},
    # The doctor says which migrations are due.
    "schema_migrations": {"operator": READ},
    # A fold locks payments through it, which takes the right to update them.
    "countable_payments": {
        "webhook_writer": "SELECT UPDATE",
        "operator": "SELECT UPDATE",
        "report_reader": READ,
    },
    # Views show what their reader may read anyway.
    **{
        view: {"webhook_writer": READ, "operator": READ, "report_reader": READ}
        for view in (
            "uncounted_totals",
            "payment_totals",
            "customer_changes",
            "customer_totals",
            "missing_from_payment_totals",
            "missing_from_customer_totals",
        )
    },
}
# Erasing a person renames, or forgets, whom past operations were about, who asked, and what was
# noted; also of payments that were moved away.
COLUMN_GRANTS = {
    ("credit_ledger", "actor", "operator", "SELECT"),
    ("credit_ledger", "actor", "operator", "UPDATE"),
    ("credit_ledger", "event_id", "operator", "SELECT"),
    ("credit_ledger", "payment_id", "operator", "SELECT"),
    ("credit_ledger", "reason", "operator", "SELECT"),
    ("credit_ledger", "note", "operator", "SELECT"),
    ("credit_ledger", "note", "operator", "UPDATE"),
    ("credit_ledger", "user_id", "operator", "SELECT"),
    ("credit_requests", "actor", "operator", "UPDATE"),
    ("credit_requests", "note", "operator", "UPDATE"),
    ("stripe_events", "note", "operator", "UPDATE"),
    ("stripe_events", "object_id", "operator", "UPDATE"),
    ("stripe_events", "request", "operator", "UPDATE"),
}

SETTINGS = {
    "webhook_writer": {
        "statement_timeout=10s",
        "lock_timeout=5s",
        "idle_in_transaction_session_timeout=10s",
    },
    "operator": {
        "statement_timeout=10s",
        "lock_timeout=5s",
        "idle_in_transaction_session_timeout=10s",
    },
    "report_reader": {"default_transaction_read_only=on", "statement_timeout=30s"},
    "migrator": {"lock_timeout=5s"},
}


def table_grants(till: Till) -> dict[str, dict[str, str]]:
    """Table or view → role → privileges, those of the owner left out."""
    rows = till.rows(
        "SELECT relname, grantee::regrole::text AS role,"
        "       string_agg(privilege_type, ' ' ORDER BY privilege_type) AS privileges"
        "  FROM pg_class, aclexplode(relacl)"
        " WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner"
        " GROUP BY relname, grantee"
    )
    grants: dict[str, dict[str, str]] = {}
    for row in rows:
        grants.setdefault(row["relname"], {})[row["role"]] = row["privileges"]
    return grants


def test_the_roles_have_the_grants_that_are_argued_for_and_no_others(till: Till) -> None:
    assert table_grants(till) == GRANTS


def test_a_grant_on_a_column_is_argued_for_too(till: Till) -> None:
    rows = till.rows(
        "SELECT relname, attname, grantee::regrole::text AS role, privilege_type"
        "  FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid, aclexplode(attacl)"
        " WHERE relnamespace = 'public'::regnamespace"
    )
    assert {tuple(row.values()) for row in rows} == COLUMN_GRANTS


def test_everything_belongs_to_the_migrator(till: Till) -> None:
    others = till.rows(
        "SELECT relname AS name FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relowner <> 'migrator'::regrole"
        " UNION ALL SELECT proname FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND proowner <> 'migrator'::regrole"
    )
    assert others == []


def test_a_role_has_no_power_over_the_server(till: Till) -> None:
    powers = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    powerful = till.rows(
        f"SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND ({powers})", list(ROLES)
    )
    assert powerful == []


def test_no_role_is_a_member_of_another(till: Till) -> None:
    members = till.rows(
        "SELECT member::regrole::text FROM pg_auth_members WHERE member::regrole::text = ANY(%s)",
        list(ROLES),
    )
    assert members == []


def test_each_roles_waits_are_limited_in_the_database_that_was_migrated(
    empty_database_url: str,
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        # A copy of a database does not have these settings, so that it must be migrated itself.
        apply(empty_database_url, migrations_on_disk())
        rows = connection.execute(
            "SELECT setrole::regrole::text, setconfig FROM pg_db_role_setting"
            "  JOIN pg_database ON pg_database.oid = setdatabase"
            " WHERE datname = current_database()"
        ).fetchall()
    assert {role: set(settings) for role, settings in rows} == SETTINGS
