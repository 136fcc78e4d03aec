"""An emulator, a server, and a stack for each way to have a database: started when first asked for,
and shared by all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest

from local.emulated_aws import REGION, EmulatedAws, emulated_aws
from local.emulator import RDS_RESOURCE_ID
from local.lambda_build import Target, build
from local.lambda_runtime import machine, runtime_python
from local.postgres import postgres_server
from local.postgres_as_rds import MASTER, Rds, as_rds_runs_it
from standin import Server, StripeAccount, serving
from tests.artefacts import need_emulator
from tests.deployed.people import deployer
from tests.deployed.sources import Source, source
from tests.deployed.stacks import Account, Stack
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
    with emulated_aws(stripe.url, rds) as running:
        yield running


@pytest.fixture(scope="session")
def account(aws: EmulatedAws) -> Account:
    return Account(aws)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The checkout, built for this machine. Not to be changed."""
    need_emulator()
    artefact = tmp_path_factory.mktemp("artefact")
    build(artefact, Target(machine(), runtime_python()[0]))
    return source(tmp_path_factory.mktemp("source"), artefact)


@pytest.fixture(scope="session")
def stripe_secret(account: Account, stripe: Server) -> str:
    return account.aws.secret(
        "tokentill/stripe",
        {"api_key": stripe.account.api_key, "webhook_secrets": [WEBHOOK_SECRET]},
    )


# As docs/deploy.md has them made.
USERS = {
    "till_webhook": "webhook_writer",
    "till_reports": "report_reader",
    "till_operations": "operator",
}

Deployed = Callable[..., AbstractContextManager[Stack]]


@pytest.fixture(scope="session")
def deployed(
    account: Account, built: Source, rds: Rds, stripe: Server, stripe_secret: str
) -> Deployed:
    """Deploys the checkout: `deployed("name", "database", Database=..., ...)`."""
    somebody = deployer(account).environment

    @contextmanager
    def stack(name: str, database: str, **parameters: str) -> Iterator[Stack]:
        with (
            rds.database(database, MASTER),
            closing(Till(stripe.account, stripe, rds.server.url(database))) as till,
        ):
            made = Stack(account, name, till, somebody)
            deployment = made.deploy(built, StripeSecretArn=stripe_secret, **parameters)
            assert deployment.done, deployment.said
            yield made

    return stack


@pytest.fixture(scope="session")
def stack(deployed: Deployed, account: Account, rds: Rds) -> Iterator[Stack]:
    """A stack whose functions all log in with the owner's password."""
    owner = account.aws.secret("till/owner", rds.secret("till"))
    with deployed("tokentill-till", "till", Database="secret", DatabaseSecretArn=owner) as stack:
        yield stack


@pytest.fixture(scope="session")
def user_stack(deployed: Deployed, account: Account, rds: Rds) -> Iterator[Stack]:
    """A stack whose functions log in as users of their own, with passwords."""
    secrets = {"DatabaseSecretArn": account.aws.secret("by-user/owner", rds.secret("users"))}
    for user, role in USERS.items():
        name = user.removeprefix("till_")
        rds.administer(f"CREATE USER {user} PASSWORD 'of {user}' IN ROLE {role}")
        login = rds.secret("users") | {"username": user, "password": f"of {user}"}
        secrets[f"{name.title()}DatabaseSecretArn"] = account.aws.secret(f"by-user/{name}", login)
    with deployed("tokentill-by-user", "users", Database="secret", **secrets) as stack:
        yield stack


@pytest.fixture(scope="session")
def iam_stack(deployed: Deployed, account: Account, rds: Rds) -> Iterator[Stack]:
    """A stack with a database that is there already, and logins by token."""
    with deployed(
        "tokentill-by-token",
        "shop",
        Database="iam",
        DatabaseSecretArn=account.aws.secret("by-token/owner", rds.secret("shop")),
        DatabaseHost=f"shop.0123.{REGION}.rds.amazonaws.com",
        DatabaseName="shop",
        DatabaseResourceId=RDS_RESOURCE_ID,
    ) as stack:
        yield stack


@pytest.fixture(scope="session")
def aurora_stack(deployed: Deployed) -> Iterator[Stack]:
    """A stack that makes its network and its database, whose name is the template's."""
    with deployed("tokentill-aurora", "tokentill", Database="aurora") as stack:
        yield stack
