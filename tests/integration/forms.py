"""Delivers an event in each form that Stripe has; answers the outcome, or "503"."""

from collections.abc import Callable
from typing import Any

from handlers import webhook
from local.stripe_standin.delivery import Form
from tests.till import Till

Json = dict[str, Any]
Deliver = Callable[[Till, Json], str]

OLD_VERSION = "2020-03-02"


def post(till: Till, event: Json) -> str:
    return till.deliver(event).outcome


def post_thin(till: Till, event: Json) -> str:
    return till.deliver(event, form="thin").outcome


def post_old(till: Till, event: Json) -> str:
    return till.deliver(event, api_version=OLD_VERSION).outcome


def send_by_bus(till: Till, event: Json, form: Form = "eventbridge") -> str:
    """An error tells the bus to deliver again, as 503 tells Stripe."""
    try:
        return str(till.deliver_by_bus(event, form)["outcome"])
    except webhook.NotProcessed:
        return "503"


def send_thin_by_bus(till: Till, event: Json) -> str:
    return send_by_bus(till, event, "eventbridge-thin")


FORMS: list[Deliver] = [post, post_thin, post_old, send_by_bus, send_thin_by_bus]
