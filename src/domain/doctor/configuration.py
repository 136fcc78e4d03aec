"""Are both secrets there, and is the key one of the mode that the deployment serves?

Prefixes: https://docs.stripe.com/keys#obtain-api-keys
"""

from collections.abc import Iterator

from domain.doctor.facts import Check, Deployment, Unknown

_MODES = {"sk_live_": True, "rk_live_": True, "sk_test_": False, "rk_test_": False}


def configuration(deployment: Deployment) -> Iterator[Check]:
    """Checks `api_key` and `webhook_secret`."""
    yield Check("api_key", *_api_key(deployment))
    yield Check("webhook_secret", *_webhook_secret(deployment.webhook_secrets))


def mode_name(livemode: bool) -> str:
    return "live" if livemode else "test"


def _api_key(deployment: Deployment) -> tuple[bool, str]:
    key, served = deployment.api_key, mode_name(deployment.livemode)
    if isinstance(key, Unknown):
        return False, _unreadable(key)
    if not key:
        return False, "There is no API key. Set STRIPE_API_KEY, or api_key in the Stripe secret."
    livemode = _MODES.get(key[:8])
    if livemode is None:
        return False, (
            "The API key does not start like a secret or restricted key (sk_, rk_). Copy one from"
            " the Dashboard: Developers, API keys."
        )
    if livemode != deployment.livemode:
        return False, (
            f"The API key is a {mode_name(livemode)} key, but this deployment serves {served} mode."
            f" Use a {served} key, or set STRIPE_LIVEMODE={str(livemode).lower()}."
        )
    return True, f"A {served} key, for a deployment in {served} mode."


def _webhook_secret(count: int | Unknown) -> tuple[bool, str]:
    if isinstance(count, Unknown):
        return False, _unreadable(count)
    if count == 0:
        return False, (
            "There is no webhook secret, so every delivery is rejected. Copy it from the Dashboard"
            " (Developers, Webhooks, the endpoint, Signing secret) into STRIPE_WEBHOOK_SECRET, or"
            " webhook_secrets in the Stripe secret."
        )
    return True, "One webhook secret." if count == 1 else f"{count} webhook secrets, any verifies."


def _unreadable(unknown: Unknown) -> str:
    return (
        f"The Stripe secret cannot be read ({unknown.why}). Check STRIPE_SECRET_ARN, that it is"
        ' {"api_key": "...", "webhook_secrets": ["whsec_..."]}, and that the function may read it.'
    )
