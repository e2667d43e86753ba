"""Entering a conversion by hand: for a click, or by a coupon with its offer."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.pages.events.filters import STATUSES
from reports.web.visit import Visit

_TEXTS: Final = ("click_id", "goal", "txn_id", "status", "amount", "coupon", "customer_id", "payout", "revenue")
_NAMES: Final = 200
_ID_DIGITS: Final = 10


async def _show(visit: Visit) -> dict[str, Any]:
    offers = await visit.api.get("/api/v1/offers", limit=_NAMES)
    return {
        "offers": [("", "The click's own"), *((one["id"], one["name"]) for one in offers["items"])],
        "statuses": [("", "As the offer says"), *STATUSES],
        "is_trusted": visit.who is not None and visit.who.role in STAFF,
        "click_id": visit.form.get("click_id", visit.query("click_id")),
    }


async def _enter(visit: Visit) -> Response:
    body: dict[str, Any] = {name: visit.form.get(name, "").strip() for name in _TEXTS}
    body = {name: value for name, value in body.items() if value}
    if currency := visit.form.get("currency", "").strip():
        body["currency"] = currency.upper()
    if offer := visit.form.get("offer_id", "").strip():
        body["offer_id"] = number(offer)
    body["reason"] = visit.form.get("reason", "").strip()
    done = await visit.api.send("POST", "/api/v1/conversions", body)
    said = {
        "accepted": "The conversion is entered.",
        "updated": "This conversion was there already; it is changed.",
        "duplicate": "This conversion was there already, and nothing changed.",
    }[done["status"]]
    return visit.go(f"/conversions/{done['conversion_id']}?after=0", said)


def number(text: str) -> int | str:
    """Return an id as a number; what is none stays a text, for the API to refuse by its field."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else text


PAGES = (
    Page(
        "/conversions/new", "Enter a conversion", "events/entering.html", _show, "conversions:write",
        acts=(Act("enter", _enter, "conversions:write"),),
    ),
)  # fmt: skip
