"""A stand-in for a Stripe account: state, moves, events, the HTTP API and a page to pay on."""

from standin.account import API_VERSION, StripeAccount
from standin.delivery import Delivery
from standin.delivery import posted as deliver
from standin.errors import ApiError, IllegalMove
from standin.faults import Faults
from standin.http_server import PortTaken
from standin.server import Server, serving

__all__ = [
    "API_VERSION",
    "ApiError",
    "Delivery",
    "Faults",
    "IllegalMove",
    "PortTaken",
    "Server",
    "StripeAccount",
    "deliver",
    "serving",
]
