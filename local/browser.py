"""A headless Chromium to look at pages with, installed if missing, and the pictures it takes."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Error, Page, sync_playwright

from local import Failure
from local.demo.history import open_with_story
from local.past import Clock
from local.shop import open_shop, silence

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"


class NoChromium(Failure):
    """There is no Chromium, and it cannot be installed here; the message says why."""


def chromium() -> str:
    """The path of Chromium, installed as Debian's package when it is missing.

    Raises NoChromium.
    """
    if found := _found():
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoChromium("install Chromium: it is missing, and only root with apt-get can do it")
    # Several test workers may ask at once, and only one apt-get can run.
    with (Path(tempfile.gettempdir()) / "tokentill-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _found() or _installed()


def _installed() -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -qq", "apt-get install -y -qq chromium"):
        result = subprocess.run(command.split(), capture_output=True, env=environment, check=False)
        if result.returncode:
            raise NoChromium(f"`{command}` failed: {result.stderr.decode()[-500:]}")
    if found := _found():
        return found
    raise NoChromium("the package chromium was installed, but there is no such program")


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def browsing() -> Iterator[Page]:
    """A page in a new browser with an empty profile, until the block ends. Raises NoChromium."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser.new_page()
        browser.close()


class _Shot(NamedTuple):
    """A picture's file name, the page it shows, the window in pixels, the theme."""

    name: str
    page: str
    width: int
    height: int
    theme: Literal["light", "dark"]


_SHOTS = (
    _Shot("index-light", "reports", 1120, 760, "light"),
    _Shot("index-dark-phone", "reports", 390, 780, "dark"),
    _Shot("revenue-by-day-light", "reports/revenue_by_day", 1240, 860, "light"),
    _Shot("revenue-by-day-dark", "reports/revenue_by_day", 1240, 860, "dark"),
    _Shot("revenue-by-day-light-phone", "reports/revenue_by_day", 390, 860, "light"),
    _Shot("payments-by-status-dark", "reports/payments_by_status", 1120, 780, "dark"),
    _Shot("recent-payments-light", "reports/recent_payments?limit=20", 1240, 780, "light"),
    _Shot("recent-payments-dark-phone", "reports/recent_payments?limit=20", 390, 780, "dark"),
)


def take_screenshots(address: str | None) -> None:
    """Take the pictures in docs/screenshots/: of a gateway that runs, or else of the demo's month
    in a database of its own. Raises Failure."""
    with ExitStack() as running:
        if address is None:
            clock = Clock()
            with silence():
                shop = running.enter_context(open_shop(os.environ, clock))
            open_with_story(shop, clock, os.environ)
            address = shop.till_url
        _FOLDER.mkdir(parents=True, exist_ok=True)
        page = running.enter_context(browsing())
        for shot in _SHOTS:
            page.set_viewport_size({"width": shot.width, "height": shot.height})
            page.emulate_media(color_scheme=shot.theme)
            try:
                page.goto(f"{address}/{shot.page}")
            except Error as error:
                raise Failure(
                    f"{address} shows no page: {error.message.splitlines()[0]}"
                ) from error
            page.screenshot(path=_FOLDER / f"{shot.name}.png")
            print(f"docs/screenshots/{shot.name}.png", flush=True)
