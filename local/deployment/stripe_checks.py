"""What preflight says of Stripe: the secret, and whether Stripe takes the key that is in it."""

from __future__ import annotations

from botocore.exceptions import ClientError

from adapters.credentials import StripeSecrets, secrets_of
from adapters.doctor import StripeAccount, configuration_of
from adapters.settings import STRIPE_API
from local.deployment.findings import Said, fine, unknown, wrong
from local.deployment.plan import Plan, is_gone
from operations.doctor import (
    MODES,
    Configuration,
    Facts,
    StripeFacts,
    Unknown,
    key_problem,
    mode_name,
    secrets_problem,
)
from operations.doctor_checks import stripe_permissions

SHAPE = '{"api_key": "rk_...", "webhook_secrets": ["whsec_..."]}'


def stripe_secret(plan: Plan) -> Said:
    """Is it there, and has it a key of the mode that is served?"""
    known = configuration(plan)
    key = known.api_key
    if isinstance(key, Unknown):
        return wrong(f"StripeSecretArn: {key.why}. It is {SHAPE}, see docs/deploy.md.")
    if problem := key_problem(key):
        return wrong(problem)
    if (livemode := MODES[key[:8]]) != known.livemode:
        return wrong(
            f"Its key is a {mode_name(livemode)} key, but StripeLivemode is"
            f" {str(known.livemode).lower()}. Say StripeLivemode={str(livemode).lower()}, or name"
            f" the secret with a {mode_name(known.livemode)} key."
        )
    return fine(f"It is there, with a {mode_name(livemode)} key.")


def webhook_secret(plan: Plan) -> Said:
    """Are there such secrets, and is each of them one?"""
    secrets = configuration(plan).webhook_secrets
    if isinstance(secrets, Unknown):
        return unknown("The secret cannot be used, as is said above.")
    if not secrets and plan.standing is None:
        return fine("None yet: the endpoint, which has it, is added after this deployment.")
    if problem := secrets_problem(secrets):
        return wrong(problem)
    return fine(f"{len(secrets)} of the right form.")


def stripe(plan: Plan) -> Said:
    """Does it accept the key, for all that the till reads?"""
    known = configuration(plan)
    if isinstance(known.api_key, Unknown) or key_problem(known.api_key):
        return unknown("There is no key to ask with.")
    base = plan.settings_of("OperationsFunction").stripe_api_base
    if base != STRIPE_API:
        return unknown("StripeApiBase is asked from the VPC alone; the doctor does that.")
    found = StripeAccount(known.api_key, plan.stripe_api).facts(())
    if isinstance(found.endpoints, Unknown) and not found.forbidden:
        why = found.endpoints.why
        if "AuthenticationError" in why:
            return wrong(
                "Stripe refuses the key. Copy one from the Dashboard: Developers, API keys."
            )
        return unknown(f"Stripe did not answer here ({why}).")
    ((ok, message),) = stripe_permissions(of_stripe(known, found))
    return fine(message) if ok else wrong(message)


def configuration(plan: Plan) -> Configuration:
    """What the Stripe secret says. Raises what keeps somebody from reading it that says nothing of
    the secret."""
    settings = plan.settings_of("OperationsFunction")
    try:
        known = secrets_of(plan.read_secret(settings.stripe_secret_arn))
    except ClientError as error:
        if (gone := is_gone(error)) is None:
            raise
        known = StripeSecrets(refused=gone)
    return configuration_of(settings, None, lambda: known)


def of_stripe(known: Configuration, found: StripeFacts) -> Facts:
    return Facts(configuration=known, stripe=found, database=Unknown("not asked"))
