"""Offers: the list, a new one, and all about one of them; for partners those they may run or ask for.

A partner's and an advertiser's pages are the same with less: what the API doesn't tell them isn't there.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import ClickledgerError
from reports.web.page import EVERYBODY, STAFF, Act, Page
from reports.web.pages.program import access, choices, editing, figures, generator, listing, others, told
from reports.web.pages.program.below import BELOW
from reports.web.pages.program.sheets import OFFERS
from reports.web.visit import Visit

PATH: Final = "/offers"
OFFERED: Final = "/api/v1/offers-to-ask-for"
BELOW_AN_OFFER: Final = ("goals", "payout-overrides", "landing-pages", "creatives", "caps", "coupons")
STATUSES: Final = [("", "any"), ("active", "active"), ("paused", "paused"), ("ended", "ended")]


async def _list(visit: Visit) -> dict[str, Any]:
    is_partner = visit.who is not None and visit.who.role == "partner"
    is_asking = is_partner and visit.query("show") == "ask"
    filters: tuple[str, ...] = ("status", "category", "visibility", "advertiser_id")
    is_staff = visit.who is not None and visit.who.role in STAFF
    if not is_staff:
        filters = filters[:2]
    made = await listing.read(visit, OFFERS, "name", filters, OFFERED if is_asking else "")
    ids = [] if is_asking else [one["id"] for one in made["items"]]
    requests = await _requests(visit) if is_partner else {}
    return made | {
        "numbers": await figures.beside(visit, "offer", ids),
        "labels": figures.LABELS,
        "shown": figures.shown,
        "states": STATUSES,
        "told": told,
        "is_partner": is_partner,
        "is_asking": is_asking,
        "is_staff": is_staff,
        "requests": requests,
        "asked_names": await choices.names(visit, "offers", requests) if is_asking else {},
        "has_waiting": is_staff and await access.some_wait(visit),
        "lists": others.tabs_of("goals"),
        "partner_lists": [(PATH, "Offers you may run"), (f"{PATH}?show=ask", "Offers to ask for")],
    }


async def _show(visit: Visit) -> dict[str, Any]:
    offer_id = visit.request.path_params["id"]
    offer = await visit.api.get(f"{OFFERS.api}/{offer_id}")
    number = offer["id"]
    where = [{"dimension": "offer_id", "op": "eq", "value": number}]
    role = visit.who.role if visit.who else ""
    is_staff = role in STAFF
    numbers, usage, asked, *below = await asyncio.gather(
        figures.of_one(visit, where, offer["currency"]),
        _usage(visit, number),
        visit.api.get("/api/v1/offer-access", offer_id=number, limit=200, sort="-id"),
        *(visit.api.get(BELOW[name].api, offer_id=number, limit=200) for name in BELOW_AN_OFFER),
    )
    entries = dict(zip(BELOW_AN_OFFER, (one["items"] for one in below), strict=True))
    top = await figures.top(visit, "partner", where, offer["currency"]) if is_staff else None
    alternative = await choices.names(visit, "offers", [offer.get("alternative_offer_id")])
    flat = [one for items in entries.values() for one in items]
    return {
        "title": offer["name"],
        "offer": offer,
        "figures": numbers,
        "usage": {(one["cap_id"], one["partner_id"]): one for one in usage},
        "used": usage,
        "access": asked["items"],
        "entries_": entries,
        "top": top,
        "alternative": alternative.get(offer.get("alternative_offer_id") or 0, ""),
        "names": await others.named(visit, [*flat, *asked["items"]]),
        "labels": figures.LABELS,
        "shown": figures.shown,
        "told": told,
        "below": BELOW,
        "is_staff": is_staff,
        "role": role,
        "generator": await generator.context(visit, number) if _may_link(visit) else None,
    }


def _may_link(visit: Visit) -> bool:
    return visit.may("program:write") or visit.may("links:write")


async def _usage(visit: Visit, offer_id: int) -> list[dict[str, Any]]:
    """Return how full the offer's caps are; nothing while that can't be known."""
    try:
        page = await visit.api.get("/api/v1/cap-usage", offer_id=offer_id, limit=200)
    except ClickledgerError:
        return []
    items: list[dict[str, Any]] = page["items"]
    return items


async def _requests(visit: Visit) -> dict[int, dict[str, Any]]:
    """Return what a partner asked for, by offer."""
    return {one["offer_id"]: one for one in await choices.every(visit, "offer-access", sort="-id")}


async def _ask(visit: Visit) -> Response:
    """Ask for an offer, as the partner that one is."""
    offer_id = visit.form.get("offer_id", "")
    body = {
        "offer_id": int(offer_id)
        if offer_id.isascii() and offer_id.isdigit() and len(offer_id) < 11
        else offer_id,
        "note": visit.form.get("note", ""),
    }
    await visit.api.send("POST", "/api/v1/offer-access", body)
    return visit.go(
        f"{PATH}?show=ask", "You asked for the offer. The network decides, and it then stands in your list."
    )


async def _new(visit: Visit) -> dict[str, Any]:
    form = await editing.blank(visit, OFFERS)
    return {"title": "New offer", "sheet": OFFERS, "made_form": form, "back": PATH}


async def _create(visit: Visit) -> Response:
    made = await editing.creating(visit, OFFERS)
    return visit.go(f"{PATH}/{made['id']}", "The offer is there. Make a link to it below and test it.")


async def _edit(visit: Visit) -> dict[str, Any]:
    offer = await visit.api.get(f"{OFFERS.api}/{visit.request.path_params['id']}")
    return {
        "title": f"Change {offer['name']}",
        "sheet": OFFERS,
        "made_form": await editing.filled(visit, OFFERS, offer),
        "entry": offer,
        "back": f"{PATH}/{offer['id']}",
    }


async def _save(visit: Visit) -> Response:
    offer = await editing.changing(visit, OFFERS, visit.request.path_params["id"])
    return visit.go(f"{PATH}/{offer['id']}", "The offer is changed; edges know it within a second.")


PAGES = (
    Page(
        PATH, "Offers", "program/offers.html", _list, "program:read", EVERYBODY,
        acts=(Act("ask", _ask, "access:write"),), group="Relations", place=120,
    ),
    Page(
        f"{PATH}/new", "New offer", "program/new.html", _new, "program:write", STAFF,
        acts=(Act("create", _create, "program:write"),),
    ),
    Page(
        f"{PATH}/{{id}}", "Offer", "program/offer.html", _show, "program:read", EVERYBODY,
        acts=(access.LET_IN,),
    ),
    Page(
        f"{PATH}/{{id}}/edit", "Change an offer", "program/edit.html", _edit, "program:write", STAFF,
        acts=(Act("save", _save, "program:write"),),
    ),
)  # fmt: skip
