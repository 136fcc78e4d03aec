"""Are both secrets there, are they what they should be, and is the key one of the mode that the
deployment serves?

Prefixes: https://docs.stripe.com/keys#obtain-api-keys
"""

import re
from collections.abc import Iterator, Sequence

from operations.doctor.facts import Check, Deployment, Unknown

_MODES = {"sk_live_": True, "rk_live_": True, "sk_test_": False, "rk_test_": False}
# What else is copied by mistake.
_KINDS = {
    "sk_": "an API key, which belongs into STRIPE_API_KEY or api_key",
    "rk_": "an API key, which belongs into STRIPE_API_KEY or api_key",
    "pk_": "a publishable key, which is for browsers",
    "whsec_": "a webhook secret, which belongs into STRIPE_WEBHOOK_SECRET or webhook_secrets",
    "we_": "the id of an endpoint",
    '"': "in quotes, which are no part of it",
    "'": "in quotes, which are no part of it",
}
# Stripe makes them of letters and digits.
_KEY = re.compile(r"[rs]k_(live|test)_[A-Za-z0-9_]+")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]+")
_COPY_KEY = "Copy one from the Dashboard: Developers, API keys."
_COPY_IT = "Copy it from the Dashboard: Developers, Webhooks, the endpoint, Signing secret."


def configuration(deployment: Deployment) -> Iterator[Check]:
    """Checks `api_key` and `webhook_secret`."""
    yield Check("api_key", *_api_key(deployment))
    yield Check("webhook_secret", *_webhook_secrets(deployment.webhook_secrets))


def mode_name(livemode: bool) -> str:
    return "live" if livemode else "test"


def key_problem(key: str) -> str | None:
    """Why Stripe need not be asked with this key; None when it looks like one."""
    if not key:
        return "There is no API key. Set STRIPE_API_KEY, or api_key in the Stripe secret."
    if key[:8] not in _MODES:
        return (
            "The API key does not start like a secret or restricted key (sk_, rk_)"
            f"{_what_it_is(key)}. {_COPY_KEY}"
        )
    if not _KEY.fullmatch(key):
        return f"The API key is cut, or has characters that no key has. {_COPY_KEY}"
    return None


def _api_key(deployment: Deployment) -> tuple[bool, str]:
    key, served = deployment.api_key, mode_name(deployment.livemode)
    if isinstance(key, Unknown):
        return False, _unreadable(key)
    problem = key_problem(key)
    if problem is not None:
        return False, problem
    livemode = _MODES[key[:8]]
    if livemode != deployment.livemode:
        return False, (
            f"The API key is a {mode_name(livemode)} key, but this deployment serves {served} mode."
            f" Use a {served} key, or set STRIPE_LIVEMODE={str(livemode).lower()}."
        )
    return True, f"A {served} key, for a deployment in {served} mode."


def _webhook_secrets(secrets: Sequence[str] | Unknown) -> tuple[bool, str]:
    if isinstance(secrets, Unknown):
        return False, _unreadable(secrets)
    if not secrets:
        return False, (
            "There is no webhook secret, so every delivery is rejected. Copy it from the Dashboard"
            " (Developers, Webhooks, the endpoint, Signing secret) into STRIPE_WEBHOOK_SECRET, or"
            " webhook_secrets in the Stripe secret."
        )
    count = len(secrets)
    for number, secret in enumerate(secrets, 1):
        if not _WEBHOOK_SECRET.fullmatch(secret):
            which = "The webhook secret" if count == 1 else f"Webhook secret {number} of {count}"
            return False, f"{which} {_secret_problem(secret)}. {_COPY_IT}"
    return True, "One webhook secret." if count == 1 else f"{count} webhook secrets, any verifies."


def _secret_problem(secret: str) -> str:
    if secret.startswith("whsec_"):
        return "is cut, or has characters that no such secret has"
    return f"does not start with whsec_{_what_it_is(secret)}"


def _what_it_is(text: str) -> str:
    return next((f": it is {kind}" for start, kind in _KINDS.items() if text.startswith(start)), "")


def _unreadable(unknown: Unknown) -> str:
    return (
        f"The Stripe secret cannot be read ({unknown.why}). Check STRIPE_SECRET_ARN, that it is"
        ' {"api_key": "...", "webhook_secrets": ["whsec_..."]}, and that the function may read it.'
    )
