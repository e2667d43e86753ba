"""Who changed what: the audit log in words, with what was before and after."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from partners.resources import RESOURCES
from reports.web.page import STAFF, Page
from reports.web.viewer import Viewer
from reports.web.visit import Visit

PATH: Final = "/audit"
FILTERS: Final = ("actor", "kind", "action", "entry_id", "role")
OWN_PAGES: Final = {
    "offer": "/offers/{}", "partner": "/partners/{}", "advertiser": "/advertisers/{}", "link": "/links/{}",
    "hook": "/hooks/{}", "user": "/users/{}", "key": "/keys", "program": "/settings", "dispute": "/disputes/{}",
    "blocklist entry": "/fraud/blocklist", "rule entry": "/fraud/rules", "mark": "/fraud/partners",
}  # fmt: skip
ADDRESSES: Final = {one.word: f"/program/{one.path}/{{}}" for one in RESOURCES} | OWN_PAGES
"""Where an entry's page is, by kind."""
OF_SESSIONS: Final = {"revoke": "signed out", "logout": "signed out"}
DONE: Final = {
    "create": "made", "change": "changed", "delete": "deleted", "rotate": "replaced the secret of",
    "revoke": "revoked", "password": "changed the password of", "login_failed": "was refused as",
}  # fmt: skip
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
MOST_SHOWN: Final = 300
SHOWN_AT_ONCE: Final = 4
"""Changed fields; more are folded."""
NOTHING: Final = "nothing"


def told(value: Any) -> str:
    """Return a value of a change as people read it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(told(one) for one in value)[:MOST_SHOWN]
    if isinstance(value, dict):
        return ", ".join(f"{name}: {told(one)}" for name, one in value.items())[:MOST_SHOWN]
    return str(value)[:MOST_SHOWN]


async def _show(visit: Visit) -> dict[str, Any]:
    asked = {name: visit.query(name).strip() for name in FILTERS}
    found, users = await asyncio.gather(
        visit.api.get("/api/v1/audit", sort="-id", limit=50, cursor=visit.query("cursor"), **asked),
        visit.api.get("/api/v1/users", limit=1000) if visit.may("users:read") else _nobody(),
    )
    names = {f"user:{one['id']}": one["name"] for one in users["items"]}
    return {
        "entries": [_worded(one, names, visit.viewer) for one in found["items"]],
        "next_cursor": found["next_cursor"],
        "asked": asked,
        "actors": [("", "Anybody"), ("admin key", "the admin key"), *names.items()],
        "kinds": [("", "Anything"), *((kind, kind) for kind in sorted({*ADDRESSES, asked["kind"]} - {""}))],
        "actions": [
            ("", "Anything"),
            *((code, said.removesuffix(" of").removesuffix(" as")) for code, said in DONE.items()),
        ],
    }


async def _nobody() -> dict[str, list[Any]]:
    return {"items": []}


def _worded(entry: dict[str, Any], names: dict[str, str], viewer: Viewer) -> dict[str, Any]:
    """Return an entry with its words: who, did what, to what, and each change."""
    kind, number = entry["kind"], entry["entry_id"]
    before_and_after = [
        (name.replace("_", " "), *(told(_in_zone(one, viewer)) for one in values))
        for name, values in entry["changes"].items()
    ]
    is_session = kind == "session"
    done = (
        OF_SESSIONS.get(entry["action"], "signed in") if is_session else DONE.get(entry["action"], entry["action"])
    )
    return entry | {
        "who": names.get(entry["actor"], entry["actor"]) or "nobody known",
        "did": done.replace("_", " "),
        "what": "" if is_session else _named(kind, number),
        "name": told((entry["changes"].get("name") or entry["changes"].get("code") or [None])[-1]),
        "told_first": not is_session and len(before_and_after) <= SHOWN_AT_ONCE,
        "is_new": entry["action"] == "create",
        "address": ADDRESSES[kind].format(number) if kind in ADDRESSES and entry["action"] != "delete" else "",
        "from": entry["address"],
        "told": before_and_after,
    }


def _in_zone(value: Any, viewer: Viewer) -> Any:
    """Return a moment as the viewer reads it, anything else as it is."""
    return viewer.time(value, seconds=True) if isinstance(value, str) and _MOMENT.match(value) else value


def _named(kind: str, number: int | None) -> str:
    """Return what was changed: offer 3, program."""
    word = kind.replace("_", " ")
    return word if number is None or kind == "program" else f"{word} {number}"


PAGES = (Page(PATH, "Audit log", "audit.html", _show, "audit:read", roles=STAFF, label="Audit"),)
