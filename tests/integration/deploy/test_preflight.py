"""Preflight on a real Postgres, the stand-in for Stripe, and secrets in Secrets Manager: each check
fails for its own reason, none is left out, and none tells a secret."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from local.__main__ import main
from local.deployment import plan as plans
from local.deployment.answers import Answers
from local.deployment.database_checks import REFUSALS, postgres_is, unreached
from local.deployment.findings import Finding, Verdict
from local.deployment.plan import Plan
from local.deployment.preflight import CHECKS, findings
from standin import Server, StripeAccount, serving
from tests.aws import Aws
from tests.documents import text_of

HUSH = "hushhushhush"
KEY = f"rk_test_{HUSH}"
Make = Callable[..., Plan]


@pytest.fixture(scope="module")
def stripe() -> Iterator[Server]:
    """Stripe, which knows one key."""
    with serving(StripeAccount(api_key=KEY)) as server:
        yield server


@pytest.fixture
def make(aws: Aws, stripe: Server, empty_database_url: str) -> Make:
    """Makes a plan: with a database of the test's own, unless its secret says otherwise."""
    found = conninfo_to_dict(empty_database_url)
    sound = {
        "username": found["user"],
        "password": HUSH,
        "host": found["host"],
        "port": found["port"],
        "dbname": found["dbname"],
    }

    def make(stripe_secret: object = None, database_secret: object = None, **given: str) -> Plan:
        default = {"api_key": KEY, "webhook_secrets": [f"whsec_{HUSH}"]}
        parameters = {
            "StripeSecretArn": aws.secret("tokentill/stripe", stripe_secret or default),
            "Database": "secret",
            **given,
        }
        if parameters["Database"] != "aurora":
            changed = {**sound, **database_secret} if isinstance(database_secret, dict) else None
            secret = changed or database_secret or sound
            parameters.setdefault("DatabaseSecretArn", aws.secret("tokentill/database", secret))
        answers = Answers(stack_name="tokentill", parameters=parameters)
        return Plan(answers, aws.session, stripe_api=stripe.url)

    return make


def looked(plan: Plan) -> dict[str, Finding]:
    """All findings by name; that none of them tells a secret holds everywhere."""
    found = findings(plan)
    assert HUSH not in str(found)
    return {each.check: each for each in found}


def wrong(plan: Plan) -> dict[str, str]:
    return {
        name: each.message for name, each in looked(plan).items() if each.verdict is Verdict.WRONG
    }


def test_of_a_sound_deployment_all_is_ok_but_what_is_not_needed(make: Make) -> None:
    found = looked(make())
    assert {each.check: each.verdict for each in found.values() if each.verdict != "ok"} == {
        "aurora_version": Verdict.UNNEEDED
    }


def test_every_check_says_one_thing_whatever_is_there(make: Make, aws: Aws) -> None:
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == 15
    nothing = Plan(Answers(), aws.session)
    for plan in (make(), make(Database="aurora"), nothing):
        assert [each.check for each in findings(plan)] == names


@pytest.mark.parametrize("name", ["StripeSecretArn", "DatabaseSecretArn"])
def test_a_parameter_that_was_not_given_is_said_once_and_the_rest_is_not_known(
    make: Make, name: str
) -> None:
    told = wrong(make(**{name: ""}))
    assert name in told.pop("parameters")
    assert told == {}


def test_what_is_made_here_is_not_looked_for(make: Make) -> None:
    found = looked(make(Database="aurora"))
    database = [each for name, each in found.items() if name.startswith("database")]
    assert {each.verdict for each in database} == {Verdict.UNNEEDED}
    assert found["aurora_version"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (HUSH, "must be a JSON object"),
        ({"api_key": 5}, "api_key in the Stripe secret must be a string"),
        ({"api_key": KEY, "webhook_secrets": [""]}, "webhook_secrets in the Stripe secret"),
        ({"api_key": "", "webhook_secrets": []}, "There is no API key"),
        ({"api_key": f"pk_test_{HUSH}"}, "it is a publishable key"),
        ({"api_key": f"rk_live_{HUSH}"}, "StripeLivemode=true"),
    ],
    ids=str,
)
def test_a_stripe_secret_that_will_not_do_is_wrong(make: Make, secret: object, told: str) -> None:
    assert told in wrong(make(secret))["stripe_secret"]


def test_a_key_of_test_mode_will_not_do_for_live(make: Make) -> None:
    told = wrong(make(StripeLivemode="true"))["stripe_secret"]
    assert "Its key is a test key, but StripeLivemode is true." in told


def test_a_stripe_secret_that_is_not_there_is_wrong(make: Make) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gone-a1b2c3"
    found = looked(make(StripeSecretArn=arn))
    assert found["stripe_secret"].verdict is Verdict.WRONG
    assert "there is no such secret" in found["stripe_secret"].message
    assert found["stripe"].verdict is Verdict.UNKNOWN


