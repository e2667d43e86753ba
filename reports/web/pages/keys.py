"""API keys: one's own, and for administrators everybody's.

Invariant: a key's text is in the page that made it and nowhere after.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from kernel.auth import SCOPES
from kernel.errors import BODY_INVALID
from reports.web.page import Act, Page
from reports.web.visit import Visit

PATH: Final = "/keys"
KEYS: Final = "/api/v1/keys"
LIFE_DAYS: Final = (("90", "in 90 days"), ("30", "in 30 days"), ("365", "in a year"), ("", "never"))
OVERLAPS: Final = (("24", "a day"), ("72", "three days"), ("168", "a week"), ("0", "not at all"))
GROUPS: Final = (
    ("Figures", ("reports:", "events:", "rejected:")),
    ("The program", ("program:", "links:", "hooks:", "access:")),
    ("Traffic and conversions", ("clicks:", "conversions:", "outbound:")),
    ("Fraud", ("fraud:", "disputes:")),
    ("People and the service", ("keys:", "users:", "audit:", "system:")),
)
STAFF_ROLES: Final = ("admin", "manager", "analyst")
SHOWN: Final = (("true", "Working"), ("false", "Ended"))


def scope_groups(held: frozenset[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the scopes somebody may give away, in groups, each with what it allows."""
    found = [
        (title, [(name, told) for name, told in SCOPES.items() if name in held and name.startswith(prefixes)])
        for title, prefixes in GROUPS
    ]
    return [(title, scopes) for title, scopes in found if scopes]


async def _whom(visit: Visit) -> tuple[list[tuple[str, str]], dict[int, str]]:
    """Return for whom a key can be made, and the users' names."""
    if not visit.may("users:read"):
        return [], {}
    lists = await asyncio.gather(
        visit.api.get("/api/v1/users", limit=1000, status="active"),
        visit.api.get("/api/v1/partners", limit=1000, sort="name", status="approved"),
        visit.api.get("/api/v1/advertisers", limit=1000, sort="name", status="active"),
    )
    users, partners, advertisers = (one["items"] for one in lists)
    names = {one["id"]: one["name"] for one in users}
    if not visit.may("users:write"):
        return [], names
    return [
        ("", "Myself"),
        *((f"user:{one['id']}", f"{one['name']}, {one['role']}") for one in users),
        *((f"role:{role}", f"A program with the role {role}") for role in STAFF_ROLES),
        *((f"partner:{one['id']}", f"A program of the partner {one['name']}") for one in partners),
        *((f"advertiser:{one['id']}", f"A program of the advertiser {one['name']}") for one in advertisers),
    ], names


async def _show(visit: Visit) -> dict[str, Any]:
    working = visit.query("active") != "false"
    found, (whom, names) = await asyncio.gather(
        visit.api.get(KEYS, limit=100, cursor=visit.query("cursor"), active=str(working).lower()), _whom(visit)
    )
    return {
        "keys": found["items"],
        "next_cursor": found["next_cursor"],
        "working": working,
        "shown": SHOWN,
        "groups": scope_groups(visit.who.scopes if visit.who else frozenset()),
        "chosen": visit.several.get("scopes", []),
        "lives": LIFE_DAYS,
        "overlaps": OVERLAPS,
        "whom": whom,
        "names": names,
        "made": None,
    }


def _owner(text: str) -> dict[str, Any]:
    """Return whose a key shall be, as the API takes it."""
    kind, _, value = text.partition(":")
    number = int(value) if value.isascii() and value.isdigit() else value
    match kind:
        case "user":
            return {"user_id": number}
        case "role":
            return {"role": value}
        case "partner" | "advertiser":
            return {"role": kind, f"{kind}_id": number}
    return {}


async def _create(visit: Visit) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {"name": form.get("name", ""), **_owner(form.get("whom", ""))}
    if form.get("extent") != "all":
        body["scopes"] = visit.several.get("scopes", [])
        if not body["scopes"]:
            raise BODY_INVALID.error("Tick what the key may do, or choose everything.", field="scopes")
    days = form.get("life", "")
    if days.isascii() and days.isdigit():
        body["expires_at"] = (datetime.now(UTC) + timedelta(days=min(int(days), 100_000))).isoformat()
    return {"made": await visit.api.send("POST", KEYS, body), "chosen": []}


async def _rotate(visit: Visit) -> dict[str, Any]:
    hours = visit.form.get("overlap_hours", "")
    body = {"overlap_hours": int(hours) if hours.isascii() and hours.isdigit() else hours}
    return {"made": await visit.api.send("POST", f"{KEYS}/{_id(visit)}/rotate", body)}


async def _revoke(visit: Visit) -> Response:
    key = await visit.api.send("POST", f"{KEYS}/{_id(visit)}/revoke")
    return visit.go(PATH, f"The key {key['name']} has ended.")


def _id(visit: Visit) -> str:
    text = visit.form.get("id", "")
    return text if text.isascii() and text.isdigit() else "0"


PAGES = (
    Page(
        PATH,
        "API keys",
        "keys.html",
        _show,
        "keys:write",
        acts=(
            Act("create", _create, "keys:write"),
            Act("rotate", _rotate, "keys:write"),
            Act("revoke", _revoke, "keys:write"),
        ),
        group="Yours",
        place=910,
        or_needs="users:write",
    ),
)
