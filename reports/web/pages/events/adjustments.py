"""Adjustments: money added to a partner's account, or taken from it, by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.pages.events.entering import number
from reports.web.visit import Visit

_DAYS: Final = 365
"""Of adjustments that are listed."""
_NAMES: Final = 200
_MOST: Final = 100


async def _show(visit: Visit) -> dict[str, Any]:
    today = visit.viewer.today()
    made, partners, offers = await asyncio.gather(
        visit.api.get(
            "/api/v1/logs/conversions",
            from_=today - timedelta(days=_DAYS),
            to=today + timedelta(days=1),
            timezone=visit.viewer.zone.key,
            filter="attribution=adjustment",
            columns="ts,conversion_id,partner_id,offer_id,payout,revenue,currency,actor,change_reason",
            limit=_MOST,
        ),
        visit.api.get("/api/v1/partners", limit=_NAMES),
        visit.api.get("/api/v1/offers", limit=_NAMES),
    )
    return {
        "rows": made["items"],
        "partners": [("", "Choose a partner"), *((one["id"], one["name"]) for one in partners["items"])],
        "offers": [("", "None"), *((one["id"], one["name"]) for one in offers["items"])],
        "partner_id": visit.form.get("partner_id", visit.query("partner_id")),
        "may_write": visit.may("conversions:write"),
    }


async def _adjust(visit: Visit) -> Response:
    given = {name: visit.form.get(name, "").strip() for name in ("partner_id", "offer_id", "payout", "revenue")}
    body: dict[str, Any] = {name: value for name, value in given.items() if value}
    for name in ("partner_id", "offer_id"):
        if name in body:
            body[name] = number(body[name])
    body["currency"] = visit.form.get("currency", "").strip().upper()
    body["reason"] = visit.form.get("reason", "").strip()
    done = await visit.api.send("POST", "/api/v1/adjustments", body)
    return visit.go("/adjustments", f"The adjustment {done['adjustment_id']} is made; it shows here in a second.")


PAGES = (
    Page(
        "/adjustments", "Adjustments", "events/adjustments.html", _show, "events:read", STAFF,
        acts=(Act("adjust", _adjust, "conversions:write"),),
    ),
)  # fmt: skip
