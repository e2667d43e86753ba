"""Partners: the list, a new one, and all about one of them. For the network's people alone."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import ClickledgerError
from partners.resources.actions import NEED_REASON, TRANSITIONS
from reports.web.page import STAFF, Act, Page
from reports.web.pages.program import access, choices, editing, figures, listing, others, told
from reports.web.pages.program.below import BELOW
from reports.web.pages.program.sheets import PARTNERS
from reports.web.visit import Visit

PATH: Final = "/partners"
SHOWN_LINKS: Final = 20
VERBS: Final = {
    "approved": "Approve",
    "rejected": "Reject",
    "suspended": "Suspend",
    "banned": "Ban",
    "pending": "Set to pending",
}


async def _list(visit: Visit) -> dict[str, Any]:
    made = await listing.read(visit, PARTNERS, "name", ("status", "tier_id", "manager_id"))
    ids = [one["id"] for one in made["items"]]
    numbers, tiers, waiting = await asyncio.gather(
        figures.beside(visit, "partner", ids),
        choices.every(visit, "tiers"),
        visit.api.get(PARTNERS.api, status="pending", limit=1),
    )
    return made | {
        "numbers": numbers,
        "labels": figures.LABELS,
        "shown": figures.shown,
        "tiers": {one["id"]: one["name"] for one in tiers},
        "has_waiting": bool(waiting["items"]) and visit.query("status") != "pending",
        "states": [("", "any"), *((word, word) for word in TRANSITIONS)],
        "told": told,
        "lists": others.tabs_of("tiers"),
    }


async def _show(visit: Visit) -> dict[str, Any]:
    partner_id = visit.request.path_params["id"]
    partner = await visit.api.get(f"{PARTNERS.api}/{partner_id}")
    number = partner["id"]
    where = [{"dimension": "partner_id", "op": "eq", "value": number}]
    numbers, offers, links, asked, overrides, hooks, users, risk, tiers, people = await asyncio.gather(
        figures.of_one(visit, where),
        figures.top(visit, "offer", where),
        visit.api.get("/api/v1/links", partner_id=number, limit=SHOWN_LINKS, sort="-id"),
        visit.api.get("/api/v1/offer-access", partner_id=number, limit=100, sort="-id"),
        visit.api.get("/api/v1/payout-overrides", partner_id=number, limit=100),
        visit.api.get("/api/v1/hooks", partner_id=number, limit=100),
        _users(visit, number),
        _risk(visit, number),
        choices.every(visit, "tiers"),
        choices.managers(visit),
    )
    by_link = await figures.beside(visit, "link", [one["id"] for one in links["items"]])
    return {
        "title": partner["name"],
        "partner": partner,
        "ways": [(word, VERBS[word]) for word in TRANSITIONS[partner["status"]]],
        "need_reason": NEED_REASON,
        "figures": numbers,
        "offers": offers,
        "links": links["items"],
        "has_more_links": bool(links["next_cursor"]),
        "by_link": by_link,
        "access": asked["items"],
        "overrides": overrides["items"],
        "hooks": hooks["items"],
        "users": users,
        "risk": risk,
        "tier": next((one["name"] for one in tiers if one["id"] == partner["tier_id"]), ""),
        "manager": next((one["name"] for one in people if one["id"] == partner["manager_id"]), ""),
        "names": await others.named(visit, [*asked["items"], *overrides["items"]]),
        "labels": figures.LABELS,
        "shown": figures.shown,
        "told": told,
        "below": BELOW,
    }


async def _users(visit: Visit, partner_id: int) -> list[dict[str, Any]] | None:
    """Return who signs in for a partner; None for one who may not know."""
    if not visit.may("users:read"):
        return None
    page = await visit.api.get("/api/v1/users", partner_id=partner_id, limit=100)
    users: list[dict[str, Any]] = page["items"]
    return users


async def _risk(visit: Visit, partner_id: int) -> dict[str, Any] | None:
    """Return a partner's latest risk; None while nothing was scored, or for one who may not know."""
    if not visit.may("fraud:read"):
        return None
    try:
        scored = await visit.api.get(f"/api/v1/fraud/risk/{partner_id}", days=1)
    except ClickledgerError:
        return None  # no day was scored yet, or the partner had no clicks then
    risk: dict[str, Any] | None = scored["risk"]
    return risk


async def _set_status(visit: Visit) -> Response:
    partner_id = visit.request.path_params["id"]
    body = {"status": visit.form.get("status", ""), "reason": visit.form.get("reason", "")}
    partner = await visit.api.send("POST", f"{PARTNERS.api}/{partner_id}/status", body, editing.seen(visit))
    return visit.go(f"{PATH}/{partner['id']}", f"{partner['name']} is {partner['status']} now.")


async def _new(visit: Visit) -> dict[str, Any]:
    form = await editing.blank(visit, PARTNERS)
    return {"title": "New partner", "sheet": PARTNERS, "made_form": form, "back": PATH}


async def _create(visit: Visit) -> Response:
    made = await editing.creating(visit, PARTNERS)
    return visit.go(f"{PATH}/{made['id']}", "The partner is there. Give it a link, and a user to sign in with.")


async def _edit(visit: Visit) -> dict[str, Any]:
    partner = await visit.api.get(f"{PARTNERS.api}/{visit.request.path_params['id']}")
    return {
        "title": f"Change {partner['name']}",
        "sheet": PARTNERS,
        "made_form": await editing.filled(visit, PARTNERS, partner),
        "entry": partner,
        "back": f"{PATH}/{partner['id']}",
    }


async def _save(visit: Visit) -> Response:
    partner = await editing.changing(visit, PARTNERS, visit.request.path_params["id"])
    return visit.go(f"{PATH}/{partner['id']}", "The partner is changed.")


PAGES = (
    Page(PATH, "Partners", "program/partners.html", _list, "program:read", STAFF, group="Relations", place=110),
    Page(
        f"{PATH}/new", "New partner", "program/new.html", _new, "program:write", STAFF,
        acts=(Act("create", _create, "program:write"),),
    ),
    Page(
        f"{PATH}/{{id}}", "Partner", "program/partner.html", _show, "program:read", STAFF,
        acts=(Act("status", _set_status, "program:write"), access.LET_IN),
    ),
    Page(
        f"{PATH}/{{id}}/edit", "Change a partner", "program/edit.html", _edit, "program:write", STAFF,
        acts=(Act("save", _save, "program:write"),),
    ),
)  # fmt: skip
