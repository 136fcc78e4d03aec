"""A stand-in for a Stripe account: state, moves, events, the HTTP API and a page to pay on."""

from local.stripe_standin.account import API_VERSION, StripeAccount
from local.stripe_standin.delivery import Delivery
from local.stripe_standin.delivery import posted as deliver
from local.stripe_standin.errors import ApiError, IllegalMove
from local.stripe_standin.faults import Faults
from local.stripe_standin.http_server import Server, serving

__all__ = [
    "API_VERSION",
    "ApiError",
    "Delivery",
    "Faults",
    "IllegalMove",
    "Server",
    "StripeAccount",
    "deliver",
    "serving",
]
