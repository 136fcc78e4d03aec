"""The till of one container: who may come in, and the five steps with Postgres and Stripe."""

from adapters.credentials import Credentials, StripeSecrets, secrets_of
from adapters.payments import PostgresPayments
from adapters.stripe_api import StripeApi
from adapters.telemetry import Telemetry
from domain.converge import Outcome, TryLater, converge
from domain.events import Hint
from handlers.app import App

# The webhook has 25 s, and Stripe may be silent for 16 s of them. What then still waits for a lock
# has to be stopped in time for an answer.
CONVERGE_SECONDS = 20.0


def credentials(app: App) -> Credentials:
    """Stripe's credentials, from the environment or from Secrets Manager."""
    arn = app.settings.stripe_secret_arn
    if arn:
        return Credentials(lambda anew: secrets_of(app.read_secret(arn, anew)))
    fixed = StripeSecrets(app.settings.stripe_api_key, app.settings.stripe_webhook_secrets)
    return Credentials(lambda _anew: fixed)


class Till:
    """Makes payments agree with Stripe; measures how long Postgres and Stripe take."""

    def __init__(self, app: App, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry
        self._credentials = app.once(credentials)
        self._stripe: tuple[str, StripeApi] | None = None
        self._told: str | None = None
        self.livemode = app.settings.stripe_livemode
        self.store = PostgresPayments(
            app.database, app.settings.hold_unknown_users, app.settings.hold_unlisted_sales
        )

    def is_signed(self, body: bytes, header: str) -> bool:
        """Whether Stripe signed a body. A refused secret verifies nothing; why is logged once."""
        verified = self._credentials.is_signed(body, header)
        why = None if verified else self._credentials.secrets.refused
        if why is not None and why != self._told:
            self._told = why
            self._telemetry.warning("no delivery verifies", why=why)
        return verified

    @property
    def stripe(self) -> StripeApi:
        """The client for the key as it is now; a rolled key makes a new one."""
        api_key = self._credentials.api_key
        if self._stripe is None or self._stripe[0] != api_key:
            self._stripe = (api_key, StripeApi(api_key, self._app.settings.stripe_api_base))
        return self._stripe[1]

    def converge(self, hint: Hint) -> Outcome | TryLater:
        """The five steps; as a whole safe to repeat, so a broken connection costs one more try."""
        store = self._telemetry.timing("DatabaseLatency", self.store)
        stripe = self._telemetry.timing("StripeLatency", self.stripe)
        return self._app.database.retrying(lambda: converge(hint, store, stripe), CONVERGE_SECONDS)
