"""What the doctor says of a deployment, its Stripe account and its database."""

import shlex

import pytest

from domain.events import EVENT_TYPES
from domain.requests import Refused
from operations.doctor import Stranger, Unknown
from tests.unit.doctor_builders import (
    URL,
    VERSION,
    configuration,
    database,
    diagnosis,
    endpoint,
    said,
    stripe_facts,
    wrong,
)


def test_a_sound_deployment_has_nothing_to_mend() -> None:
    assert wrong(diagnosis()) == {}


def test_every_check_says_something() -> None:
    assert [each.check for each in diagnosis() if not each.message] == []


@pytest.mark.parametrize(
    ("api_key", "livemode", "told"),
    [
        ("", False, "There is no API key"),
        ("sk_live_1", False, "STRIPE_LIVEMODE=true"),
        ("rk_live_1", False, "STRIPE_LIVEMODE=true"),
        ("sk_test_1", True, "STRIPE_LIVEMODE=false"),
        ("pk_live_1", True, "(sk_, rk_): it is a publishable key"),
        ("pk_test_1", False, "(sk_, rk_): it is a publishable key"),
        ("whsec_1", False, "it is a webhook secret, which belongs into STRIPE_WEBHOOK_SECRET"),
        ("we_1", False, "it is the id of an endpoint"),
        ('"sk_test_1"', False, "it is in quotes"),
        ("'sk_test_1'", False, "it is in quotes"),
        ("SK_TEST_1", False, "does not start like"),
        ("key", False, "does not start like"),
        ("sk_test_", False, "is cut, or has characters"),
        ("rk_test_...", False, "is cut, or has characters"),
        ("sk_test_1 sk_test_2", False, "is cut, or has characters"),
        ("sk_test_1\u200b2", False, "is cut, or has characters"),
        (Unknown("GetParameterError"), False, "GetParameterError"),
    ],
)
def test_an_api_key_must_be_there_and_of_the_mode_served(
    api_key: str | Unknown, livemode: bool, told: str
) -> None:
    checks = diagnosis(configured=configuration(api_key=api_key, livemode=livemode))
    assert told in wrong(checks)["api_key"]


@pytest.mark.parametrize("api_key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_fits_a_live_configuration(api_key: str) -> None:
    live = configuration(api_key=api_key, livemode=True)
    assert wrong(diagnosis(endpoint(livemode=True), configured=live)) == {}


@pytest.mark.parametrize("secrets", [(), Unknown("GetParameterError")])
def test_a_missing_webhook_secret_is_told(secrets: tuple[str, ...] | Unknown) -> None:
    assert "webhook_secret" in wrong(diagnosis(configured=configuration(webhook_secrets=secrets)))


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("sk_test_1", "it is an API key, which belongs into STRIPE_API_KEY"),
        ("rk_live_1", "it is an API key, which belongs into STRIPE_API_KEY"),
        ("pk_test_1", "it is a publishable key"),
        ("we_1", "it is the id of an endpoint"),
        ('"whsec_1"', "it is in quotes"),
        ("WHSEC_1", "does not start with whsec_."),
        ("secret", "does not start with whsec_."),
        ("whsec_", "is cut, or has characters"),
        ("whsec_...", "is cut, or has characters"),
        ("whsec_1,whsec_2", "is cut, or has characters"),
        ("whsec_1 whsec_2", "is cut, or has characters"),
        ("whsec_\udc80", "is cut, or has characters"),
    ],
)
def test_a_webhook_secret_that_is_something_else_is_told(secret: str, told: str) -> None:
    alone = wrong(diagnosis(configured=configuration(webhook_secrets=(secret,))))["webhook_secret"]
    assert told in alone
    assert "Signing secret" in alone
    second = configuration(webhook_secrets=("whsec_1", secret, "whsec_3"))
    beside = wrong(diagnosis(configured=second))["webhook_secret"]
    assert beside.startswith("Webhook secret 2 of 3 ")


@pytest.mark.parametrize(
    ("secrets", "told"),
    [(("whsec_1",), "One webhook secret."), (("whsec_1", "whsec_2"), "2 webhook secrets")],
)
def test_webhook_secrets_are_counted(secrets: tuple[str, ...], told: str) -> None:
    checks = diagnosis(configured=configuration(webhook_secrets=secrets))
    assert said(checks, "webhook_secret").startswith(told)


@pytest.mark.parametrize("text", ["sk_live_of_ours", "pk_of_ours", "whsec_of_ours", "x of_ours"])
def test_no_message_holds_the_api_key_or_a_webhook_secret(text: str) -> None:
    checks = diagnosis(configured=configuration(api_key=text, webhook_secrets=(text, f"{text}!")))
    assert [each for each in checks if "of_ours" in each.message] == []


def test_what_the_key_may_not_read_is_told_by_the_names_of_stripes_permissions() -> None:
    checks = diagnosis(stripe=stripe_facts(forbidden=("Charges", "Refunds")))
    assert "may not read Charges, Refunds. Give it" in wrong(checks)["stripe_permissions"]


