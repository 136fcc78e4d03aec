"""What the doctor says of the facts. Each check is a function of them, called as it is, and yields
whether that is as it should be and a message. It says nothing where what it would need could not be
looked at: another check says that."""

from collections.abc import Callable, Iterator, Sequence

from domain.events import EVENT_TYPES
from domain.requests import Refused
from operations import doctor
from operations.doctor import Check, Facts, Unknown

Said = Iterator[tuple[bool, str]]


def api_key(facts: Facts) -> Said:
    """Is it there, is it one, and is it one of the mode that is served?"""
    key, served = facts.configuration.api_key, doctor.mode_name(facts.configuration.livemode)
    if isinstance(key, Unknown):
        yield wrong(doctor.unreadable(key))
    elif problem := doctor.key_problem(key):
        yield wrong(problem)
    elif (livemode := doctor.MODES[key[:8]]) != facts.configuration.livemode:
        yield wrong(
            f"The API key is a {doctor.mode_name(livemode)} key, but this deployment serves"
            f" {served} mode. Use a {served} key, or set STRIPE_LIVEMODE={str(livemode).lower()}."
        )
    else:
        yield fine(f"A {served} key, for a deployment in {served} mode.")


def webhook_secret(facts: Facts) -> Said:
    """Is there one, and is each of them one?"""
    secrets = facts.configuration.webhook_secrets
    if isinstance(secrets, Unknown):
        yield wrong(doctor.unreadable(secrets))
    elif problem := doctor.secrets_problem(secrets):
        yield wrong(problem)
    else:
        count = len(secrets)
        told = "One webhook secret." if count == 1 else f"{count} webhook secrets, any verifies."
        yield fine(told)


def stripe_reachable(facts: Facts) -> Said:
    """A key that may not read the endpoints reaches Stripe all the same."""
    endpoints = facts.stripe.endpoints
    if isinstance(endpoints, Unknown) and not facts.stripe.forbidden:
        yield wrong(
            f"Stripe was not asked, or did not answer ({endpoints.why}). Check the API key. From a"
            " VPC, check that there is a way out to api.stripe.com."
        )
    else:
        yield fine("Stripe answers, and accepts the API key.")


def stripe_permissions(facts: Facts) -> Said:
    """May the key read what the till reads?"""
    if facts.stripe.forbidden:
        yield wrong(
            f"The key may not read {', '.join(facts.stripe.forbidden)}. Give it read access to"
            " these in the Dashboard (Developers, API keys, the restricted key, Edit), or use"
            " another key."
        )
    elif not isinstance(facts.stripe.endpoints, Unknown):
        yield fine("The key may read all that the till reads.")


def webhook_endpoint(facts: Facts) -> Said:
    """Does Stripe deliver to us? https://docs.stripe.com/api/webhook_endpoints/object"""
    endpoints, endpoint, url = facts.stripe.endpoints, facts.endpoint, facts.configuration.url
    if isinstance(endpoints, Unknown):
        return
    known = ", ".join(str(each.get("url")) for each in endpoints) or "none"
    if endpoint is None and url is None:
        yield wrong(
            f'Say where Stripe must deliver, as "url" or in WEBHOOK_URL. Stripe has: {known}.'
        )
    elif endpoint is None:
        yield wrong(
            f"No endpoint delivers to {url} (Stripe has: {known}). Add it in the Dashboard"
            f" (Developers, Webhooks), or:\n{doctor.create_endpoint(facts.configuration)}"
        )
    elif endpoint.get("status") != "enabled":
        enable = doctor.update_endpoint(endpoint, facts.configuration.livemode, "disabled=false")
        yield wrong(
            f"The endpoint for {url} is disabled; Stripe does that when deliveries keep failing."
            f" Mend the failure, then:\n{enable}"
        )
    else:
        yield fine(f"Stripe delivers to {url}.")


def webhook_events(facts: Facts) -> Said:
    """Does Stripe send all that we listen to?"""
    endpoint = facts.endpoint
    if endpoint is None:
        return
    subscribed = {str(each) for each in endpoint.get("enabled_events") or ()}
    missing = ", ".join(sorted(EVENT_TYPES.keys() - subscribed))
    superfluous = ", ".join(sorted(subscribed - EVENT_TYPES.keys()))
    spare = f" Not needed: {superfluous}." if superfluous else ""
    if "*" in subscribed:
        yield fine(
            f"All events arrive, and all but {len(EVENT_TYPES)} types are ignored; subscribing to"
            " those only saves invocations."
        )
    elif missing:
        livemode = facts.configuration.livemode
        subscribe = doctor.update_endpoint(endpoint, livemode, *doctor.SUBSCRIPTION)
        yield wrong(f"Stripe does not send {missing}.{spare} To mend it:\n{subscribe}")
    else:
        yield fine(f"All {len(EVENT_TYPES)} event types arrive.{spare}")


def webhook_api_version(facts: Facts) -> Said:
    """Do events come in a form that we read?"""
    endpoint, ours = facts.endpoint, facts.configuration.api_version
    if endpoint is None:
        return
    version = endpoint.get("api_version")
    if version == ours:
        yield fine(f"Events come in version {ours}, which is the code's.")
    elif version is None:
        yield fine(
            f"Events come in the account's default version; the code's is {ours}. It reads others,"
            " but an endpoint with a version of its own keeps it when the default is raised."
        )
    else:
        yield wrong(
            f"Events come in version {version}, the code's is {ours}. An endpoint keeps its"
            " version: add another, give its secret to the till beside the old one, delete the old"
            f" endpoint.\n{doctor.create_endpoint(facts.configuration)}"
        )


