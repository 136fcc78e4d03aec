"""Lines that mend what is wrong, for Stripe's command-line tool (https://docs.stripe.com/cli) and
for psql. In a check's message each stands on a line of its own, to be copied."""

import shlex
from collections.abc import Sequence

from domain.payment import exponent
from operations.doctor.facts import Offer, Stranger


def create_endpoint(url: str, event_types: Sequence[str], api_version: str, livemode: bool) -> str:
    """Its answer holds the webhook secret, which Stripe shows only then and in the Dashboard."""
    fields = [f"url={url}", f"api_version={api_version}", *_events(event_types)]
    return _line("webhook_endpoints create", fields, livemode)


def subscribe(endpoint_id: str, event_types: Sequence[str], livemode: bool) -> str:
    """An update replaces the whole list."""
    return _line(f"webhook_endpoints update {endpoint_id}", _events(event_types), livemode)


def enable_endpoint(endpoint_id: str, livemode: bool) -> str:
    return _line(f"webhook_endpoints update {endpoint_id}", ["disabled=false"], livemode)


def create_price(offer: Offer, livemode: bool) -> str:
    fields = [
        f"currency={offer.currency}",
        f"unit_amount={int(offer.amount.scaleb(exponent(offer.currency)))}",
        f"product_data[name]={offer.package_name}",
    ]
    return _line("prices create", fields, livemode)


def add_to_catalogue(offer: Offer) -> str:
    package_id = offer.package_id.replace("'", "''")
    return (
        "UPDATE packages SET stripe_price_ids = array_append(stripe_price_ids, 'price_...')"
        f" WHERE package_id = '{package_id}';"
    )


def revoke_create(role: str, schema: str) -> str:
    """What everybody may, the migrator may not have been given by name."""
    grant = f"GRANT CREATE ON SCHEMA {schema} TO migrator; " if role == "PUBLIC" else ""
    return f"{grant}REVOKE CREATE ON SCHEMA {schema} FROM {role};"


def drop(stranger: Stranger) -> str:
    return f"DROP {stranger.kind.upper()} {stranger.name};"


def activate_price(price_id: str, livemode: bool) -> str:
    return _line(f"prices update {price_id}", ["active=true"], livemode)


def _events(event_types: Sequence[str]) -> list[str]:
    return [f"enabled_events[]={event_type}" for event_type in sorted(event_types)]


def _line(command: str, fields: Sequence[str], livemode: bool) -> str:
    """Without --live the tool works in test mode."""
    words = [word for field in fields for word in ("-d", field)]
    return f"stripe {command} {shlex.join(words)}{' --live' if livemode else ''}"
