"""An account and its running server, for the tests of the stand-in over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from standin import Server, StripeAccount, serving
from standin.tests.builders import an_account


@pytest.fixture
def account() -> StripeAccount:
    return an_account()


@pytest.fixture
def server(account: StripeAccount) -> Iterator[Server]:
    with serving(account) as running:
        yield running
