"""One emulator, one server and one deployed stack for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.emulated_aws import EmulatedAws, emulated_aws, runtime_python
from local.lambda_build import Target, build
from local.lambda_runtime import machine
from local.postgres import postgres_server
from local.postgres_as_rds import PASSWORD, Rds, as_rds_runs_it
from standin import Server, StripeAccount, serving
from tests.deployed.stacks import Account, Source, Stack, source
from tests.till import WEBHOOK_SECRET, Till


@pytest.fixture(scope="session")
def rds() -> Iterator[Rds]:
    with postgres_server() as server:
        yield as_rds_runs_it(server)


@pytest.fixture(scope="session")
def stripe() -> Iterator[Server]:
    with serving(StripeAccount(webhook_secret=WEBHOOK_SECRET)) as server:
        yield server


@pytest.fixture(scope="session")
def aws(rds: Rds, stripe: Server) -> Iterator[EmulatedAws]:
    with emulated_aws(stripe.url, rds.port) as running:
        yield running


@pytest.fixture(scope="session")
def account(aws: EmulatedAws) -> Account:
    return Account(aws)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The checkout, built for this machine. Not to be changed."""
    artefact = tmp_path_factory.mktemp("artefact")
    build(artefact, Target(machine(), runtime_python()[0]))
    return source(tmp_path_factory.mktemp("source"), artefact)


@pytest.fixture(scope="session")
def stripe_secret(account: Account, stripe: Server) -> str:
    return account.secret(
        "tokentill/stripe",
        {"api_key": stripe.account.api_key, "webhook_secrets": [WEBHOOK_SECRET]},
    )


@pytest.fixture(scope="session")
def till_url(rds: Rds) -> Iterator[str]:
    """The database of the stack `till`, for the superuser."""
    with rds.database("till", "master"):
        yield rds.server.url("till")


@pytest.fixture(scope="session")
def owner_secret(account: Account, rds: Rds, till_url: str) -> str:
    login = {"username": "master", "password": PASSWORD, "dbname": "till"}
    return account.secret("till/owner", login | {"host": "localhost", "port": rds.port})


@pytest.fixture(scope="session")
def stack(account: Account, built: Source, stripe_secret: str, owner_secret: str) -> Stack:
    """A stack with `Database=secret`."""
    made = Stack(account, "till")
    deployment = made.deploy(
        built, Database="secret", StripeSecretArn=stripe_secret, DatabaseSecretArn=owner_secret
    )
    assert deployment.done, deployment.said
    return made


@pytest.fixture(scope="session")
def till(stack: Stack, stripe: Server, till_url: str) -> Iterator[Till]:
    """The stack's database and account, to look into."""
    with closing(Till(stripe.account, stripe, till_url)) as opened:
        yield opened
