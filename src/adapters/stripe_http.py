"""Carries the calls of Stripe's client over urllib3, for half of what `requests` costs a call."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3


class Urllib3Client(stripe.HTTPClient):
    """The HTTP client of a `StripeClient` whose API is at `base`. All threads share the connections
    that it keeps; whether a proxy stands between is read from the environment once."""

    name = "urllib3"

    def __init__(self, base: str, connect_seconds: float, read_seconds: float) -> None:
        super().__init__()
        address = urlsplit(base)
        proxy = getproxies().get(address.scheme)
        options: dict[str, Any] = {
            "timeout": urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            "retries": False,  # Stripe's client repeats what may be repeated
            "ca_certs": stripe.ca_bundle_path,
        }
        self._connections = (
            urllib3.ProxyManager(proxy, **options)
            if proxy and not proxy_bypass(address.netloc)
            else urllib3.PoolManager(**options)
        )

    def request(  # type: ignore[override]  # the package's own clients answer with bytes too
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The body, the status and the headers of Stripe's answer.

        Raises stripe.APIConnectionError; for one of a certificate, trying again is of no use.
        """
        try:
            answer = self._connections.request(
                method, url, body=post_data, headers={**headers, "Accept-Encoding": "gzip"}
            )
        except urllib3.exceptions.HTTPError as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"no connection to Stripe: {type(error).__name__}",
                should_retry=not isinstance(error, urllib3.exceptions.SSLError),
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        """End the connections."""
        self._connections.clear()
