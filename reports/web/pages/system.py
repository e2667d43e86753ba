"""How the service is doing: pipeline and journals, stores, the fraud model, rollups."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.visit import Visit

PATH: Final = "/system"
CHECKED_DAYS: Final = 7


async def _show(visit: Visit) -> dict[str, Any]:
    pipeline, ready, models = await asyncio.gather(
        visit.api.get("/api/v1/pipeline"), visit.api.get("/readyz"), _models(visit)
    )
    return {
        "pipeline": pipeline,
        "ready": ready,
        "models": models,
        "in_use": next((one for one in (models or {}).get("models", ()) if one["in_use"]), None),
        "days": await _rollups(visit) if visit.query("check") == "rollups" else None,
        "settings": visit.request.app.state.settings,
    }


async def _models(visit: Visit) -> dict[str, Any] | None:
    if not visit.may("fraud:read"):
        return None
    found: dict[str, Any] = await visit.api.get("/api/v1/fraud/models")
    return found


async def _rollups(visit: Visit) -> list[dict[str, Any]]:
    """Compare what rollups say of the last days with the clicks; it reads all of them, so only when asked."""
    end = datetime.now(UTC).date() + timedelta(days=1)
    first = end - timedelta(days=CHECKED_DAYS)
    found = await visit.api.get("/api/v1/rollups", from_=first.isoformat(), to=end.isoformat())
    days: list[dict[str, Any]] = found["days"]
    return days


async def _rebuild(visit: Visit) -> Response:
    day = visit.form.get("day", "")
    await visit.api.send("POST", "/api/v1/rollups/rebuild", {"day": day})
    return visit.go(f"{PATH}?check=rollups", f"What the rollups say of {visit.viewer.day(day)} was made anew.")


PAGES = (
    Page(
        PATH,
        "System",
        "system.html",
        _show,
        "system:read",
        STAFF,
        acts=(Act("rebuild", _rebuild, "system:write"),),
        group="Set up",
        place=370,
    ),
)
