"""Which environments name a deployment, which half of one, and which nothing at all."""

from itertools import product

import pytest

from local.__main__ import main
from local.configured import NotConfigured, names_deployment

KEY = {"STRIPE_API_KEY": "sk_test_hush"}
STRIPE_SECRET = {"STRIPE_SECRET_ARN": "arn:stripe"}
URL = {"DATABASE_URL": "postgresql://till:hush@127.0.0.1/till"}
DATABASE_SECRET = {"DATABASE_SECRET_ARN": "arn:database"}
IAM = {
    "DATABASE_IAM_AUTH": "true",
    "DATABASE_HOST": "db.example",
    "DATABASE_NAME": "till",
    "DATABASE_USER": "writer",
}
ACCOUNTS, DATABASES = [KEY, STRIPE_SECRET], [URL, DATABASE_SECRET, IAM]
NO_ACCOUNTS: list[dict[str, str]] = [
    {},
    {"STRIPE_WEBHOOK_SECRET": "whsec_hush"},
    {"STRIPE_API_BASE": "http://127.0.0.1:8001"},
    {"STRIPE_LIVEMODE": "true"},
    {"STRIPE_API_KEY": " \n"},
]
NO_DATABASES: list[dict[str, str]] = [
    {},
    {"DATABASE_HOST": "db.example"},
    {"DATABASE_READ_URL": "postgresql://replica/till"},
    {"DATABASE_IAM_AUTH": "true"},
    {"DATABASE_URL": "\ufeff"},
    {"DATABASE_URL": "till:hush@127.0.0.1"},
    {**IAM, "DATABASE_USER": ""},
    {**DATABASE_SECRET, "DATABASE_PORT": "x"},
]


@pytest.mark.parametrize(("account", "database"), list(product(ACCOUNTS, DATABASES)))
def test_an_account_and_a_database_are_a_deployment(
    account: dict[str, str], database: dict[str, str]
) -> None:
    assert names_deployment({**account, **database, "PATH": "/bin"})


@pytest.mark.parametrize(
    "environment", [{}, {"PATH": "/bin"}, {"DATABASE_URL": "", "STRIPE_API_KEY": " \n"}]
)
def test_an_environment_that_says_nothing_names_none(environment: dict[str, str]) -> None:
    assert not names_deployment(environment)


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(NotConfigured) as error:
        names_deployment(environment)
    assert "hush" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("account", "database"), list(product(NO_ACCOUNTS, DATABASES)))
def test_a_database_without_an_account_is_half_a_deployment(
    account: dict[str, str], database: dict[str, str]
) -> None:
    said = refused({**account, **database})
    assert "set STRIPE_API_KEY, or STRIPE_SECRET_ARN." in said
    assert "unset " in said


@pytest.mark.parametrize(("account", "database"), list(product(ACCOUNTS, NO_DATABASES)))
def test_an_account_without_a_database_is_half_a_deployment(
    account: dict[str, str], database: dict[str, str]
) -> None:
    said = refused({**account, **database})
    assert "DATABASE_" in said
    assert "STRIPE_API_KEY, or" not in said


@pytest.mark.parametrize("account", NO_ACCOUNTS[1:4])
def test_what_only_goes_with_an_account_is_half_a_deployment(account: dict[str, str]) -> None:
    said = refused(account)
    assert said.startswith(next(iter(account)))
    assert "set STRIPE_API_KEY, or STRIPE_SECRET_ARN; set DATABASE_URL, or" in said


def test_a_variable_that_makes_no_sense_is_refused() -> None:
    assert refused({**KEY, **URL, "STRIPE_LIVEMODE": "hush"}).startswith("STRIPE_LIVEMODE must be")


@pytest.mark.parametrize("command", ["prove", "reconcile"])
def test_a_database_that_does_not_answer_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://till:hush@127.0.0.1:1/till")
    assert main([command]) == 1
    said = capsys.readouterr().err
    assert "the database does not answer" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("command", "half"),
    [*(("doctor", half) for half in (*ACCOUNTS, *DATABASES)), ("prove", KEY), ("reconcile", URL)],
)
def test_no_command_plays_its_story_to_whom_has_configured_a_half(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    half: dict[str, str],
) -> None:
    for name in {**KEY, **STRIPE_SECRET, **URL, **DATABASE_SECRET, **IAM}:
        monkeypatch.delenv(name, raising=False)
    for name, value in half.items():
        monkeypatch.setenv(name, value)
    # Doctor sets it for its process: it must end with the test.
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    assert main([command]) == 1
    told = capsys.readouterr()
    assert "is half a deployment: set " in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STRIPE_WEBHOOK_SECRET", "whsec_hush", "set STRIPE_API_KEY beside"),
        ("DATABASE_SECRET_ARN", "arn:hush", "set DATABASE_URL, or unset"),
        ("STRIPE_LIVEMODE", "hush", "STRIPE_LIVEMODE must be"),
    ],
)
def test_what_is_left_of_a_deployment_is_not_served(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert "hush" not in said.err
    assert said.out == ""
