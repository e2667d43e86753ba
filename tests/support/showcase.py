"""A service with the demo in it and somebody of each role: what every page is looked at with.

Invariants: what a page's address needs, such as a click's id, is real and the demo partner's own, so that partner and
advertiser find it too.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from clickledger.demo import state
from clickledger.demo.program import NORA, SHOES
from kernel.api import ANYBODY, PUBLIC
from kernel.auth import ROLE_SCOPES
from reports.web import pages
from reports.web.cookies import SESSION
from reports.web.page import Page
from tests.support.browser import WIDE, Tab
from tests.support.running_service import RunningService, eventually

ROLES = ("admin", "manager", "analyst", "partner", "advertiser")
MADE_SECONDS = 90


class Showcase:
    """The service, its people and the ids that addresses need."""

    def __init__(self, directory: Path) -> None:
        self.service = RunningService(directory, demo="true", api_rate_per_minute=100_000)
        self.service.start()
        self.url = self.service.web_url
        self.api = self.service.api()
        self.demo = eventually("the demo's program", lambda: state.read(directory))
        self.passwords = {role: f"{role}-{secrets.token_urlsafe(12)}" for role in ROLES}
        self._keys: dict[str, str] = {}
        self._make_people()
        eventually("the demo's history", lambda: self.api.get("/api/v1/demo")["is_complete"], MADE_SECONDS)
        eventually("the demo's model", lambda: self.api.get("/api/v1/fraud/models")["version"], MADE_SECONDS)
        self.ids = self._ids()

    def close(self) -> None:
        self.service.close()

    def _make_people(self) -> None:
        owners: dict[str, dict[str, int]] = {
            "partner": {"partner_id": self.demo.partners[NORA]},
            "advertiser": {"advertiser_id": self.demo.advertisers[SHOES]},
        }
        for role in ROLES:
            person = {
                "email": f"{role}@demo.example",
                "name": f"{role.title()} (demo)",
                "role": role,
                "password": self.passwords[role],
                **owners.get(role, {}),
            }
            made = self.api.post("/api/v1/users", person)
            self.user_id = made["id"]
            signed_in = self.api.post(
                "/api/v1/sessions", {"email": person["email"], "password": self.passwords[role]}
            )
            self._keys[role] = signed_in["key"]

    def _ids(self) -> dict[str, str]:
        api, demo = self.api, self.demo
        today = datetime.now(UTC).date()
        span = {"from": f"{today - timedelta(days=3)}", "to": f"{today + timedelta(days=1)}", "limit": 1}
        mine = f"partner_id={demo.partners[NORA]}"
        sold = api.get("/api/v1/logs/conversions", span | {"filter": [mine, f"offer_id={demo.offers[SHOES]}"]})
        conversion = sold["items"][0]
        week = span | {"from": f"{today - timedelta(days=7)}"}
        holding = week | {"filter": [mine, "conversion_status=hold"]}
        held = eventually("a hold", lambda: api.get("/api/v1/logs/conversions", holding)["items"])[0]
        report = api.post(
            "/api/v1/saved-reports",
            {
                "name": "Partners by payout (demo)",
                "query": {"range": "last_7_days", "dimensions": ["partner"], "metrics": ["clicks", "payout"]},
                "shared_roles": ["manager", "analyst", "partner", "advertiser"],
            },
        )
        until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        share = api.post(f"/api/v1/saved-reports/{report['id']}/shares", {"expires_at": until})
        dispute = api.post(
            "/api/v1/fraud/disputes",
            {"conversion_id": held["conversion_id"], "reason": "A customer of mine, and a good one (demo)."},
        )
        rescoring = api.post(
            "/api/v1/fraud/rescorings", {"from": f"{today}", "to": f"{today + timedelta(days=1)}"}
        )
        return {
            "/users/{id}": str(self.user_id),
            "/hooks/{id}": str(demo_entry(self.demo, self.service, "hooks")),
            "/outbound/{id}": self._message(span),
            "/clicks/{click_id}": conversion["click_id"],
            "/conversions/{id}": conversion["conversion_id"],
            "/fraud/partners/{id}": str(demo.partners[NORA]),
            "/fraud/rules/{code}": "datacenter_ip",
            "/fraud/past/{id}": str(rescoring["id"]),
            "/disputes/{id}": str(dispute["id"]),
            "/reports/saved/{id}": str(report["id"]),
            "/shared/{token}": share["url"].rpartition("/")[2],
            "/partners/{id}": str(demo.partners[NORA]),
            "/offers/{id}": str(demo.offers[SHOES]),
            "/advertisers/{id}": str(demo.advertisers[SHOES]),
            "/links/{id}": str(demo.entries["links"][0]),
            "/program/{resource}": "caps",
            "{entry}": str(demo.entries["caps"][0]),
        }

    def _message(self, span: dict[str, Any]) -> str:
        """Have a conversion of the partner changed, and return the message that tells of it."""
        wanted = [f"partner_id={self.demo.partners[NORA]}", "conversion_status=pending"]
        sold = self.api.get("/api/v1/logs/conversions", span | {"filter": wanted})["items"][0]
        change = {"status": "approved", "reason": "A real person (demo)"}
        self.api.patch(f"/api/v1/conversions/{sold['conversion_id']}", change)
        found = eventually(
            "a message to the hook", lambda: self.api.get("/api/v1/outbound/attempts", {"limit": 1})["items"]
        )
        return str(found[0]["message_id"])

    def address(self, page: Page) -> str:
        """Return a page's address with real ids."""
        path = page.path
        for pattern, value in self.ids.items():
            if path == pattern or path.startswith(f"{pattern}/"):
                path = re.sub(r"\{[^}]*\}", value, pattern) + path[len(pattern) :]
        return re.sub(r"\{[^}]*\}", self.ids["{entry}"], path)

    def pages(self, role: str) -> list[str]:
        """Return the addresses of all pages that a role has, but those that end its session or are a file."""
        scopes = ROLE_SCOPES[role]
        return [
            self.address(page)
            for page in pages()
            if page.path not in {"/sign-out", "/reports/export"}
            and role in page.roles
            and (page.needs in {PUBLIC, ANYBODY} or page.needs in scopes or page.or_needs in scopes)
        ]

    def context(self, browser: Browser, role: str, **options: Any) -> BrowserContext:
        """Return a window of somebody of a role, signed in."""
        context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "timezone_id": "UTC"} | options)
        cookie = {"name": SESSION, "value": self._keys[role], "domain": "127.0.0.1", "path": "/"}
        context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[list-item]  # the literals of the library
        return context

    def tab(self, browser: Browser, role: str, **options: Any) -> Tab:
        """Return a tab of somebody of a role."""
        return Tab.of(self.context(browser, role, **options), self.url)


def demo_entry(demo: state.Demo, service: RunningService, table: str) -> int:
    """Return the id of what the demo made after its history."""
    now = state.read(service.data_dir) or demo
    return now.entries[table][0]
