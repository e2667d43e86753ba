"""Advertisers: the list, a new one, and all about one of them; an advertiser has its own page alone."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.pages.program import choices, editing, figures, listing, told
from reports.web.pages.program.sheets import ADVERTISERS, OFFERS
from reports.web.visit import Visit

PATH: Final = "/advertisers"
OWN: Final = frozenset({"advertiser"})


async def _list(visit: Visit) -> dict[str, Any]:
    made = await listing.read(visit, ADVERTISERS, "name", ("status", "manager_id"))
    ids = [one["id"] for one in made["items"]]
    return made | {
        "numbers": await figures.beside(visit, "advertiser", ids),
        "labels": figures.LABELS,
        "shown": figures.shown,
        "states": [("", "any"), ("active", "active"), ("suspended", "suspended")],
        "told": told,
    }


async def _show(visit: Visit) -> dict[str, Any]:
    advertiser = await visit.api.get(f"{ADVERTISERS.api}/{visit.request.path_params['id']}")
    number = advertiser["id"]
    where = [{"dimension": "advertiser_id", "op": "eq", "value": number}]
    numbers, offers, people, users = await asyncio.gather(
        figures.of_one(visit, where),
        visit.api.get(OFFERS.api, advertiser_id=number, limit=200, sort="name"),
        choices.managers(visit),
        _users(visit, number),
    )
    return {
        "title": advertiser["name"],
        "advertiser": advertiser,
        "figures": numbers,
        "offers": offers["items"],
        "numbers": await figures.beside(visit, "offer", [one["id"] for one in offers["items"]]),
        "manager": next((one["name"] for one in people if one["id"] == advertiser.get("manager_id")), ""),
        "users": users,
        "labels": figures.LABELS,
        "shown": figures.shown,
        "told": told,
        "is_staff": visit.who is not None and visit.who.role in STAFF,
    }


async def _users(visit: Visit, advertiser_id: int) -> list[dict[str, Any]] | None:
    if not visit.may("users:read"):
        return None
    page = await visit.api.get("/api/v1/users", advertiser_id=advertiser_id, limit=100)
    users: list[dict[str, Any]] = page["items"]
    return users


async def _own(visit: Visit) -> Response:
    return visit.go(f"{PATH}/{visit.who.advertiser_id}" if visit.who else PATH)


async def _new(visit: Visit) -> dict[str, Any]:
    form = await editing.blank(visit, ADVERTISERS)
    return {"title": "New advertiser", "sheet": ADVERTISERS, "made_form": form, "back": PATH}


async def _create(visit: Visit) -> Response:
    made = await editing.creating(visit, ADVERTISERS)
    said = "The advertiser is there. Its postback address stands below; make its first offer next."
    return visit.go(f"{PATH}/{made['id']}", said)


async def _edit(visit: Visit) -> dict[str, Any]:
    advertiser = await visit.api.get(f"{ADVERTISERS.api}/{visit.request.path_params['id']}")
    return {
        "title": f"Change {advertiser['name']}",
        "sheet": ADVERTISERS,
        "made_form": await editing.filled(visit, ADVERTISERS, advertiser),
        "entry": advertiser,
        "back": f"{PATH}/{advertiser['id']}",
    }


async def _save(visit: Visit) -> Response:
    changed = await editing.changing(visit, ADVERTISERS, visit.request.path_params["id"])
    return visit.go(f"{PATH}/{changed['id']}", "The advertiser is changed.")


PAGES = (
    Page(
        PATH, "Advertisers", "program/advertisers.html", _list, "program:read", STAFF,
        group="Relations", place=130,
    ),
    Page(
        "/advertiser", "Your company", "program/advertiser.html", _own, "program:read", OWN,
        group="Relations", place=130,
    ),
    Page(
        f"{PATH}/new", "New advertiser", "program/new.html", _new, "program:write", STAFF,
        acts=(Act("create", _create, "program:write"),),
    ),
    Page(f"{PATH}/{{id}}", "Advertiser", "program/advertiser.html", _show, "program:read", STAFF | OWN),
    Page(
        f"{PATH}/{{id}}/edit", "Change an advertiser", "program/edit.html", _edit, "program:write", STAFF,
        acts=(Act("save", _save, "program:write"),),
    ),
)  # fmt: skip
