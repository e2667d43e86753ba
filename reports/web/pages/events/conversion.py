"""One conversion: its states, and what the network or its advertiser makes of it.

Invariant: what was just written is stored about a second later; until then the page says so and shows what was.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import BODY_INVALID, NOT_FOUND, ClickledgerError
from reports.web.page import STAFF, Act, Page
from reports.web.pages.events import words
from reports.web.pages.events.road import send_again, stored
from reports.web.rendering import with_query
from reports.web.visit import Visit

API: Final = "/api/v1/conversions"
DONE: Final = {"approved": "approved", "rejected": "rejected", "hold": "put on hold", "pending": "made pending"}
_NOT_THERE_YET: Final[dict[str, Any]] = {
    "one": None,
    "awaits": "0",
    "history": [],
    "sent": None,
    "dispute": None,
    "stored": [],
}


async def _show(visit: Visit) -> dict[str, Any]:
    conversion_id = visit.request.path_params["id"]
    awaits = visit.query("after")
    frame = {**words.WORDS, "id": conversion_id, "is_trusted": visit.who is not None and visit.who.role in STAFF}
    try:
        found = await visit.api.get(f"{API}/{conversion_id}")
    except ClickledgerError as why:
        if why.kind is not NOT_FOUND or awaits != "0":
            raise
        return frame | _NOT_THERE_YET | {"awaits_at": awaits_at(conversion_id, "")}
    seen = found["conversion"]
    named, sent, dispute = await asyncio.gather(_named(visit, seen), _sent(visit, seen), _dispute(visit, seen))
    newest = str(seen["change_seq"])
    return frame | {
        "one": seen | named,
        "awaits": newest if awaits == newest else "",
        "awaits_at": awaits_at(conversion_id, seen["ts"]),
        "reasons": words.reasons(seen),
        "history": found["history"],
        "sent": sent,
        "dispute": dispute,
        "stored": stored(seen | named),
        "statuses": found["may_become"],
    }


def awaits_at(conversion_id: str, since: str) -> str:
    """Return where a script sees which state is stored: a log, which is empty and no error until one is.

    Args:
        conversion_id: Whose.
        since: When it was received; '' for one of the last years.

    """
    where = json.dumps({"dimension": "conversion_id", "op": "eq", "value": conversion_id})
    asked = {"filter": where, "columns": "change_seq", "limit": 1, "from": since}
    return with_query("/api/v1/logs/conversions", asked)


async def _named(visit: Visit, seen: dict[str, Any]) -> dict[str, Any]:
    """Return the names beside a conversion's ids, as the log has them."""
    at = datetime.fromisoformat(seen["ts"])
    found = await visit.api.get(
        "/api/v1/logs/conversions",
        from_=at.isoformat(),
        to=(at + timedelta(milliseconds=1)).isoformat(),
        filter=f"conversion_id={seen['conversion_id']}",
        columns="partner_id,offer_id,advertiser_id,link_id",
        limit=1,
    )
    return found["items"][0] if found["items"] else {}


async def _sent(visit: Visit, seen: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the outgoing messages about a conversion, newest first; None for those who may not see them."""
    if not visit.may("outbound:read"):
        return None
    found = await visit.api.get(
        "/api/v1/outbound/attempts", conversion_id=seen["conversion_id"], from_=seen["ts"], limit=100
    )
    tries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found["items"]:
        tries[one["message_id"]].append(one)
    return [{"message_id": key, "newest": rows[0], "tries": len(rows)} for key, rows in tries.items()]


async def _dispute(visit: Visit, seen: dict[str, Any]) -> dict[str, Any] | None:
    """Return the dispute about a conversion, if there is one that the visitor may see."""
    if not (visit.may("fraud:read") or visit.may("disputes:write")):
        return None
    found = await visit.api.get("/api/v1/fraud/disputes", conversion_id=seen["conversion_id"], limit=1)
    return found["items"][0] if found["items"] else None


async def _decide(visit: Visit) -> Response:
    status = visit.form.get("status", "")
    if status not in DONE:
        raise BODY_INVALID.error("Press one of the buttons.")
    return await _change(visit, {"status": status}, f"The conversion is {DONE[status]}.")


async def _correct(visit: Visit) -> Response:
    given = {name: visit.form.get(name, "").strip() for name in ("amount", "payout", "revenue", "currency")}
    money = {name: value for name, value in given.items() if value}
    if "currency" in money:
        money["currency"] = money["currency"].upper()
    return await _change(visit, money, "The money is corrected.")


async def _change(visit: Visit, changes: dict[str, str], said: str) -> Response:
    """Change a conversion, and come back to it waiting for the state after the one that was seen."""
    conversion_id = visit.request.path_params["id"]
    body = changes | {"reason": visit.form.get("reason", "").strip()}
    done = await visit.api.send("PATCH", f"{API}/{conversion_id}", body)
    if done["status"] == "duplicate":
        return visit.go(f"/conversions/{conversion_id}", "It was so already: nothing changed.")
    seen = visit.form.get("seen", "")
    after = f"?after={seen}" if seen.isascii() and seen.isdigit() else ""
    return visit.go(f"/conversions/{conversion_id}{after}", said)


PAGES = (
    Page(
        "/conversions/{id}", "Conversion", "events/conversion.html", _show, "events:read",
        acts=(
            Act("decide", _decide, "conversions:write"),
            Act("correct", _correct, "conversions:write"),
            Act("resend", send_again, "outbound:write"),
        ),
    ),
)  # fmt: skip
