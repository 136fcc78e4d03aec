"""Any user id survives the pages: a link leads to that user, and a form asks for them again."""

import pytest

from tests.integration.operators import STRANGE_IDS
from tests.integration.reports.browsing import Site, follow

# Those of which a browser might make something else.
CHANGEABLE = (
    "a blank before",
    "nothing but a blank",
    "a no-break space",
    "nothing but a tab",
    "a line feed",
    "a carriage return",
    "both",
    "a joiner",
    "a mark from right to left",
    "an escape",
    "a C1 control",
    "no character",
    "markup",
    "a percent sign",
    "500 emoji",
)


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_link_and_then_the_form_lead_to_exactly_that_user(site: Site, name: str) -> None:
    user_id = STRANGE_IDS[name]
    site.books.pay("ana", package="Starter")
    site.books.pay(user_id, package="Enterprise")
    page = site.open("reports/recent_payments")
    assert page.text_content("tbody a") == user_id
    follow(page, "tbody a")
    assert "+25,000" in str(page.text_content("tbody"))
    page.select_option("#limit", "20")
    follow(page, "form button")
    assert page.input_value("#limit") == "20"
    assert "+25,000" in str(page.text_content("tbody"))
