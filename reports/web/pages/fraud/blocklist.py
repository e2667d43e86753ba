"""The blocklist: sources of traffic that are turned away, by whom and until when; adding and ending blocks.

Invariant: who made a block is what the audit log says, and shown to those who may read it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from reports.web.pages.fraud.asking import Row, named, names, number_or_text, people, to_pick, whole
from reports.web.visit import Visit

PATH: Final = "/fraud/blocklist"
BLOCKS: Final = "/api/v1/blocklist"
KINDS: Final = {
    "network": ("Network or address", "203.0.113.7 or 203.0.113.0/24"),
    "asn": ("AS number", "64500"),
    "country": ("Country", "US"),
    "user_agent": ("Part of the user agent", "HeadlessChrome"),
    "referrer_host": ("Referring host, and those below it", "spam.example"),
    "source": ("Source, its whole value", "popunder-7"),
    "sub1": ("Sub1, its whole value", "zone-12"),
    "device_id": ("Device id", ""),
    "partner": ("Partner, by its id", "17"),
}
"""What can be blocked, with an example."""
LIVES: Final = (
    ("1", "an hour"),
    ("24", "a day"),
    ("168", "a week"),
    ("720", "30 days"),
    ("", "until somebody ends it"),
)
PAGE_SIZE: Final = 100
WORD: Final = "blocklist entry"
"""What the audit log calls one."""


async def show(visit: Visit) -> dict[str, Any]:
    """Return a page of blocks."""
    kind = visit.query("kind") if visit.query("kind") in KINDS else ""
    cursor, search = visit.query("cursor"), visit.query("q").strip()
    found, partners, offers = await asyncio.gather(
        visit.api.get(BLOCKS, kind=kind, q=search, sort="-created_at", limit=PAGE_SIZE, cursor=cursor),
        names(visit, "partners"),
        names(visit, "offers"),
    )
    now = datetime.now(UTC)
    items = [one | {"is_over": _is_over(one, now)} for one in found["items"]]
    return {
        "blocks": items,
        "makers": await _makers(visit, [one["id"] for one in items]),
        "next_cursor": found["next_cursor"],
        "kinds": KINDS,
        "kind": kind,
        "search": search,
        "lives": LIVES,
        "partner_choices": to_pick(partners, "everybody's traffic"),
        "offer_choices": to_pick(offers, "every offer"),
        "partner_name": lambda entry_id: named(partners, "partner", entry_id),
        "offer_name": lambda entry_id: named(offers, "offer", entry_id),
    }


async def add(visit: Visit) -> Response:
    """Turn a source of traffic away."""
    form = visit.form
    hours = whole(form.get("hours", "")) or 0
    hours = hours if str(hours) in dict(LIVES) else 0
    body = {
        "kind": form.get("kind", ""),
        "value": form.get("value", "").strip(),
        "partner_id": number_or_text(form.get("partner_id", "")),
        "offer_id": number_or_text(form.get("offer_id", "")),
        "reason": form.get("reason", ""),
        "expires_at": (datetime.now(UTC) + timedelta(hours=hours)).isoformat() if hours else None,
    }
    made = await visit.api.send("POST", BLOCKS, body)
    return visit.go(PATH, f"{KINDS[made['kind']][0]} {made['value']} is turned away from now on.")


async def end(visit: Visit) -> Response:
    """End a block."""
    await visit.api.send("DELETE", f"{BLOCKS}/{visit.form.get('id', '')}")
    return visit.go(visit.here, "The block has ended.")


async def _makers(visit: Visit, ids: list[int]) -> dict[int, str]:
    """Return who made each block, as the audit log calls them; nothing for who may not read it."""
    if not ids or not visit.may("audit:read"):
        return {}
    told = await visit.api.get(
        "/api/v1/audit", kind=WORD, action="create", entry_id=ids, limit=len(ids), sort="-id"
    )
    person = await people(visit)
    return {
        one["entry_id"]: "a fraud rule" if one["actor"] == "fraud" else person(one["actor"])
        for one in told["items"]
    }


def _is_over(block: Row, now: datetime) -> bool:
    ends = block["expires_at"]
    return ends is not None and datetime.fromisoformat(ends) <= now
