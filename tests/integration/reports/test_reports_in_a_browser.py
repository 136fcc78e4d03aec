"""The pages in a real browser: what people see, reach with the keyboard, and hear read out."""

from typing import Literal

import pytest

from local.chromium import Tab
from tests.integration.reports.browsing import Site

_TAB, _ENTER = ("Tab", 9), ("Enter", 13)
_REACHED = "(e => e.id || e.className || e.textContent)(document.activeElement)"


def reached(tab: Tab, presses: int) -> list[str]:
    """What has the focus after each press of the tab key."""
    seen = []
    for _ in range(presses):
        tab.press(*_TAB)
        seen.append(str(tab.run(_REACHED)))
    return seen


@pytest.mark.parametrize("page", ["reports", "reports/revenue_by_day", "reports/recent_payments"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_loads_nothing_else_and_breaks_no_rule_of_its_policy(
    site: Site, page: str, theme: Literal["light", "dark"]
) -> None:
    site.books.pay()
    tab = site.open(page, theme=theme)
    asked = [event["request"]["url"] for event in tab.happened("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [f"{site.url}/{page}"]
    assert tab.happened("Log.entryAdded") == []


def test_a_person_goes_from_the_index_to_a_report_and_on_to_the_next_page(site: Site) -> None:
    oldest, *_ = [site.books.pay() for _ in range(25)]
    tab = site.open("reports")
    tab.follow("document.querySelector('.cards a[href$=recent_payments]').click()")
    tab.run("document.querySelector('#limit').value = '20'")
    tab.follow("document.querySelector('form button').click()")
    assert tab.run("document.querySelectorAll('tbody tr').length") == 20
    tab.follow("document.querySelector('a[rel=next]').click()")
    assert tab.run("document.querySelectorAll('tbody tr').length") == 5
    assert oldest in str(tab.run("document.querySelector('tbody').textContent"))


def test_a_user_in_a_list_leads_to_the_timeline(site: Site) -> None:
    site.books.pay("a user & co")
    tab = site.open("reports/recent_payments")
    tab.follow("document.querySelector('tbody a').click()")
    assert tab.run("document.querySelector('#user_id').value") == "a user & co"
    assert "+1,000" in str(tab.run("document.querySelector('tbody').textContent"))


def test_the_keyboard_reaches_the_content_first_and_then_everything(site: Site) -> None:
    site.books.pay()
    tab = site.open("reports/recent_payments")
    assert reached(tab, 1) == ["skip"]
    tab.press(*_ENTER)
    assert reached(tab, 4) == ["More about this report", "limit", "Show", "scroll"]


def test_what_has_the_focus_is_outlined(site: Site) -> None:
    tab = site.open("reports/recent_payments")
    reached(tab, 2)
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_screen_reader_hears_names_for_everything(site: Site) -> None:
    site.books.pay(paid_at="now")
    tab = site.open("reports/revenue_by_day")
    assert tab.names_of("table") == ["Revenue by day: 30 rows"]
    assert tab.names_of("columnheader")[:3] == ["Day", "Payments", "Gross USD"]
    [picture] = [name for name in tab.names_of("image") if name]
    assert picture.startswith("Revenue by day, a chart. Net USD: 10.00 in total")
    assert set(tab.names_of("navigation")) == {"Reports", "Pages and downloads"}
    assert tab.names_of("form") == ["Parameters"]
    assert "Show" in tab.names_of("button")


@pytest.mark.parametrize("page", ["revenue_by_day", "event_log", "user_timeline?user_id=user_1"])
def test_every_field_is_named_by_its_label(site: Site, page: str) -> None:
    tab = site.open(f"reports/{page}")
    assert tab.run(
        "[...document.querySelectorAll('input, select')].every(field => field.labels.length === 1)"
    )


@pytest.mark.parametrize("page", ["reports", "reports/revenue_by_day", "reports/recent_payments"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_page_fits_the_window_and_only_tables_scroll_sideways(
    site: Site, page: str, width: int
) -> None:
    for _ in range(3):
        site.books.pay(paid_at="now", customer_email=f"{'a' * 80}@example.com")
    tab = site.open(page, width=width)
    assert tab.run("document.documentElement.scrollWidth") == width


_CONTRASTS = """
(() => {
  const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const found = numbers(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !node.offsetParent || node.closest('svg')) continue;
    const [a, b] = [numbers(getComputedStyle(node).color), ground(node)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(node.textContent.slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return low;
})()
"""


@pytest.mark.parametrize(
    "page", ["reports", "reports/payments_by_status", "reports/event_log?limit=0"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    site: Site, page: str, theme: Literal["light", "dark"]
) -> None:
    site.books.pay()
    assert site.open(page, theme=theme).run(_CONTRASTS) == []


def test_the_theme_is_the_persons(site: Site) -> None:
    shown = "getComputedStyle(document.body).backgroundColor"
    light = site.open("reports", theme="light").run(shown)
    assert light != site.open("reports", theme="dark").run(shown)


def test_hostile_data_does_nothing(site: Site) -> None:
    hostile = (
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    )
    site.books.pay(hostile, customer_email=hostile)
    tab = site.open("reports/recent_payments")
    assert tab.run("document.title") == "Recent payments - Tokentill"
    assert tab.run("document.querySelector('tbody a').textContent") == hostile