def test_a_key_that_may_not_read_endpoints_makes_one_failed_check_and_no_guesses() -> None:
    forbidden = stripe_facts(forbidden=("Webhook Endpoints",), endpoints=Unknown("PermissionError"))
    checks = diagnosis(stripe=forbidden)
    assert wrong(checks).keys() == {"stripe_permissions"}
    assert "webhook_endpoint" not in {each.check for each in checks}


def test_an_unreachable_stripe_is_one_check_and_no_guesses() -> None:
    unknown = Unknown("APIConnectionError")
    checks = diagnosis(stripe=stripe_facts(endpoints=unknown, prices=unknown))
    assert wrong(checks).keys() == {"stripe_reachable", "prices"}


def test_a_missing_endpoint_comes_with_the_command_that_makes_it() -> None:
    message = wrong(diagnosis(endpoint(url="https://elsewhere.example/")))["webhook_endpoint"]
    sentence, command = message.split("\n")
    assert "https://elsewhere.example/" in sentence
    words = shlex.split(command)
    assert words[:3] == ["stripe", "webhook_endpoints", "create"]
    assert {f"enabled_events[]={each}" for each in EVENT_TYPES} < set(words)
    assert f"url={URL}" in words


def test_a_command_for_live_mode_says_so() -> None:
    live = configuration(livemode=True, api_key="sk_live_1", url="https://new.example/")
    message = wrong(diagnosis(endpoint(livemode=True), configured=live))["webhook_endpoint"]
    assert message.endswith(" --live")


def test_without_a_url_the_doctor_asks_for_it() -> None:
    message = wrong(diagnosis(configured=configuration(url=None)))["webhook_endpoint"]
    assert "WEBHOOK_URL" in message
    assert URL in message


def test_a_disabled_endpoint_is_told() -> None:
    message = wrong(diagnosis(endpoint(status="disabled")))["webhook_endpoint"]
    assert "stripe webhook_endpoints update we_1 -d disabled=false" in message


def test_an_endpoint_that_was_replaced_does_not_count() -> None:
    old = endpoint(id="we_0", status="disabled", enabled_events=[])
    assert wrong(diagnosis(old, endpoint())) == {}


def test_a_missing_event_type_is_named_and_the_command_subscribes_to_all() -> None:
    some = [each for each in EVENT_TYPES if each != "refund.failed"]
    sentence, command = wrong(diagnosis(endpoint(enabled_events=some)))["webhook_events"].split(
        "\n"
    )
    assert "does not send refund.failed." in sentence
    assert command.count("enabled_events[]") == len(EVENT_TYPES)


def test_an_event_type_too_many_is_named_and_does_no_harm() -> None:
    more = [*EVENT_TYPES, "customer.created"]
    checks = diagnosis(endpoint(enabled_events=more))
    assert wrong(checks) == {}
    assert "Not needed: customer.created." in said(checks, "webhook_events")


def test_a_subscription_to_everything_has_all_that_is_needed() -> None:
    assert wrong(diagnosis(endpoint(enabled_events=["*"]))) == {}


def test_another_api_version_needs_another_endpoint() -> None:
    message = wrong(diagnosis(endpoint(api_version="2020-03-02")))["webhook_api_version"]
    assert "2020-03-02" in message
    assert f"api_version={VERSION}" in message


def test_the_accounts_default_version_is_read_too() -> None:
    checks = diagnosis(endpoint(api_version=None))
    assert wrong(checks) == {}
    assert VERSION in said(checks, "webhook_api_version")


def test_an_endpoint_of_the_other_mode_is_told() -> None:
    assert "STRIPE_LIVEMODE=true" in wrong(diagnosis(endpoint(livemode=True)))["webhook_livemode"]


def test_an_unreachable_database_is_one_check_and_no_guesses() -> None:
    checks = diagnosis(stored=Unknown("OperationalError"))
    assert wrong(checks).keys() == {"database_reachable"}


@pytest.mark.parametrize(
    ("pending", "told"),
    [
        (("0007_more", "0008_even_more"), "Not applied: 0007_more, 0008_even_more. Invoke"),
        (Refused("changed", "0001 was changed after it was applied"), "0001 was changed"),
        (Unknown("InsufficientPrivilege"), "InsufficientPrivilege"),
    ],
)
def test_migrations_that_are_due_or_do_not_fit_are_told(
    pending: tuple[str, ...] | Refused | Unknown, told: str
) -> None:
    assert told in wrong(diagnosis(stored=database(pending=pending)))["migrations"]


@pytest.mark.parametrize(
    ("stranger", "command"),
    [
        (
            Stranger("role", "PUBLIC"),
            "GRANT CREATE ON SCHEMA public TO migrator;"
            " REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        ),
        (Stranger("role", '"A"'), 'REVOKE CREATE ON SCHEMA public FROM "A";'),
        (Stranger("routine", "public.now()"), "DROP ROUTINE public.now();"),
        (Stranger("operator", "public.= (text, text)"), "DROP OPERATOR public.= (text, text);"),
    ],
)
def test_who_could_have_the_till_run_their_code_is_told_with_the_command_against_it(
    stranger: Stranger, command: str
) -> None:
    found = wrong(diagnosis(stored=database(strangers=(stranger,))))["schema"]
    assert found.split("\n")[1:] == [command]