def test_secrets_that_may_not_be_read_are_unknown_and_so_is_what_is_in_them(
    make: Make, aws: Aws
) -> None:
    plan = make()
    aws.refuse("secrets-manager", "GetSecretValue", "AccessDeniedException")
    found = looked(plan)
    unknown = {name for name, each in found.items() if each.verdict is Verdict.UNKNOWN}
    assert unknown == {
        *("stripe_secret", "webhook_secret", "stripe"),
        *("database_secrets", "database", "database_roles", "database_schema"),
    }
    assert "AccessDeniedException" in found["stripe_secret"].message


def test_where_aws_refuses_everything_nothing_is_ok_that_depends_on_it(
    make: Make, aws: Aws
) -> None:
    plan = make()
    for service, operation in (
        ("sts", "GetCallerIdentity"),
        ("lambda", "GetAccountSettings"),
        ("cloudformation", "DescribeStacks"),
        ("secrets-manager", "GetSecretValue"),
        ("secrets-manager", "DescribeSecret"),
    ):
        aws.refuse(service, operation, "AccessDenied")
    found = looked(plan)
    assert {name for name, each in found.items() if each.verdict is Verdict.OK} == {
        "sam_cli",
        "region",
    }


def test_no_webhook_secret_is_needed_before_the_first_deployment_alone(
    make: Make, aws: Aws
) -> None:
    new = make({"api_key": KEY, "webhook_secrets": []})
    assert looked(new)["webhook_secret"].verdict is Verdict.OK
    aws.stack({}, **new.answers.parameters)
    standing = Plan(new.answers, aws.session, stripe_api=new.stripe_api)
    assert "There is no webhook secret" in wrong(standing)["webhook_secret"]


def test_a_webhook_secret_that_is_none_is_wrong(make: Make) -> None:
    plan = make({"api_key": KEY, "webhook_secrets": f"we_{HUSH}"})
    assert "it is the id of an endpoint" in wrong(plan)["webhook_secret"]


def test_a_key_that_stripe_does_not_know_is_wrong(make: Make) -> None:
    plan = make({"api_key": f"rk_test_another_{HUSH}", "webhook_secrets": []})
    assert wrong(plan).keys() == {"stripe"}


def test_a_stripe_that_is_not_reached_is_unknown(
    make: Make, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = replace(make(), stripe_api="http://127.0.0.1:9")
    assert looked(nowhere)["stripe"].verdict is Verdict.UNKNOWN


def test_a_relay_is_not_asked(make: Make) -> None:
    found = looked(make(StripeApiBase="https://relay.internal"))
    assert found["stripe"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (HUSH, "must be a JSON object"),
        ({"username": ""}, "username in the database's secret"),
        ({"host": None}, "host in the database's secret"),
        ({"port": "many"}, "port in the database's secret"),
    ],
    ids=str,
)
def test_a_database_secret_that_will_not_do_is_wrong(make: Make, secret: object, told: str) -> None:
    assert told in wrong(make(database_secret=secret))["database_secrets"]


def test_the_secrets_of_single_functions_are_looked_at_too(make: Make, aws: Aws) -> None:
    bad = aws.secret("tokentill/reader", {"username": "reader"})
    told = wrong(make(ReportsDatabaseSecretArn=bad))
    assert told.keys() == {"database_secrets"}
    assert "Of the ReportsFunction: host" in told["database_secrets"]


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ({"dbname": "nowhere"}, "no such database"),
        ({"username": "nobody"}, "no such user"),
        ({"port": 9}, "the functions are in no VPC either"),
    ],
    ids=str,
)
def test_a_database_that_cannot_be_used_is_wrong(make: Make, secret: object, told: str) -> None:
    found = looked(make(database_secret=secret))
    assert (found["database"].verdict, told in found["database"].message) == (Verdict.WRONG, True)
    assert found["database_roles"].verdict is Verdict.UNKNOWN
    assert found["database_schema"].verdict is Verdict.UNKNOWN


def test_a_private_database_that_is_not_reached_from_here_is_unknown(make: Make) -> None:
    private = {"SubnetIds": "subnet-0a", "SecurityGroupIds": "sg-0a"}
    found = looked(make(database_secret={"port": 9}, **private))
    assert found["database"].verdict is Verdict.UNKNOWN


def test_what_answers_and_is_no_postgres_is_wrong(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        plan = make(database_secret={"port": server.getsockname()[1]})
        answering = Thread(target=hang_up_on, args=(server,))
        answering.start()
        told = wrong(plan)["database"]
        answering.join()
    assert told == REFUSALS["invalid response"]


def hang_up_on(server: socket.socket) -> None:
    """Answer the one client as a web server would."""
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ('FATAL:  password authentication failed for user "till"', "authentication failed"),
        ("SSL error: certificate verify failed", "certificate"),
        ('server certificate for "a" does not match host name "b"', "certificate"),
        ("server does not support SSL, but SSL was required", "server does not support SSL"),
        ("FATAL:  remaining connection slots are reserved", "FATAL"),
    ],
)
@pytest.mark.parametrize("in_vpc", [False, True])
def test_a_server_that_refuses_is_wrong_wherever_it_is(
    said: str, meaning: str, in_vpc: bool
) -> None:
    assert unreached(said, in_vpc) == (Verdict.WRONG, REFUSALS[meaning])


