"""``python -m tests.screenshots``: every page in light, dark and phone width, as pictures in docs/screenshots/.

Each page is shown as the administrator, and those that partners or advertisers have of their own as they see them.
Invariant: all pictures together stay below ``MOST_BYTES``, so that a clone stays small.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from reports.web import pages
from tests.support import browser as browsers
from tests.support import pictures
from tests.support.showcase import Showcase

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
MOST_BYTES: Final = 6_000_000
UNDRAWN: Final = "figure.chart:not([data-drawn], .no-plot)"
"""What a page has yet to draw after it is loaded."""
WIDE: Final = {"width": 1280, "height": 800}
KINDS: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": browsers.PHONE, "color_scheme": "light"},
}
OTHERS: Final = {
    "partner": ("/", "/offers", "/links", "/payouts"),
    "advertiser": ("/", "/postbacks", "/conversions"),
}
"""Pages that are others for these roles."""


def name_of(path: str) -> str:
    """Return a file's name for a page's path in the notation of routes."""
    return re.sub(r"[^a-z0-9]+", "-", path).strip("-") or "overview"


def addresses(showcase: Showcase, role: str) -> dict[str, str]:
    """Return what is shown of a role: a file's name to an address."""
    known = set(showcase.pages(role))
    every = {name_of(page.path): showcase.address(page) for page in pages() if showcase.address(page) in known}
    if role == "admin":
        return every
    return {f"{role}-{name}": path for name, path in every.items() if path in OTHERS[role]}


def take(showcase: Showcase, browser: Browser) -> int:
    """Write the pictures; return how many bytes they are."""
    size = 0
    blank = browser.new_page()
    for role in ("admin", *OTHERS):
        for kind, options in KINDS.items():
            tab = showcase.tab(browser, role, **options)
            for name, path in addresses(showcase, role).items():
                tab.go(path)
                tab.page.locator(UNDRAWN).first.wait_for(state="detached")
                file = FOLDER / f"{name}-{kind}.png"
                file.write_bytes(pictures.smaller(tab.page.screenshot(), blank))
                size += file.stat().st_size
            tab.page.context.close()
    return size


def main() -> int:
    """Take all pictures anew."""
    if not browsers.chromium():
        print(browsers.MISSING)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as directory:
        showcase = Showcase(Path(directory))
        try:
            with browsers.browser() as browser:
                size = take(showcase, browser)
        finally:
            showcase.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB, in {FOLDER}")
    return int(size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
