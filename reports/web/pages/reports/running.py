"""A report that a page shows is asked here, with patience that ends.

A browser with scripts is told after a while that the report takes longer; its script then asks again, shows for
how long, and can stop it. Invariant: what a page or its reader doesn't wait for any more is ended in the store.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.viewer import ZONE_COOKIE
from reports.web.visit import Visit

PART: Final = "X-Part"
"""Header of a script that asks for the parts of a page that change."""
PATIENCE_SECONDS: Final = 4.0
"""A person sees a page by then, or what it waits for."""


def wants_part(visit: Visit) -> bool:
    """Return whether a script asks for the parts that change."""
    return visit.request.headers.get(PART, "") == "report"


def patience(visit: Visit) -> float | None:
    """Return for how many seconds a page waits for its report; None for as long as it takes.

    A browser with scripts gets a page that asks again and can be stopped; only a script sets the zone's cookie.
    """
    return PATIENCE_SECONDS if ZONE_COOKIE in visit.request.cookies and not wants_part(visit) else None


async def answered(
    visit: Visit, path: str, body: dict[str, Any], within: float | None = None
) -> dict[str, Any] | None:
    """Return a report's answer; None where it takes too long, or its reader went away.

    Args:
        visit: Of whom.
        path: The operation that runs it.
        body: What it takes.
        within: Seconds to wait; None for as long as it takes.

    Raises:
        ClickledgerError: What the API refuses with.

    """
    left = asyncio.Event()
    asking = asyncio.ensure_future(visit.api.send("POST", path, body, left=left))
    gone = asyncio.ensure_future(_gone(visit))
    both: set[asyncio.Future[Any]] = {asking, gone}
    is_answered = False
    try:
        await asyncio.wait(both, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        is_answered = asking.done()
    finally:
        gone.cancel()
        left.set()
        if not is_answered:
            with suppress(ClickledgerError):  # that it was ended, which nobody waits to hear
                await asking
    return asking.result() if is_answered else None


async def _gone(visit: Visit) -> None:
    """Return when the reader has gone away."""
    while (await visit.request.receive())["type"] != "http.disconnect":
        pass
