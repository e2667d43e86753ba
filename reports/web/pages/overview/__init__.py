"""The overview: today beside yesterday and last week, the last days, who does best, what needs attention.

For the network's own people everything, for partners and advertisers what is theirs; the API says what that is.
"""

from __future__ import annotations

import asyncio
from typing import Any

from kernel.api import ANYBODY
from reports.web.page import Page
from reports.web.pages.overview import attention, best, figures
from reports.web.remembered import remembered
from reports.web.visit import Visit


async def _show(visit: Visit) -> dict[str, Any]:
    if not visit.may("reports:read"):
        return {"waiting": await visit.api.get("/api/v1/me"), "tiles": [], "days": {}, "tables": [], "needs": []}
    known = remembered(visit)
    hours, tables, needs = await asyncio.gather(
        figures.hours(visit),
        known.of(visit, "overview tables", best.tables),
        known.of(visit, "overview needs", attention.needs),
    )
    return {
        "waiting": None,
        "report": best.report(visit, figures.DAYS, "day", "clicks,conversions,cr"),
        "tiles": figures.tiles(visit, hours),
        "days": figures.days(hours),
        "tables": tables,
        "needs": needs,
    }


PAGES = (Page("/", "Overview", "overview/overview.html", _show, ANYBODY, group="Look", place=10),)
