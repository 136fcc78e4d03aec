"""Takes the pictures in docs/screenshots/ from a gateway that runs: python -m local.screenshots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, NamedTuple

from local.chromium import browsing

_FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
_DEFAULT_ADDRESS = "http://127.0.0.1:8000"


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


def main() -> None:
    """Take all of them from the address given, or from where `make serve` listens."""
    address = sys.argv[1] if len(sys.argv) > 1 else _DEFAULT_ADDRESS
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with browsing() as tab:
        for shot in _SHOTS:
            tab.look_like(shot.width, shot.height, shot.theme)
            tab.open(f"{address}/{shot.page}")
            tab.picture(_FOLDER / f"{shot.name}.png")
            print(f"docs/screenshots/{shot.name}.png")


if __name__ == "__main__":
    main()
