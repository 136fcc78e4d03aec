"""An account whose clock stands still, with its API and its server, for the stand-in's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from standin import Server, StripeAccount, serving
from standin.tests.builders import Clock, an_account
from standin.tests.calling import Caller


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(clock: Clock) -> StripeAccount:
    return an_account(clock)


@pytest.fixture
def caller(account: StripeAccount) -> Caller:
    return Caller(account)


@pytest.fixture
def server(account: StripeAccount) -> Iterator[Server]:
    with serving(account) as running:
        yield running
