"""The pages in a real browser: what people see, reach with the keyboard, and hear read out."""

import pytest
from playwright.sync_api import Page

from tests.integration.reports.browsing import Site, follow

_GROUND = "getComputedStyle(document.body).backgroundColor"
_REACHED = "(e => e.id || e.className || e.textContent)(document.activeElement)"


def reached(page: Page, presses: int) -> list[str]:
    """What has the focus after each press of the tab key."""
    seen = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        seen.append(str(page.evaluate(_REACHED)))
    return seen


def names_of(role: str, page: Page) -> list[str]:
    """What a screen reader calls the elements of a role, in order."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        str(node["name"]["value"])
        for node in nodes
        if not node["ignored"] and node["role"]["value"] == role
    ]


@pytest.mark.parametrize("path", ["reports", "reports/revenue_by_day", "reports/recent_payments"])
def test_a_page_loads_nothing_else_and_breaks_no_rule_of_its_policy(site: Site, path: str) -> None:
    site.books.pay()
    asked, logged = list[str](), list[str]()
    session = site.page.context.new_cdp_session(site.page)
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    session.on("Log.entryAdded", lambda event: logged.append(event["entry"]["text"]))
    session.send("Network.enable")
    session.send("Log.enable")
    site.open(path).emulate_media(color_scheme="dark")
    site.page.reload()
    session.detach()
    assert [url for url in asked if not url.startswith("data:")] == [f"{site.url}/{path}"] * 2
    assert logged == []


def test_a_person_goes_from_the_index_to_a_report_and_on_to_the_next_page(site: Site) -> None:
    oldest, *_ = [site.books.pay() for _ in range(25)]
    page = site.open("reports")
    follow(page, ".cards a[href$=recent_payments]")
    page.select_option("#limit", "20")
    follow(page, "form button")
    assert page.locator("tbody tr").count() == 20
    follow(page, "a[rel=next]")
    assert page.locator("tbody tr").count() == 5
    assert oldest in str(page.text_content("tbody"))


def test_a_user_in_a_list_leads_to_the_timeline(site: Site) -> None:
    site.books.pay("a user & co")
    page = site.open("reports/recent_payments")
    follow(page, "tbody a")
    assert page.input_value("#user_id") == "a user & co"
    assert "+1,000" in str(page.text_content("tbody"))


def test_the_keyboard_reaches_the_content_first_and_then_everything(site: Site) -> None:
    site.books.pay()
    page = site.open("reports/recent_payments")
    assert reached(page, 1) == ["skip"]
    page.keyboard.press("Enter")
    assert reached(page, 4) == ["More about this report", "limit", "Show", "scroll"]


def test_what_has_the_focus_is_outlined(site: Site) -> None:
    page = site.open("reports/recent_payments")
    reached(page, 2)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_screen_reader_hears_names_for_everything(site: Site) -> None:
    site.books.pay(paid_at="now")
    page = site.open("reports/revenue_by_day")
    assert names_of("table", page) == ["Revenue by day: 30 rows"]
    assert names_of("columnheader", page)[:3] == ["Day", "Payments", "Gross USD"]
    [picture] = [name for name in names_of("image", page) if name]
    assert picture.startswith("Revenue by day, a chart. Net USD: 10.00 in total")
    assert set(names_of("navigation", page)) == {"Reports", "Pages and downloads"}
    assert names_of("form", page) == ["Parameters"]
    assert "Show" in names_of("button", page)


@pytest.mark.parametrize("name", ["revenue_by_day", "event_log", "user_timeline?user_id=user_1"])
def test_every_field_is_named_by_its_label(site: Site, name: str) -> None:
    page = site.open(f"reports/{name}")
    assert page.evaluate(
        "[...document.querySelectorAll('input, select')].every(field => field.labels.length === 1)"
    )


@pytest.mark.parametrize("path", ["reports", "reports/revenue_by_day", "reports/recent_payments"])
def test_a_page_fits_the_window_and_only_tables_scroll_sideways(site: Site, path: str) -> None:
    for _ in range(3):
        site.books.pay(paid_at="now", customer_email=f"{'a' * 80}@example.com")
    page = site.open(path)
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width] * 2


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
    "path", ["reports", "reports/payments_by_status", "reports/event_log?limit=0"]
)
def test_every_text_stands_out_from_its_ground_in_the_persons_theme(site: Site, path: str) -> None:
    site.books.pay()
    page = site.open(path)
    light = page.evaluate(_GROUND), page.evaluate(_CONTRASTS)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(_GROUND), page.evaluate(_CONTRASTS)
    assert (light[1], dark[1], light[0] == dark[0]) == ([], [], False)


def test_hostile_data_does_nothing(site: Site) -> None:
    hostile = (
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    )
    site.books.pay(hostile, customer_email=hostile)
    page = site.open("reports/recent_payments")
    assert page.title() == "Recent payments - Tokentill"
    assert page.text_content("tbody a") == hostile
