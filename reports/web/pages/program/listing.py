"""Lists of entries: searched, narrowed, sorted and read page by page, with the numbers of the last seven days.

What the address asks for goes to the API as it is, which refuses what isn't there; so a list's address can be kept
and sent to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reports.web.pages.program.sheets import Sheet
from reports.web.visit import Visit

PER_PAGE: Final = 50


async def read(
    visit: Visit, sheet: Sheet, sort: str = "name", filters: Sequence[str] = (), path: str = ""
) -> dict[str, Any]:
    """Return a page of a list and what was asked for, for a template.

    Args:
        visit: Whose query is read.
        sheet: Of the entries.
        sort: Unless the query says otherwise.
        filters: Columns that the query may narrow by.
        path: Of the API; the resource's own unless said otherwise.

    """
    asked = {name: visit.query(name).strip() for name in ("q", *filters)}
    if not sheet.resource.named_by:
        asked.pop("q", None)
    sort = visit.query("sort") or sort
    told = await visit.api.get(path or sheet.api, **asked, sort=sort, limit=PER_PAGE, cursor=visit.query("cursor"))
    given = {name: value for name, value in asked.items() if value}
    return {
        "items": told["items"],
        "next_cursor": told["next_cursor"],
        "asked": asked,
        "sort": sort,
        "query": given | ({"sort": visit.query("sort")} if visit.query("sort") else {}),
        "is_narrowed": bool(given),
        "is_first": not visit.query("cursor"),
        "sheet": sheet,
    }
