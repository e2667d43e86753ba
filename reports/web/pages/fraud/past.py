"""The past judged again: dry runs of rules, and re-scorings that are proposed, looked at and applied.

Invariants: nothing is written before somebody says so on a page that shows what it does to payouts; a page of
something that still works shows how far it is; what a dry run tried can be saved as it was tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from fraud.reasons import REASONS
from kernel.errors import ClickledgerError
from reports.web.pages.fraud.asking import Row, named, names, people, to_pick, whole
from reports.web.pages.fraud.centre import VERDICTS
from reports.web.pages.fraud.rule_form import Place, in_words
from reports.web.pages.fraud.rules import put
from reports.web.rendering import with_query
from reports.web.visit import Visit

PATH: Final = "/fraud/past"
RUNS: Final = "/api/v1/fraud/rescorings"
STATES: Final = {
    "computing": ("computing", "plain"),
    "proposed": ("waits for you", "warn"),
    "answered": ("answered", "good"),
    "applying": ("being applied", "plain"),
    "committed": ("being applied", "plain"),
    "applied": ("applied", "good"),
    "cancelled": ("cancelled", "plain"),
    "failed": ("failed", "bad"),
}
"""Each with its word and its colour."""
WORKING: Final = frozenset({"computing", "applying", "committed"})
KINDS: Final = (("click", "Clicks"), ("impression", "Impressions"), ("conversion", "Conversions"))


async def show_runs(visit: Visit) -> dict[str, Any]:
    """Return the latest re-scorings and dry runs."""
    found, partners, offers, person = await asyncio.gather(
        visit.api.get(RUNS), names(visit, "partners"), names(visit, "offers"), people(visit)
    )
    today = datetime.now(UTC).date()
    return {
        "runs": found["rescorings"],
        "person": person,
        "states": STATES,
        "working": WORKING,
        "last_day": last_day,
        "in_words": in_words,
        "today": str(today),
        "week_ago": str(today - timedelta(days=6)),
        "partner_choices": to_pick(partners, "everybody"),
        "offer_choices": to_pick(offers, "every offer"),
        "whom": lambda run: _whom(run, partners, offers),
    }


async def propose(visit: Visit) -> Response:
    """Have a range judged again; what would change is shown before anything is written."""
    form = visit.form
    body: Row = {"from": form.get("from", ""), "to": _day_after(form.get("to", ""))}
    for name in ("partner_id", "offer_id"):
        text = form.get(name, "").strip()
        if text:
            body[name] = whole(text) or text
    run = await visit.api.send("POST", RUNS, body)
    return visit.go(f"{PATH}/{run['id']}")


async def show_run(visit: Visit) -> dict[str, Any]:
    """Return one re-scoring or dry run with what it would change."""
    run, partners, offers, person = await asyncio.gather(
        visit.api.get(f"{RUNS}/{visit.request.path_params['id']}"),
        names(visit, "partners"),
        names(visit, "offers"),
        people(visit),
    )
    found, progress = run["difference"], run["progress"]
    # What an entry doesn't name is left out of it.
    run["entries"] = [{"partner_id": 0, "offer_id": 0} | entry for entry in run["entries"]]
    return {
        "title": ("Dry run" if run["is_dry_run"] else "Re-scoring") + f" of {_days(run, visit)}",
        "run": run,
        "person": person,
        "is_working": run["state"] in WORKING,
        "done": min(1.0, progress["judged"] / progress["events"]) if progress["events"] else 0.0,
        "states": STATES,
        "in_words": in_words,
        "whom": _whom(run, partners, offers),
        "verdicts": [(word, _moved(found["verdicts"].get(kind, {}))) for kind, word in KINDS] if found else [],
        "reasons": sorted(
            (one for one in found.get("reasons", ()) if one["before"] != one["after"]),
            key=lambda one: -abs(one["after"] - one["before"]),
        ),
        "told": lambda code: REASONS[code].sentence if code in REASONS else code,
        "difference": found,
        "moved_events": {
            kind: sum(one["events"] for one in found.get("moved", ()) if one["kind"] == kind) for kind, _ in KINDS
        },
        "partners": [one for one in found.get("partners", ()) if _is_touched(one)],
        "no_change": bool(found) and not any(found[name] for name in ("moved", "followed", "conversions")),
        "partner_name": lambda entry_id: named(partners, "partner", entry_id),
        "offer_name": lambda entry_id: named(offers, "offer", entry_id),
        "sign": _sign,
    }


async def apply(visit: Visit) -> Response:
    """Write a proposal into its range."""
    run_id = visit.request.path_params["id"]
    await visit.api.send("POST", f"{RUNS}/{run_id}/apply")
    return visit.go(f"{PATH}/{run_id}", "It is being written; reports show it all at once when it is done.")


async def cancel(visit: Visit) -> Response:
    """Stop computing a proposal, or forget it."""
    run_id = visit.request.path_params["id"]
    await visit.api.send("POST", f"{RUNS}/{run_id}/cancel")
    return visit.go(PATH, "Cancelled. Nothing was written.")


async def save_rules(visit: Visit) -> Response:
    """Set the rules as a dry run tried them."""
    run = await visit.api.get(f"{RUNS}/{visit.request.path_params['id']}")
    for entry in run["entries"]:
        try:
            await put(visit, entry)
        except ClickledgerError as why:
            raise why.kind.error(f"{entry['code']}: {why.message}") from why
    if not run["entries"]:
        return visit.go(f"{PATH}/{run['id']}")
    first = run["entries"][0]
    place = Place(first.get("partner_id") or 0, first.get("offer_id") or 0)
    return visit.go(with_query(f"/fraud/rules/{first['code']}", place.query), "Saved as it was tried.")


def _moved(counts: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Return the verdicts of one kind of event, before and after."""
    before, after = counts.get("before", {}), counts.get("after", {})
    return [
        (verdict, before.get(verdict, 0), after.get(verdict, 0))
        for verdict, *_ in VERDICTS
        if verdict in before or verdict in after
    ]


def _is_touched(partner: Row) -> bool:
    return bool(partner["no_longer_valid"] or partner["valid_again"] or partner["money"])


def last_day(run: Row) -> date:
    """Return the last day of a range, whose end the API names by the day after it."""
    return date.fromisoformat(run["to"]) - timedelta(days=1)


def _days(run: Row, visit: Visit) -> str:
    first, last = visit.viewer.day(run["from"]), visit.viewer.day(last_day(run))
    return first if first == last else f"{first} to {last}"


def _whom(run: Row, partners: Mapping[int, str], offers: Mapping[int, str]) -> str:
    partner = named(partners, "partner", run["partner_id"])
    offer = named(offers, "offer", run["offer_id"])
    return " on ".join(part for part in (partner, offer) if part) or "everybody's events"


def _day_after(text: str) -> str:
    """Return the day after one, as ranges end; what is no day is left for the API to refuse."""
    try:
        return str(date.fromisoformat(text) + timedelta(days=1))
    except (ValueError, OverflowError):
        return text


def _sign(value: Any) -> str:
    """Return the sign that a difference is shown with, where its own isn't."""
    return "+" if Decimal(str(value)) > 0 else ""
