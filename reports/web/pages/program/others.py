"""What stands below offers and partners: goals, prices, access, pages, creatives, caps, coupons, tiers and so on.

One list, one form for a new entry and one for each entry, made of the kind's sheet. After a change people are back
where they came from: at the offer it belongs to, else at the list.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from kernel.errors import NOT_FOUND
from reports.web.page import STAFF, Act, Page
from reports.web.pages.program import access, choices, editing, listing, told
from reports.web.pages.program.below import BELOW
from reports.web.pages.program.sheets import Sheet
from reports.web.visit import Visit

FILTERS = ("offer_id", "partner_id", "status")
SORTS = ("name", "code", "currency", "-id")
"""The first of these that a list has is its sort."""
PARTNERS_TABS = ("tiers", "offer-access")
OFFERS_TABS = ("smart-links", "goals", "caps", "payout-overrides", "landing-pages", "creatives", "coupons",
               "currency-rates")  # fmt: skip


def tabs(group: tuple[str, ...], first: tuple[str, str]) -> list[tuple[str, str]]:
    """Return addresses and words of the tabs that lead between lists."""
    return [first, *((BELOW[name].place, BELOW[name].plural.capitalize()) for name in group)]


def tabs_of(path: str) -> list[tuple[str, str]]:
    """Return the tabs that a list stands among."""
    if path in PARTNERS_TABS:
        return tabs(PARTNERS_TABS, ("/partners", "Partners"))
    return tabs(OFFERS_TABS, ("/offers", "Offers"))


async def _list(visit: Visit) -> dict[str, Any]:
    sheet = _sheet(visit)
    sorts = sheet.resource.sorts
    sort = next(one for one in SORTS if one.removeprefix("-") in sorts)
    filters = [name for name in FILTERS if name in sheet.resource.filters]
    made = await listing.read(visit, sheet, sort, filters)
    return made | {
        "title": sheet.plural.capitalize(),
        "lists": tabs_of(sheet.resource.path),
        "names": await named(visit, made["items"]),
        "told": told,
        "states": _states(sheet),
    }


async def _new(visit: Visit) -> dict[str, Any]:
    sheet = _sheet(visit)
    form = await editing.blank(visit, sheet)
    return {"title": f"New {sheet.word}", "sheet": sheet, "made_form": form, "back": _back(sheet, visit)}


async def _edit(visit: Visit) -> dict[str, Any]:
    sheet = _sheet(visit)
    entry = await visit.api.get(f"{sheet.api}/{visit.request.path_params['entry']}")
    form = await editing.filled(visit, sheet, entry)
    called = str(entry.get("name") or entry.get("code") or entry.get("currency") or entry["id"])
    return {
        "title": f"{sheet.word.capitalize()} {called}",
        "sheet": sheet,
        "made_form": form,
        "entry": entry,
        "names": await named(visit, [entry]),
        "back": _home(sheet, entry),
    }


async def _create(visit: Visit) -> Response:
    sheet = _sheet(visit)
    made = await editing.creating(visit, sheet)
    return visit.go(_home(sheet, made), f"The {sheet.word} is there.")


async def _save(visit: Visit) -> Response:
    sheet = _sheet(visit)
    changed = await editing.changing(visit, sheet, visit.request.path_params["entry"])
    return visit.go(_home(sheet, changed), f"The {sheet.word} is changed.")


async def _delete(visit: Visit) -> Response:
    sheet = _sheet(visit)
    gone = await editing.delete(visit, sheet, visit.request.path_params["entry"])
    return visit.go(_home(sheet, gone), f"The {sheet.word} is gone.")


async def named(visit: Visit, items: list[dict[str, Any]]) -> dict[str, dict[int, str]]:
    """Return the names of the offers, partners and tiers that entries name."""
    members = [member["offer_id"] for one in items for member in one.get("members") or ()]
    offers = await choices.names(visit, "offers", [*(one.get("offer_id") for one in items), *members])
    partners = await choices.names(visit, "partners", [one.get("partner_id") for one in items])
    tiers = {}
    if any(one.get("tier_id") for one in items):
        tiers = {one["id"]: one["name"] for one in await choices.every(visit, "tiers")}
    return {"offer": offers, "partner": partners, "tier": tiers}


def _sheet(visit: Visit) -> Sheet:
    """Return the sheet of the kind that the address names.

    Raises:
        ClickledgerError: ``not_found``.

    """
    sheet = BELOW.get(visit.request.path_params["resource"])
    if sheet is None:
        raise NOT_FOUND.error("There is no such list; go on from the offers or the partners.")
    return sheet


def _states(sheet: Sheet) -> list[tuple[str, str]]:
    if "status" not in sheet.resource.filters:
        return []
    words = ("pending", "approved", "rejected") if sheet.resource.path == "offer-access" else ("active", "paused")
    return [("", "any"), *((word, word) for word in words)]


def _home(sheet: Sheet, entry: dict[str, Any]) -> str:
    """Return where an entry is seen among what it belongs to."""
    offer_id = entry.get("offer_id")
    return f"/offers/{offer_id}#{sheet.resource.path}" if offer_id else sheet.place


def _back(sheet: Sheet, visit: Visit) -> str:
    offer_id = visit.query("offer_id")
    return f"/offers/{int(offer_id)}" if offer_id.isascii() and offer_id.isdigit() else sheet.place


PAGES = (
    Page("/program/{resource}", "Lists", "program/list.html", _list, "program:read", STAFF, acts=(access.LET_IN,)),
    Page(
        "/program/{resource}/new", "New entry", "program/new.html", _new, "program:write", STAFF,
        acts=(Act("create", _create, "program:write"),),
    ),
    Page(
        "/program/{resource}/{entry}", "Entry", "program/edit.html", _edit, "program:write", STAFF,
        acts=(Act("save", _save, "program:write"), Act("delete", _delete, "program:write")),
    ),
)  # fmt: skip
