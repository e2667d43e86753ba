"""The entries that a field may name, and the names of entries that others name by id: both the API's answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kernel.errors import ClickledgerError
from partners.fields import LINK_PARAMETERS
from reports.web.forms import MOST_CHOSEN, Choice
from reports.web.visit import Visit

PAGE: Final = 1_000
MOST_PAGES: Final = 5
"""Of a list that a field offers: beyond five thousand entries nobody chooses from a list."""

BASE_GOAL: Final = "(base)"
"""Stands in a form for the goal '' where none stands for all of them."""


async def offered(visit: Visit, wanted: Mapping[str, str], offer_id: str) -> dict[str, tuple[Choice, ...]]:
    """Return the choices of fields.

    Args:
        visit: Of whom.
        wanted: Field to what it names: a resource's path, ``parameters``, ``goals`` or ``goals or all``.
        offer_id: The offer that a goal is one of; '' while nobody knows.

    """
    kinds = sorted(set(wanted.values()))
    found = dict(zip(kinds, await asyncio.gather(*(_of(visit, kind, offer_id) for kind in kinds)), strict=True))
    return {name: choices for name, kind in wanted.items() if (choices := found[kind]) is not None}


async def every(visit: Visit, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return the entries of a list, as far as anybody would choose from it."""
    items: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        page = await visit.api.get(f"/api/v1/{path}", limit=PAGE, cursor=cursor, **query)
        items += page["items"]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    return items


async def by_name(visit: Visit, path: str) -> tuple[Choice, ...]:
    """Return the entries of a list by name: all of them, or so many that it is plain they have to be searched."""
    page = await visit.api.get(f"/api/v1/{path}", sort="name", limit=MOST_CHOSEN + 1)
    return tuple((str(one["id"]), one["name"]) for one in page["items"])


async def names(visit: Visit, path: str, ids: Iterable[Any]) -> dict[int, str]:
    """Return the names of entries by id; of those one may not see there are none."""
    wanted = sorted({one for one in ids if one})
    if not wanted:
        return {}
    try:
        page = await visit.api.get(f"/api/v1/{path}", id=wanted[:PAGE], limit=PAGE)
    except ClickledgerError:
        return {}
    return {one["id"]: one["name"] for one in page["items"]}


async def managers(visit: Visit) -> list[dict[str, Any]]:
    """Return the people who may look after an entry; none for one who may not read users."""
    if not visit.may("users:read"):
        return []
    page = await visit.api.get("/api/v1/users", limit=200)
    return [one for one in page["items"] if one["role"] in {"admin", "manager"}]


async def _of(visit: Visit, kind: str, offer_id: str) -> tuple[Choice, ...] | None:
    """Return the choices of one kind; None where a field is better typed in."""
    if kind == "parameters":
        return tuple((name, name) for name in LINK_PARAMETERS)
    if kind == "users":
        return tuple((str(one["id"]), f"{one['name']}, {one['email']}") for one in await managers(visit))
    if kind in {"goals", "goals or all"}:
        if not (offer_id.isascii() and offer_id.isdigit()):
            return None
        try:
            goals = await every(visit, "goals", offer_id=offer_id)
        except ClickledgerError:
            return None
        first = (
            (("", "all goals"), (BASE_GOAL, "the base goal"))
            if kind == "goals or all"
            else (("", "the base goal"),)
        )
        return (*first, *((one["code"], f"{one['name']} ({one['code']})") for one in goals))
    return await by_name(visit, kind)