def webhook_livemode(facts: Facts) -> Said:
    """Are the events of the mode that is served?"""
    endpoint, livemode = facts.endpoint, facts.configuration.livemode
    if endpoint is None:
        return
    served, delivered = doctor.mode_name(livemode), doctor.mode_name(bool(endpoint.get("livemode")))
    if served == delivered:
        yield fine(f"The endpoint and the deployment are both in {served} mode.")
    else:
        yield wrong(
            f"The endpoint is in {delivered} mode and the deployment in {served} mode, so every"
            f" event is ignored. Set STRIPE_LIVEMODE={str(not livemode).lower()}, or use the"
            f" {served} key."
        )


def database_reachable(facts: Facts) -> Said:
    """Does Postgres answer?"""
    if isinstance(facts.database, Unknown):
        yield wrong(
            f"Postgres cannot be used ({facts.database.why}). Check DATABASE_URL, or the database's"
            " secret and address; that it runs; and that the function's subnets and security group"
            " reach it."
        )
    else:
        yield fine("Postgres answers, and accepts the login.")


def migrations(facts: Facts) -> Said:
    """Has the database the tables that this version of the code needs?"""
    if isinstance(facts.database, Unknown):
        return
    match facts.database.pending:
        case Unknown(why):
            yield wrong(f"Which migrations were applied cannot be read ({why}). {doctor.MIGRATE}")
        case Refused(message=why):
            yield wrong(f"The migrations do not fit this database: {why}.")
        case []:
            yield fine("All migrations are applied.")
        case pending:
            yield wrong(f"Not applied: {', '.join(pending)}. {doctor.MIGRATE}")


def schema(facts: Facts) -> Said:
    """Can nobody put code where the till would run it?"""
    if not isinstance(facts.database, Unknown):
        problems = [doctor.stranger_problem(each) for each in facts.database.strangers]
        yield from each_of(problems, "Nobody can put code where the till would run it.")


def packages(facts: Facts) -> Said:
    """Can they be read? That they can, the next checks say."""
    found = facts.packages
    if isinstance(found, Unknown) and not isinstance(facts.database, Unknown):
        yield wrong(
            f"The packages cannot be read ({found.why}). Apply the migrations, and let the function"
            " log in as a member of the role operator, or as the owner of the tables."
        )


def prices(facts: Facts) -> Said:
    """Does Stripe sell what `packages` says, at the price that it says? A check a problem."""
    known, livemode = facts.stripe.prices, facts.configuration.livemode
    if isinstance(facts.packages, Unknown):
        return
    if isinstance(known, Unknown):
        yield wrong(
            f"Stripe's prices could not be read ({known.why}). Mend what the checks above say of"
            " the API key and of Stripe, and ask again."
        )
        return
    named = [(package, each) for package in facts.packages for each in package.stripe_price_ids]
    problems = [
        f"{price_id} of package {package.package_id} {problem}"
        for package, price_id in named
        if (problem := doctor.price_problem(package, price_id, known.get(price_id), livemode))
    ]
    count = len({price_id for _, price_id in named})
    agreed = f"All {count} prices agree with Stripe." if named else "No package has a price."
    yield from each_of(problems, agreed)


def shared_prices(facts: Facts) -> Said:
    """Does each price sell one package? A check a price that does not."""
    if isinstance(facts.packages, Unknown):
        return
    owners: dict[str, list[str]] = {}
    for package in facts.packages:
        for price_id in dict.fromkeys(package.stripe_price_ids):
            owners.setdefault(price_id, []).append(package.package_id)
    problems = [
        f"{price_id} belongs to {' and '.join(package_ids)}, so which of them it sells is chance."
        " Remove it from all but one package's stripe_price_ids."
        for price_id, package_ids in owners.items()
        if len(package_ids) > 1
    ]
    yield from each_of(problems, "No price belongs to two packages.")


def packages_without_price(facts: Facts) -> Said:
    """Can each package be bought by its price? A check a package that cannot."""
    if isinstance(facts.packages, Unknown):
        return
    problems = [
        f"Package {package.package_id} has no price: only sessions with metadata.package_id and its"
        " exact amount sell it. Make a price, and enter its id:"
        f"\n{doctor.create_price(package, facts.configuration.livemode)}\n{doctor.sell_by(package)}"
        for package in facts.packages
        if package.active and not package.stripe_price_ids
    ]
    yield from each_of(problems, "Every active package has a price.")


CHECKS: tuple[Callable[[Facts], Said], ...] = (
    api_key,
    webhook_secret,
    stripe_reachable,
    stripe_permissions,
    webhook_endpoint,
    webhook_events,
    webhook_api_version,
    webhook_livemode,
    database_reachable,
    migrations,
    schema,
    packages,
    prices,
    shared_prices,
    packages_without_price,
)


def diagnose(facts: Facts) -> list[Check]:
    """All checks, in the order in which to mend things."""
    return [Check(check.__name__, ok, message) for check in CHECKS for ok, message in check(facts)]


def fine(message: str) -> tuple[bool, str]:
    return True, message


def wrong(message: str) -> tuple[bool, str]:
    return False, message


def each_of(problems: Sequence[str], otherwise: str) -> Said:
    """A check a problem; one that is fine when there is none."""
    yield from map(wrong, problems) if problems else [fine(otherwise)]
