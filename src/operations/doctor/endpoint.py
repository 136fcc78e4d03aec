"""Does Stripe deliver to us what we listen to, in the form that we read?

https://docs.stripe.com/api/webhook_endpoints/object
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.events import EVENT_TYPES
from operations.doctor import commands
from operations.doctor.configuration import mode_name
from operations.doctor.facts import Check, Deployment, StripeFacts, Unknown

ALL_EVENTS = "*"


def stripe_checks(facts: StripeFacts, deployment: Deployment) -> Iterator[Check]:
    """Checks `stripe_reachable`, `stripe_permissions` and, where the key may read them, what
    `endpoint_checks` does."""
    endpoints = facts.endpoints
    if isinstance(endpoints, Unknown) and not facts.forbidden:
        yield Check("stripe_reachable", False, _unreachable(endpoints))
        return
    yield Check("stripe_reachable", True, "Stripe answers, and accepts the API key.")
    yield Check("stripe_permissions", *_permissions(facts.forbidden))
    if not isinstance(endpoints, Unknown):
        yield from endpoint_checks(endpoints, deployment)


def _unreachable(unknown: Unknown) -> str:
    return (
        f"Stripe was not asked, or did not answer ({unknown.why}). Check the API key. From a VPC,"
        " check that there is a way out to api.stripe.com."
    )


def _permissions(forbidden: Sequence[str]) -> tuple[bool, str]:
    if not forbidden:
        return True, "The key may read all that the till reads."
    return False, (
        f"The key may not read {', '.join(forbidden)}. Give it read access to these in the"
        " Dashboard (Developers, API keys, the restricted key, Edit), or use another key."
    )


def endpoint_checks(
    endpoints: Sequence[Mapping[str, Any]], deployment: Deployment
) -> Iterator[Check]:
    """Checks `webhook_endpoint` and, when it is there, what it delivers."""
    ours = [each for each in endpoints if each.get("url") == deployment.url]
    if not ours:
        yield Check("webhook_endpoint", False, _no_endpoint(endpoints, deployment))
        return
    # An endpoint is replaced by adding its successor: the enabled one is the one that counts.
    endpoint = max(ours, key=lambda each: each.get("status") == "enabled")
    yield Check("webhook_endpoint", *_status(endpoint, deployment))
    yield Check("webhook_events", *_events(endpoint, deployment.livemode))
    yield Check("webhook_api_version", *_api_version(endpoint, deployment))
    yield Check("webhook_livemode", *_livemode(endpoint, deployment.livemode))


def _no_endpoint(endpoints: Sequence[Mapping[str, Any]], deployment: Deployment) -> str:
    known = ", ".join(str(each.get("url")) for each in endpoints) or "none"
    if deployment.url is None:
        return f'Say where Stripe must deliver, as "url" or in WEBHOOK_URL. Stripe has: {known}.'
    create = commands.create_endpoint(
        deployment.url, tuple(EVENT_TYPES), deployment.api_version, deployment.livemode
    )
    return (
        f"No endpoint delivers to {deployment.url} (Stripe has: {known}). Add it in the Dashboard"
        f" (Developers, Webhooks), or:\n{create}"
    )


def _status(endpoint: Mapping[str, Any], deployment: Deployment) -> tuple[bool, str]:
    if endpoint.get("status") == "enabled":
        return True, f"Stripe delivers to {deployment.url}."
    enable = commands.enable_endpoint(str(endpoint.get("id")), deployment.livemode)
    return False, (
        f"The endpoint for {deployment.url} is disabled; Stripe does that when deliveries keep"
        f" failing. Mend the failure, then:\n{enable}"
    )


def _events(endpoint: Mapping[str, Any], livemode: bool) -> tuple[bool, str]:
    subscribed = {str(each) for each in endpoint.get("enabled_events") or ()}
    if ALL_EVENTS in subscribed:
        return True, (
            f"All events arrive, and all but {len(EVENT_TYPES)} types are ignored; subscribing to"
            " those only saves invocations."
        )
    missing = sorted(EVENT_TYPES.keys() - subscribed)
    superfluous = sorted(subscribed - EVENT_TYPES.keys())
    spare = f" Not needed: {', '.join(superfluous)}." if superfluous else ""
    if not missing:
        return True, f"All {len(EVENT_TYPES)} event types arrive.{spare}"
    command = commands.subscribe(str(endpoint.get("id")), tuple(EVENT_TYPES), livemode)
    return False, f"Stripe does not send {', '.join(missing)}.{spare} To mend it:\n{command}"


def _api_version(endpoint: Mapping[str, Any], deployment: Deployment) -> tuple[bool, str]:
    version, ours = endpoint.get("api_version"), deployment.api_version
    if version == ours:
        return True, f"Events come in version {ours}, which is the code's."
    if version is None:
        return True, (
            f"Events come in the account's default version; the code's is {ours}. It reads others,"
            " but an endpoint with a version of its own keeps it when the default is raised."
        )
    replace = commands.create_endpoint(
        str(endpoint.get("url")), tuple(EVENT_TYPES), ours, deployment.livemode
    )
    return False, (
        f"Events come in version {version}, the code's is {ours}. An endpoint keeps its version:"
        f" add another, give its secret to the till beside the old one, delete the old endpoint."
        f"\n{replace}"
    )


def _livemode(endpoint: Mapping[str, Any], livemode: bool) -> tuple[bool, str]:
    served, delivered = mode_name(livemode), mode_name(bool(endpoint.get("livemode")))
    if served == delivered:
        return True, f"The endpoint and the deployment are both in {served} mode."
    return False, (
        f"The endpoint is in {delivered} mode and the deployment in {served} mode, so every event"
        f" is ignored. Set STRIPE_LIVEMODE={str(not livemode).lower()}, or use the {served} key."
    )
