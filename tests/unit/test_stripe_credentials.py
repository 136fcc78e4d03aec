"""Webhook secrets that are rolled while a container runs."""

from collections.abc import Sequence

import stripe

from adapters.stripe_credentials import StripeCredentials, StripeKeyring, credentials_of

BODY = b'{"id": "evt_1"}'


class Source:
    """A secret store: `kept` is what a cache would answer, `now` what the store has."""

    def __init__(self, *secrets: str) -> None:
        self.kept = self.now = secrets
        self.asked_anew = 0

    def read(self, anew: bool) -> StripeCredentials:
        if anew:
            self.asked_anew += 1
            self.kept = self.now
        return StripeCredentials("sk", self.kept)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def keyring(secrets: Sequence[str]) -> tuple[StripeKeyring, Source, Clock]:
    source, clock = Source(*secrets), Clock()
    return StripeKeyring(source.read, clock), source, clock


def signed_with(secret: str) -> str:
    return stripe.WebhookSignature.generate_signature_header(BODY.decode(), secret)


def test_a_known_secret_verifies_without_asking_anew() -> None:
    ring, source, _ = keyring(["old", "new"])
    assert ring.is_signed(BODY, signed_with("old"))
    assert ring.is_signed(BODY, signed_with("new"))
    assert source.asked_anew == 0


def test_a_secret_rolled_a_moment_ago_verifies_after_asking_anew() -> None:
    ring, source, _ = keyring(["old"])
    source.now = ("new",)
    assert ring.is_signed(BODY, signed_with("new"))


def test_bad_signatures_ask_anew_once_a_minute_at_most() -> None:
    ring, source, clock = keyring(["old"])
    for _ in range(50):
        assert not ring.is_signed(BODY, signed_with("wrong"))
    clock.seconds = 59
    ring.is_signed(BODY, signed_with("wrong"))
    assert source.asked_anew == 1
    clock.seconds = 61
    ring.is_signed(BODY, signed_with("wrong"))
    assert source.asked_anew == 2


def test_a_secret_taken_back_no_longer_verifies_once_it_is_known() -> None:
    ring, source, _ = keyring(["old"])
    source.now = ("new",)
    ring.is_signed(BODY, signed_with("new"))
    assert not ring.is_signed(BODY, signed_with("old"))


def test_a_secret_without_content_signs_nothing() -> None:
    credentials = credentials_of({"api_key": None, "webhook_secrets": ["", " ", 7]})
    assert credentials == StripeCredentials("", ())


def test_credentials_do_not_show_in_their_repr() -> None:
    assert "whsec" not in repr(StripeCredentials("sk_live_x", ("whsec_x",)))
