"""A report that somebody shared by a link: whoever has the link sees it, without signing in.

Invariants: the page asks the API with the link's token alone, whoever looks; neither the page nor where it
leads to tells anybody the address, which is the key.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from kernel.api import PUBLIC
from reports.web import rendering
from reports.web.page import Page
from reports.web.pages.reports import chart, table, words
from reports.web.pages.reports.asked import Asked
from reports.web.visit import Visit

SHARED: Final = "/api/v1/shared"
_UNSEEN: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


async def _show(visit: Visit) -> Response:
    token = visit.request.path_params["token"]
    found: dict[str, Any] = await visit.api.get(f"{SHARED}/{token}")
    asked, show = Asked(), visit.viewer
    # Names lead nowhere: who has a link need not be let in.
    made = table.table(found, asked, {}, show, "")
    context = visit.context(
        title="Shared report",
        navigation=(),
        said="",
        error="",
        table=made,
        about=words.about(asked, found["meta"], show),
        left_out=words.left_out(found["meta"], show),
        drawing=chart.drawn(found, asked, show),
        csv=f"{SHARED}/{token}?format=csv",
    )
    answer = rendering.page("reports/shared.html", context)
    answer.headers.update(_UNSEEN)
    return answer


PAGE: Final = Page("/shared/{token}", "Shared report", "reports/shared.html", _show, PUBLIC)
