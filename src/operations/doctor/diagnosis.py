"""All checks, in the order in which to mend things."""

from operations.doctor.catalogue import catalogue_checks
from operations.doctor.configuration import configuration
from operations.doctor.database import database_checks
from operations.doctor.endpoint import stripe_checks
from operations.doctor.facts import Check, DatabaseFacts, Deployment, StripeFacts, Unknown


def diagnose(
    deployment: Deployment, stripe: StripeFacts, database: DatabaseFacts | Unknown
) -> list[Check]:
    """Judges what was found. What could not be looked at is one failed check, and the checks that
    would have needed it are left out."""
    checks = [
        *configuration(deployment),
        *stripe_checks(stripe, deployment),
        *database_checks(database),
    ]
    if isinstance(database, Unknown):
        return checks
    return [*checks, *catalogue_checks(database.offers, stripe.prices, deployment.livemode)]
