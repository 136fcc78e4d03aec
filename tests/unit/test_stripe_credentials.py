"""What a secret may look like, and webhook secrets that are rolled while a container runs."""

from collections.abc import Sequence
from typing import Any

import pytest
import stripe

from adapters.credentials import Credentials, StripeSecrets, secrets_of
from adapters.settings import Misconfigured
from tests.unit.blanks import KINDS_OF_BLANKS

BODY = b'{"id": "evt_1"}'


class Source:
    """A secret store: `kept` is what a cache would answer, `now` what the store has."""

    def __init__(self, *secrets: str) -> None:
        self.kept = self.now = secrets
        self.asked_anew = 0

    def read(self, anew: bool) -> StripeSecrets:
        if anew:
            self.asked_anew += 1
            self.kept = self.now
        return StripeSecrets("sk", self.kept)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def keyring(secrets: Sequence[str]) -> tuple[Credentials, Source, Clock]:
    source, clock = Source(*secrets), Clock()
    return Credentials(source.read, clock), source, clock


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


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ("whsec_abc", ("whsec_abc",)),
        (["whsec_abc"], ("whsec_abc",)),
        (["whsec_new", "whsec_old"], ("whsec_new", "whsec_old")),
        (["whsec_abc", "whsec_abc"], ("whsec_abc", "whsec_abc")),
        ([], ()),
        (None, ()),
    ],
)
def test_one_string_is_one_webhook_secret_and_a_list_holds_one_a_string(
    given: object, secrets: tuple[str, ...]
) -> None:
    known = secrets_of({"api_key": "sk_test_1", "webhook_secrets": given})
    assert known == StripeSecrets("sk_test_1", secrets)


NO_TEXTS: list[Any] = [7, 0, 1.5, True, False, {}, {"whsec_abc": 1}, [["whsec_abc"]]]
NO_WEBHOOK_SECRETS = [
    *(7, 0, 1.5, True, False, {"whsec_abc": 1}, "", " "),
    *([each] for each in (*NO_TEXTS, None, "", *KINDS_OF_BLANKS)),
]


@pytest.mark.parametrize("given", NO_WEBHOOK_SECRETS, ids=repr)
def test_webhook_secrets_of_any_other_shape_are_refused_and_none_is_left(given: object) -> None:
    known = secrets_of({"api_key": "sk_test_1", "webhook_secrets": given})
    assert (known.api_key, known.webhook_secrets) == ("", ())
    assert "must be a string, or a list of strings" in str(known.refused)


@pytest.mark.parametrize("odd", [7, None, "", " ", ["whsec_2"], {"a": "b"}], ids=repr)
def test_one_odd_secret_in_a_list_spoils_the_others(odd: object) -> None:
    known = secrets_of({"webhook_secrets": ["whsec_1", odd]})
    assert (known.webhook_secrets, known.refused is None) == ((), False)


@pytest.mark.parametrize("api_key", [*NO_TEXTS, [], ["sk_test_1"]], ids=repr)
def test_an_api_key_that_is_no_string_spoils_the_whole_secret(api_key: object) -> None:
    known = secrets_of({"api_key": api_key, "webhook_secrets": ["whsec_1"]})
    assert known == StripeSecrets(refused="api_key in the Stripe secret must be a string")


@pytest.mark.parametrize("api_key", [None, "", " "])
def test_a_missing_api_key_is_no_reason_to_refuse_the_webhook_secrets(api_key: str | None) -> None:
    known = secrets_of({"api_key": api_key, "webhook_secrets": ["whsec_1"]})
    assert known == StripeSecrets("", ("whsec_1",))


def test_a_secret_that_is_no_json_object_is_refused() -> None:
    assert secrets_of(None) == StripeSecrets(refused="the Stripe secret must be a JSON object")


@pytest.mark.parametrize("blank", KINDS_OF_BLANKS, ids=ascii)
def test_blanks_around_are_no_part_of_a_secret(blank: str) -> None:
    known = secrets_of(
        {"api_key": f"{blank}sk_test_1{blank}", "webhook_secrets": [f"{blank}whsec_1{blank}"]}
    )
    assert known == StripeSecrets("sk_test_1", ("whsec_1",))


def test_what_is_refused_is_not_quoted() -> None:
    refused = [
        secrets_of({"api_key": {"sk_live_hush": 1}}),
        secrets_of({"webhook_secrets": {"whsec_hush": 1}}),
    ]
    assert [each for each in refused if "hush" in repr(each)] == []


def test_without_usable_credentials_nobody_gets_an_api_key() -> None:
    ring = Credentials(lambda _anew: secrets_of({"api_key": 7}))
    with pytest.raises(Misconfigured, match="api_key in the Stripe secret"):
        _ = ring.api_key


@pytest.mark.parametrize("secret", ["w", "h", "s", "_", "", "webhook_secrets", "api_key"])
def test_no_part_of_a_refused_secret_verifies(secret: str) -> None:
    refused = secrets_of({"webhook_secrets": {"w": 1, "whsec": ["h"]}})
    ring = Credentials(lambda _anew: refused)
    assert not ring.is_signed(BODY, signed_with(secret))


def test_a_secret_that_cannot_be_encoded_verifies_nothing() -> None:
    ring, _, _ = keyring(["whsec_\udc80"])
    assert not ring.is_signed(BODY, signed_with("whsec_"))


def test_a_secret_that_becomes_refused_does_not_fall_back_to_the_older_ones() -> None:
    kept = [secrets_of({"webhook_secrets": ["old"]})]

    def read(anew: bool) -> StripeSecrets:
        if anew:
            kept[0] = secrets_of({"webhook_secrets": {"old": 1}})
        return kept[0]

    ring = Credentials(read)
    assert ring.is_signed(BODY, signed_with("old"))
    ring.is_signed(BODY, signed_with("wrong"))
    assert not ring.is_signed(BODY, signed_with("old"))


def test_a_refused_secret_that_was_put_right_verifies_after_asking_anew() -> None:
    kept = [secrets_of({"webhook_secrets": 7})]

    def read(anew: bool) -> StripeSecrets:
        if anew:
            kept[0] = secrets_of({"webhook_secrets": "whsec_1"})
        return kept[0]

    assert Credentials(read).is_signed(BODY, signed_with("whsec_1"))


def test_credentials_do_not_show_in_their_repr() -> None:
    assert "whsec" not in repr(StripeSecrets("sk_live_x", ("whsec_x",)))
