"""Deciding many conversions of the log at once, each for itself, with one reason.

Invariant: one that is refused holds up no other, and comes back with why.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from kernel.errors import BODY_INVALID, ClickledgerError
from reports.web.pages.events.conversion import API, DONE, awaits_at
from reports.web.visit import Visit

MOST: Final = 100
"""At once; a page of the log has fewer."""


async def decide_many(visit: Visit) -> dict[str, Any]:
    """Give the chosen conversions a status; return what became of each."""
    status, reason = visit.form.get("status", ""), visit.form.get("why", "").strip()
    # Each is named with the state it was seen in and its time, so that the page knows when the next is stored.
    chosen = [[*one.split(" "), "", ""][:3] for one in visit.several.get("chosen", ())[:MOST]]
    if status not in DONE:
        raise BODY_INVALID.error("Press one of the buttons.")
    if not chosen:
        raise BODY_INVALID.error("Choose conversions first, by the boxes at the beginning of their rows.")
    if not reason:
        raise BODY_INVALID.error("Say why; the reason is kept in the history of each.", field="why")
    outcomes = await asyncio.gather(*(_decide(visit, one[0], status, reason) for one in chosen))
    taken = [one for one, why in zip(chosen, outcomes, strict=True) if not why]
    return {
        "decided": {
            "count": len(taken),
            "done": DONE[status],
            "refused": [(one[0], why) for one, why in zip(chosen, outcomes, strict=True) if why],
            "awaits_at": awaits_at(taken[-1][0], taken[-1][2]) if taken else "",
            "than": taken[-1][1] if taken else "",
        }
    }


async def _decide(visit: Visit, conversion_id: str, status: str, reason: str) -> str:
    """Give one conversion a status; return why it was refused, '' when it wasn't."""
    try:
        await visit.api.send(
            "PATCH", f"{API}/{conversion_id.replace('/', '')}", {"status": status, "reason": reason}
        )
    except ClickledgerError as why:
        if why.kind.status >= 500 or why.kind.status in {401, 429}:
            raise
        return why.message
    return ""
