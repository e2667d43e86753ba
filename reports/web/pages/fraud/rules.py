"""The rules: every one with what it looks at and how it is set, and a form to set one, tried on past days first.

Invariants: a form is about one place (everybody, an offer, a partner, a partner on an offer) and says which; what
is tried on past days is exactly what would be saved; saving replaces the place's own entry as a whole.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from reports.web.pages.fraud.asking import Row, named, names, to_pick, whole
from reports.web.pages.fraud.rule_form import (
    ACTIONS,
    BLOCKS,
    Place,
    entry_of,
    fields,
    in_words,
    otherwise,
    own_entry,
    refilled,
    shown,
)
from reports.web.rendering import with_query
from reports.web.visit import Visit

PATH: Final = "/fraud/rules"
RULES: Final = "/api/v1/fraud/rules"
ENTRIES: Final = "/api/v1/fraud/rule-entries"
SUBJECTS: Final = (
    ("request", "The request alone", "Known the moment a click comes in, so it can be sent to the fallback."),
    ("click", "A click among others", "Needs the clicks around it, what is usual, or the model."),
    ("conversion", "A conversion", "Looked at when the conversion comes in, beside those before it."),
    ("score", "The score", "What follows from all reasons together."),
)
TRY_DAYS: Final = (("1", "today"), ("3", "3 days"), ("7", "7 days"), ("14", "14 days"), ("30", "30 days"))


async def show_rules(visit: Visit) -> dict[str, Any]:
    """Return every rule as it is set in a place."""
    place = Place.of(visit.request.query_params)
    found, partners, offers = await asyncio.gather(
        visit.api.get(RULES, **place.query), names(visit, "partners"), names(visit, "offers")
    )
    groups = [
        (heading, told, [rule for rule in found["items"] if rule["subject"] == subject])
        for subject, heading, told in SUBJECTS
    ]
    return {
        "groups": groups,
        "version": found["version"],
        **_about(place, partners, offers),
        "force_in_words": _in_force,
    }


async def show_rule(visit: Visit) -> dict[str, Any]:
    """Return one rule and the form that sets it in a place."""
    code = visit.request.path_params["code"]
    place = Place.of(visit.form or visit.request.query_params)
    rule, partners, offers = await asyncio.gather(
        visit.api.get(f"{RULES}/{code}", **place.query), names(visit, "partners"), names(visit, "offers")
    )
    own = own_entry(rule, place)
    tried = await _tried(visit, code)
    held = own if tried is None else {"note": own["note"] if own else ""} | tried
    if visit.form.get("do") in {"save", "try"}:
        held = refilled(entry_of(rule, place, visit.form), visit.form)
    return {
        "title": rule["code"],
        "rule": rule,
        "own": own,
        "held": held or {},
        "fields": fields(rule, place, held),
        "otherwise": otherwise(rule, place),
        "actions": [("", f"as it is otherwise: {ACTIONS[otherwise(rule, place)['action']].lower()}")]
        + [(one, ACTIONS[one]) for one in rule["actions"]],
        "blocks": [("", "choose"), *BLOCKS.items()],
        "try_days": TRY_DAYS,
        "in_words": in_words,
        "force": _in_force(rule["in_force"]),
        **_about(place, partners, offers),
    }


async def save(visit: Visit) -> Response:
    """Set the rule in the form's place."""
    entry = await _asked(visit)
    await put(visit, entry)
    return visit.go(_here(visit), "Saved. It judges what comes from now on; past days stay as they are.")


async def put(visit: Visit, entry: Row) -> None:
    """Set a rule in a place: a new entry, or another content for the one that is there."""
    place = Place(entry.get("partner_id") or 0, entry.get("offer_id") or 0)
    rule = await visit.api.get(f"{RULES}/{entry['code']}")
    own = own_entry(rule, place)
    content = {name: entry.get(name) for name in ("enabled", "settings", "action", "block", "block_minutes")}
    content["settings"] = content["settings"] or {}
    if "note" in entry:  # a dry run has none
        content["note"] = entry["note"]
    if own is None:
        await visit.api.send("POST", ENTRIES, {"code": entry["code"], **place.query, **content})
    else:
        await visit.api.send("PATCH", f"{ENTRIES}/{own['id']}", content)


async def try_it(visit: Visit) -> Response:
    """Judge past days with the form's settings; what would change is shown on a page of its own."""
    entry = await _asked(visit)
    kept = {name: value for name, value in entry.items() if value is not None and name != "note"}
    body = {"days": whole(visit.form.get("days", "")) or 7, "entries": [kept]}
    # Of others' events nothing would change by it.
    body |= {name: kept[name] for name in ("partner_id", "offer_id") if name in kept}
    run = await visit.api.send("POST", "/api/v1/fraud/dry-runs", body)
    return visit.go(f"/fraud/past/{run['id']}")


async def delete(visit: Visit) -> Response:
    """Take an entry away, so that the next wider one speaks again."""
    await visit.api.send("DELETE", f"{ENTRIES}/{visit.form.get('entry_id', '')}")
    return visit.go(_here(visit), "Taken back. The next wider setting holds again.")


async def _asked(visit: Visit) -> Row:
    code = visit.request.path_params["code"]
    rule = await visit.api.get(f"{RULES}/{code}")
    return entry_of(rule, Place.of(visit.form), visit.form)


async def _tried(visit: Visit, code: str) -> Row | None:
    """Return the entry of a dry run that the address names, to be changed further."""
    run_id = visit.query("tried")
    if not run_id:
        return None
    run = await visit.api.get(f"/api/v1/fraud/rescorings/{run_id}")
    return next((entry for entry in run["entries"] if entry["code"] == code), None)


def _here(visit: Visit) -> str:
    return with_query(visit.request.url.path, Place.of(visit.form).query)


def _about(place: Place, partners: dict[int, str], offers: dict[int, str]) -> dict[str, Any]:
    """Return what a page needs to say and to choose whose traffic it is about."""
    partner, offer = named(partners, "partner", place.partner_id), named(offers, "offer", place.offer_id)
    whom = f"for {partner} on {offer}" if partner and offer else f"on {offer}" if offer else f"for {partner}"
    return {
        "place": place,
        "whom": whom if partner or offer else "for everybody",
        "partner_choices": to_pick(partners, "everybody"),
        "offer_choices": to_pick(offers, "every offer"),
        "partner_name": lambda entry_id: named(partners, "partner", entry_id),
        "offer_name": lambda entry_id: named(offers, "offer", entry_id),
    }


def _in_force(force: Row) -> str:
    """Return how a rule is set, in one line."""
    settings = ", ".join(
        f"{name.replace('_', ' ')} {shown(value)}"
        for name, value in force["settings"].items()
        if name != "counts" and value is not None
    )
    weight = "" if force["settings"].get("counts", True) else "recorded without weight"
    return "; ".join(part for part in (settings, weight) if part)
