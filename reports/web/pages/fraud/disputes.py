"""Disputes: a list by state, one with all that was said, and opening one; for the network and for partners.

Invariants: a partner sees its own disputes as the API answers them to it, without internal notes; a decision has a
reason, which the partner reads; a form sends the revision it was made of, so that nobody decides what has changed.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from reports.web.pages.fraud.asking import named, names, number_or_text, people, to_pick, unless
from reports.web.visit import Visit

PATH: Final = "/disputes"
DISPUTES: Final = "/api/v1/fraud/disputes"
STATES: Final = (
    ("", "All"),
    ("open", "Open"),
    ("under_review", "Under review"),
    ("upheld", "Upheld"),
    ("overturned", "Overturned"),
    ("withdrawn", "Withdrawn"),
)
OUTCOMES: Final = {
    "approved": "The conversion was approved.",
    "adjusted": "What the conversion was worth was booked as an adjustment.",
    "nothing": "No money was moved.",
}
SAID: Final = {
    "under_review": "It is under review now.",
    "upheld": "The verdict stands. The partner reads why.",
    "overturned": "The partner was right.",
    "withdrawn": "The dispute is withdrawn.",
}
PAGE_SIZE: Final = 100


async def show_disputes(visit: Visit) -> dict[str, Any]:
    """Return a page of disputes, and the form that opens one."""
    state = visit.query("state") if visit.query("state") in dict(STATES) else ""
    partners, offers = await asyncio.gather(names(visit, "partners"), names(visit, "offers"))
    wanted = visit.query("partner_id") if visit.query("partner_id") in {str(one) for one in partners} else ""
    found = await visit.api.get(
        DISPUTES,
        state=state,
        partner_id="" if _is_partner(visit) else wanted,
        sort="-id",
        limit=PAGE_SIZE,
        cursor=visit.query("cursor"),
    )
    return {
        "disputes": found["items"],
        "next_cursor": found["next_cursor"],
        "states": STATES,
        "state": state,
        "is_partner": _is_partner(visit),
        "wanted_partner": wanted,
        "wanted_conversion": visit.query("conversion_id")[:64],
        "partner_choices": to_pick(partners, "of the conversion"),
        "offer_choices": to_pick(offers, "every offer"),
        "partner_name": lambda entry_id: named(partners, "partner", entry_id),
        "offer_name": lambda entry_id: named(offers, "offer", entry_id),
    }


async def open_one(visit: Visit) -> Response:
    """Open a dispute about a conversion or about days."""
    form = visit.form
    body: dict[str, Any] = {
        "conversion_id": form.get("conversion_id", "").strip() or None,
        "first_day": form.get("first_day") or None,
        "last_day": form.get("last_day") or None,
        "offer_id": number_or_text(form.get("offer_id", "")),
        "reason": form.get("reason", ""),
    }
    if not _is_partner(visit):
        body["partner_id"] = number_or_text(form.get("partner_id", ""))
    made = await visit.api.send("POST", DISPUTES, body)
    return visit.go(f"{PATH}/{made['id']}", "The dispute is open.")


async def show_dispute(visit: Visit) -> dict[str, Any]:
    """Return one dispute with its history and what can be done now."""
    found, partners, offers, person = await asyncio.gather(
        visit.api.get(f"{DISPUTES}/{visit.request.path_params['id']}"),
        names(visit, "partners"),
        names(visit, "offers"),
        people(visit),
    )
    shown = None
    if found["conversion_id"] and visit.may("events:read"):
        shown = await unless("not_found", visit.api.get(f"/api/v1/conversions/{found['conversion_id']}"))
    return {
        "title": f"Dispute {found['id']}",
        "dispute": found,
        "person": person,
        "conversion": shown["conversion"] if shown else None,
        "is_partner": _is_partner(visit),
        "is_over": found["state"] in {"upheld", "overturned", "withdrawn"},
        "outcome": OUTCOMES.get(found["outcome"], ""),
        "state_words": dict(STATES),
        "partner_name": lambda entry_id: named(partners, "partner", entry_id),
        "offer_name": lambda entry_id: named(offers, "offer", entry_id),
    }


async def say(visit: Visit) -> Response:
    """Add a message, or a note that the network's people keep to themselves."""
    dispute_id, internal = visit.request.path_params["id"], bool(visit.form.get("internal"))
    body = {"text": visit.form.get("text", ""), "internal": internal}
    await visit.api.send("POST", f"{DISPUTES}/{dispute_id}/messages", body)
    return visit.go(f"{PATH}/{dispute_id}", "Your note is kept." if internal else "Your message is sent.")


async def decide(visit: Visit) -> Response:
    """Bring a dispute to another state, as the network."""
    return await _move(visit, visit.form.get("state", ""))


async def withdraw(visit: Visit) -> Response:
    """End a dispute without a decision."""
    return await _move(visit, "withdrawn")


async def _move(visit: Visit, state: str) -> Response:
    dispute_id, revision = visit.request.path_params["id"], visit.form.get("revision", "")
    body = {"state": state, "reason": visit.form.get("reason", ""), "approve": not visit.form.get("leave_money")}
    tag = {"If-Match": f'"{revision}"'} if revision.isdigit() and revision.isascii() else {}
    await visit.api.send("POST", f"{DISPUTES}/{dispute_id}/state", body, tag)
    return visit.go(f"{PATH}/{dispute_id}", SAID[state])


def _is_partner(visit: Visit) -> bool:
    return visit.who is not None and visit.who.role == "partner"
