"""Any user id survives the pages: a link leads to that user, and a form asks for that user again."""

import pytest

from tests.integration.operators import STRANGE_IDS
from tests.integration.reports.browsing import Site

strange = pytest.mark.parametrize("user_id", STRANGE_IDS.values(), ids=list(STRANGE_IDS))

ASKED = "new URLSearchParams(location.search).get('user_id')"
CREDITED = "document.querySelector('tbody') && document.querySelector('tbody').textContent"


@strange
def test_a_link_and_then_the_form_lead_to_exactly_that_user(site: Site, user_id: str) -> None:
    site.books.pay("ana", package="Starter")
    site.books.pay(user_id, package="Enterprise")
    tab = site.open("reports/recent_payments")
    assert tab.run("document.querySelector('tbody a').textContent") == user_id
    tab.follow("document.querySelector('tbody a').click()")
    assert "+25,000" in str(tab.run(CREDITED))
    tab.run("document.querySelector('#limit').value = '20'")
    tab.follow("document.querySelector('form button').click()")
    assert tab.run("document.querySelector('#limit').value") == "20"
    assert "+25,000" in str(tab.run(CREDITED))
