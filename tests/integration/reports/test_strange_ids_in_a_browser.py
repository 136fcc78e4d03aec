"""Any user id survives the pages: a link leads to that user, and a form asks for them again."""

from tests.integration.operators import STRANGE_IDS
from tests.integration.reports.browsing import Site, follow

# Where each leads is the browser's own reading of it.
_LINKS = "[...document.querySelectorAll('tbody a')].map(link => [link.textContent, link.href])"

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


def test_a_link_and_then_the_form_lead_to_exactly_that_user(site: Site) -> None:
    for number, name in enumerate(CHANGEABLE):
        site.books.pay(STRANGE_IDS[name], tokens_purchased=5001 + number)
    links = site.open("reports/recent_payments?limit=20").evaluate(_LINKS)
    assert [text for text, _ in links] == [STRANGE_IDS[name] for name in reversed(CHANGEABLE)]
    for number, (_, href) in enumerate(reversed(links)):
        site.page.goto(href)
        assert f"+{5001 + number:,}" in str(site.page.text_content("tbody")), CHANGEABLE[number]
        site.page.select_option("#limit", "20")
        follow(site.page, "form button")
        assert site.page.input_value("#limit") == "20"
        assert f"+{5001 + number:,}" in str(site.page.text_content("tbody")), CHANGEABLE[number]
