"""A real browser for tests and screenshots: Playwright with the system's own Chromium.

Invariants: no browser is downloaded; where none is found the tests skip and say how to get one. A tab keeps what its
page complained about, so that every test can ask for it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "CLICKLEDGER_CHROMIUM"
MISSING = (
    "no Chromium was found: install the package 'chromium' (as root 'make test' does so itself where apt-get is), "
    f"or name its program in {VARIABLE}"
)
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}
"""Of axe's impacts those that no page may have."""

_OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def chromium() -> str:
    """Return the program of the system's Chromium, '' when there is none."""
    return os.environ.get(VARIABLE, "") or next(filter(None, map(shutil.which, NAMES)), "")


@contextmanager
def browser() -> Iterator[Browser]:
    """Lend a Chromium without a window."""
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root; it is shown this machine's own pages alone.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-lcd-text", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=chromium(), args=options)
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Tab:
    """A tab of a browser, and what its pages complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: BrowserContext, url: str) -> Tab:
        tab = cls(context.new_page(), url)
        tab.page.add_init_script(_SHIFTS)
        tab.page.on("console", lambda said: tab._heard(said.type, said.text))
        tab.page.on("pageerror", lambda why: tab.complaints.append(f"{tab.path}: {why}"))
        return tab

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{self.path}: {text}")

    @property
    def path(self) -> str:
        """The address within the service."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def go(self, path: str) -> int:
        """Open a page; return its status."""
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None
        return answer.status

    def grave(self, *, contrast: bool = True) -> list[str]:
        """Return what axe finds serious or critical on the page; looking at contrast is most of its work."""
        options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrast}}}
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{self.path}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in GRAVE
        ]

    def shifted(self) -> float:
        """Return how far the page's content jumped while it loaded, as browsers count it: 0 is not at all."""
        return float(self.page.evaluate("window.shifted"))

    def overhang(self) -> int:
        """Return how many pixels the page is wider than its window, once what follows the window's size has done so."""
        deadline = time.monotonic() + 2
        while (wide := int(self.page.evaluate(_OVERHANG))) > 0 and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        return max(0, wide)

    def rows(self, caption: str) -> list[list[str]]:
        """Return the cells of the first table whose caption begins so."""
        table = self.page.locator("table", has=self.page.locator("caption", has_text=caption)).first
        found: list[list[str]] = table.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        )
        return found