def test_a_postgres_that_is_too_old_is_wrong() -> None:
    assert "PostgreSQL 15 and newer" in text_of("docs/reference.md")
    assert [postgres_is(version)[0] for version in (14, 15)] == [Verdict.WRONG, Verdict.OK]


@pytest.fixture
def user(empty_database_url: str) -> Iterator[str]:
    """A user who may log in, make tables in the database of the test, and nothing else."""
    name = f"preflight_{uuid.uuid4().hex}"
    run(
        empty_database_url,
        f"CREATE ROLE {name} LOGIN",
        f"GRANT CREATE, USAGE ON SCHEMA public TO {name}",
    )
    yield name
    run(empty_database_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_user_who_may_not_make_the_roles_is_wrong_until_the_statements_are_run(
    make: Make, user: str, empty_database_url: str
) -> None:
    told = wrong(make(database_secret={"username": user}))
    assert told.keys() == {"database_roles"}
    sentence, _, statements = told["database_roles"].partition("\n")
    assert "Let an administrator run:" in sentence
    run(empty_database_url, *statements.split("; "))
    assert wrong(make(database_secret={"username": user})) == {}


def test_a_user_who_may_make_roles_need_not_have_them_but_those_of_others_are_not_his(
    make: Make, user: str, empty_database_url: str
) -> None:
    """The cluster of the tests has the four roles, and they are a superuser's."""
    run(empty_database_url, f"ALTER ROLE {user} CREATEROLE")
    told = wrong(make(database_secret={"username": user}))
    assert "CREATE ROLE" not in told["database_roles"]
    grants = [
        f"GRANT {role} TO {user} WITH ADMIN OPTION" for role in ("webhook_writer", "operator")
    ]
    run(empty_database_url, *grants)
    told = wrong(make(database_secret={"username": user}))
    assert told["database_roles"].partition("\n")[2] == (
        f"GRANT report_reader TO {user}; GRANT migrator TO {user};"
    )


def test_a_database_without_rds_iam_cannot_be_logged_in_to_by_token(make: Make) -> None:
    told = wrong(
        make(
            Database="iam",
            DatabaseHost="127.0.0.1",
            DatabasePort=str(conninfo_to_dict(url_of(make))["port"]),
            DatabaseName=str(conninfo_to_dict(url_of(make))["dbname"]),
            DatabaseResourceId="db-A",
        )
    )
    assert told == {
        "database_roles": "It has no role rds_iam, so nobody can log in by IAM. Say"
        " Database=secret."
    }


def url_of(make: Make) -> str:
    """The database that a plan means."""
    plan = make()
    with plan.database.transaction() as connection:
        url = connection.info.dsn
    plan.close()
    return url


def test_a_schema_that_is_somebody_elses_is_wrong(make: Make, empty_database_url: str) -> None:
    run(empty_database_url, "CREATE TABLE schema_migrations (version int)")
    assert "schema_migrations already" in wrong(make())["database_schema"]


def test_a_user_who_may_make_no_tables_is_wrong(
    make: Make, user: str, empty_database_url: str
) -> None:
    run(empty_database_url, f"REVOKE CREATE ON SCHEMA public FROM {user}")
    told = wrong(make(database_secret={"username": user}))["database_schema"]
    assert f"GRANT USAGE, CREATE ON SCHEMA public TO {user};" in told


def test_migrations_that_were_changed_since_are_wrong(make: Make, empty_database_url: str) -> None:
    run(
        empty_database_url,
        "CREATE TABLE schema_migrations (version text, checksum text, applied_at timestamptz)",
        "INSERT INTO schema_migrations VALUES ('0001_payments_and_credits', 'other', now())",
    )
    assert "was changed after it was applied" in wrong(make())["database_schema"]


@pytest.mark.parametrize(("livemode", "exit_code"), [("false", 0), ("true", 1)])
def test_the_command_tells_every_check_and_ends_with_one_when_something_would_fail(
    make: Make,
    stripe: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    livemode: str,
    exit_code: int,
) -> None:
    plan = make(StripeLivemode=livemode)
    monkeypatch.setattr(plans, "session", lambda _: plan.session)
    said = " ".join(f"{name}={value}" for name, value in plan.answers.parameters.items())
    assert main(["preflight", "tokentill", "--parameter-overrides", said]) == exit_code
    shown = capsys.readouterr().out
    assert all(check.__name__ in shown for check in CHECKS)
    assert HUSH not in shown
    assert ("1 to mend." in shown) is bool(exit_code)
