"""Deciding on a partner's request for an offer: on the partner's page, on the offer's, and in the list of all."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from kernel.errors import NOT_FOUND
from reports.web.page import Act
from reports.web.pages.program import editing
from reports.web.visit import Visit

API: Final = "/api/v1/offer-access"


async def _let_in(visit: Visit) -> Response:
    """Let a partner in or keep it out, and go back to the page that was looked at."""
    entry = visit.form.get("id", "")
    if not (entry.isascii() and entry.isdigit()):
        raise NOT_FOUND.error("There is no such request any more; open the page anew.")
    body = {"status": visit.form.get("status", "")}
    decided = await visit.api.send("PATCH", f"{API}/{entry}", body, editing.seen(visit))
    word = "in" if decided["status"] == "approved" else "kept out"
    return visit.go(visit.here, f"The partner is {word}.")


async def some_wait(visit: Visit) -> bool:
    """Return whether a request waits to be decided."""
    waiting = await visit.api.get(API, status="pending", limit=1)
    return bool(waiting["items"])


LET_IN: Final = Act("let-in", _let_in, "program:write")
