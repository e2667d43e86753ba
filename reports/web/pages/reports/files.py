"""A report as a file: the address is the builder's, with a format, so a link is all it takes."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kernel.errors import BODY_INVALID
from reports.errors import NO_METRICS
from reports.shell import ConditionError
from reports.web.page import Page
from reports.web.pages.reports.asked import PATH
from reports.web.pages.reports.builder import read
from reports.web.pages.reports.catalog import catalog
from reports.web.visit import Visit

EXPORT: Final = "/api/v1/reports/export"


async def _show(visit: Visit) -> Response:
    known = await catalog(visit)
    asked, problems = read(visit, known)
    if problems:
        # A page shows the rest and says so; nobody would see that of a file.
        raise BODY_INVALID.error(problems[0])
    if not asked.metrics:
        raise NO_METRICS.error()
    try:
        query = asked.query(known)
    except ConditionError as why:
        raise BODY_INVALID.error(str(why)) from why
    whole = {name: value for name, value in query.items() if name not in {"limit", "offset", "totals"}}
    wanted = {"format": visit.query("format", "csv")} | ({"raw": True} if visit.query("raw") == "yes" else {})
    return await visit.api.download("POST", EXPORT, whole | wanted)


PAGE: Final = Page(f"{PATH}/export", "Export", "failed.html", _show, "reports:read")
