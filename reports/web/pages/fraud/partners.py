"""Partner risk: a day's ranking, and a partner's own page with its days, what was measured, and what to do.

Invariants: a behaviour is shown beside the median of the partner's peers or not at all compared; marking, blocking
and suspending are each one form, and each says so in the audit log by the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from fraud.risk.behaviours import BEHAVIOURS
from fraud.risk.telling import worded
from reports.web.pages.fraud.asking import Row, number_or_text, people, report, unless
from reports.web.pages.fraud.period import chosen
from reports.web.visit import Visit

PATH: Final = "/fraud/partners"
RISK: Final = "/api/v1/fraud/risk"
MARKS: Final = "/api/v1/fraud/marks"
SORTS: Final = (
    ("score", "the riskiest first"),
    ("change", "what rose most in a week first"),
    ("clicks", "the most clicks first"),
    ("partner", "by partner"),
)
HISTORY_DAYS: Final = 30
MOST_RANKED: Final = 500
METHODS: Final = {
    "peers": "compared with peers",
    "marks": "learnt from marks",
    "too_few": "too few clicks",
}
GROUPS: Final = {
    "invalid": "Verdicts",
    "suspect": "Verdicts",
    "duplicate": "Verdicts",
    "night": "When clicks come",
    "volume": "Volume",
    "repeat": "Identical clicks",
    "velocity": "Bursts",
    "conversion_rate": "Conversions",
    "ctit": "Conversions",
    "address": "Addresses",
    "prefix": "Networks",
    "agent": "User agents",
    "referrer": "Referrers",
    "country": "Countries",
    "sub_id": "Sub ids",
}
"""Headings over what is measured, by the behaviours' own groups."""
BLOCK_DAYS: Final = (("1", "a day"), ("7", "a week"), ("30", "30 days"), ("", "until somebody ends it"))


async def show_ranking(visit: Visit) -> dict[str, Any]:
    """Return a day's ranking."""
    day, sort = _day(visit.query("day")), visit.query("sort", "score")
    sort = sort if sort in dict(SORTS) else "score"
    found = await unless("risk_not_scored", visit.api.get(RISK, day=day, sort=sort, limit=MOST_RANKED))
    return {
        "risk": found,
        "day": day or (found["day"] if found else ""),
        "yesterday": str(datetime.now(UTC).date() - timedelta(days=1)),
        "today": str(datetime.now(UTC).date()),
        "sort": sort,
        "sorts": SORTS,
        "methods": METHODS,
        "most": MOST_RANKED,
    }


async def score_day(visit: Visit) -> Response:
    """Have a day scored, and show it."""
    run = await visit.api.send("POST", f"{RISK}/runs", {"day": visit.form.get("day") or None})
    return visit.go(f"{PATH}?day={run['day']}", f"{_judged(run['judged'])} judged.")


def _judged(count: int) -> str:
    return "1 partner was" if count == 1 else f"{count} partners were"


async def show_partner(visit: Visit) -> dict[str, Any]:
    """Return everything about one partner's risk."""
    partner_id = visit.request.path_params["id"]
    day, ask, period = _day(visit.query("day")), visit.api.get, chosen(visit)
    partner = await ask(f"/api/v1/partners/{partner_id}")
    own = partner["id"]
    risk, marks, entries, blocks, disputes, person, clicks = await asyncio.gather(
        _risk(visit, own, day),
        ask(MARKS, partner_id=own, sort="-id"),
        ask("/api/v1/fraud/rule-entries", partner_id=own),
        ask("/api/v1/blocklist", kind="partner", value=str(own)),
        ask("/api/v1/fraud/disputes", partner_id=own, sort="-created_at", limit=5),
        people(visit),
        report(
            visit,
            period.query,
            [],
            ("gross_clicks", "suspect_clicks", "invalid_clicks", "flagged_rate", "conversions", "held"),
            filters=[{"dimension": "partner", "op": "eq", "value": own}],
            totals=True,
        ),
    )
    apart = {one["code"] for one in risk["risk"]["reasons"]} if risk and risk["risk"] else set()
    ranked, rest = _measured(risk["behaviour"], apart) if risk else ([], [])
    return {
        "title": partner["name"],
        "partner": partner,
        "risk": risk,
        "history": _history(risk["history"]) if risk else None,
        "ranked": ranked,
        "rest": rest,
        "methods": METHODS,
        "marks": marks["items"],
        "person": person,
        "entries": entries["items"],
        "blocks": blocks["items"],
        "disputes": disputes["items"],
        "totals": clicks["totals"],
        "period": period,
        "block_days": BLOCK_DAYS,
    }


async def mark(visit: Visit) -> Response:
    """Say what somebody thinks of a partner."""
    partner_id, word = visit.request.path_params["id"], visit.form.get("mark", "")
    body = {"partner_id": number_or_text(partner_id), "mark": word, "note": visit.form.get("note", "")}
    await visit.api.send("POST", MARKS, body)
    return visit.go(f"{PATH}/{partner_id}", f"Marked as {word}.")


async def unmark(visit: Visit) -> Response:
    """Take a mark back that was a mistake."""
    await visit.api.send("DELETE", f"{MARKS}/{visit.form.get('mark_id', '')}")
    return visit.go(visit.request.url.path, "The mark is deleted; the audit log keeps it.")


async def block(visit: Visit) -> Response:
    """Turn all clicks of a partner away, for a time or until somebody ends it."""
    partner_id = visit.request.path_params["id"]
    days = visit.form.get("days", "")
    ends = datetime.now(UTC) + timedelta(days=int(days)) if days in {"1", "7", "30"} else None
    body = {
        "kind": "partner",
        "value": partner_id,
        "reason": visit.form.get("reason", ""),
        "expires_at": ends.isoformat() if ends else None,
    }
    await visit.api.send("POST", "/api/v1/blocklist", body)
    return visit.go(f"{PATH}/{partner_id}", "The partner's clicks are turned away from now on.")


async def unblock(visit: Visit) -> Response:
    """End the block of a partner."""
    await visit.api.send("DELETE", f"/api/v1/blocklist/{visit.form.get('block_id', '')}")
    return visit.go(visit.request.url.path, "The partner's clicks pass again.")


async def set_status(visit: Visit) -> Response:
    """Suspend a partner, or let it go on."""
    partner_id, status = visit.request.path_params["id"], visit.form.get("status", "")
    body = {"status": status, "reason": visit.form.get("status_reason", "")}
    await visit.api.send("POST", f"/api/v1/partners/{partner_id}/status", body)
    return visit.go(f"{PATH}/{partner_id}", f"The partner is {status}.")


async def _risk(visit: Visit, partner_id: int, day: str | None) -> Row | None:
    """Return a partner's risk; None before any day was scored, or where it had no clicks."""
    asked = visit.api.get(f"{RISK}/{partner_id}", day=day, days=HISTORY_DAYS)
    found: Row | None = await unless("risk_not_scored", unless("not_found", asked))
    if found and not found["risk"] and found["history"] and not day:
        # Nothing on the latest day: the last one that there was something on.
        return await _risk(visit, partner_id, found["history"][-1]["day"])
    return found


def _history(days: Iterable[Row]) -> dict[str, Any]:
    """Return the chart of a partner's days: its score, and its clicks beside it."""
    told = [*days]
    judged = [one for one in told if one["method"] != "too_few"]
    return {
        "x": "time",
        "y": "Clicks",
        "y2": "Score",
        "series": [
            {"name": "Clicks", "x": [d["day"] for d in told], "y": [d["clicks"] for d in told], "kind": "bar"}
            | {"tone": "line-strong"},
            {"name": "Score", "x": [d["day"] for d in judged], "y": [d["score"] for d in judged], "kind": "line"}
            | {"axis": 2},
        ],
    }


def _measured(behaviour: Iterable[Row], apart: Collection[str]) -> tuple[list[Row], list[tuple[str, list[Row]]]]:
    """Return what the ranking looks at, what sets it apart first, and the rest under headings."""
    ranked: list[Row] = []
    rest: dict[str, list[Row]] = {}
    for one in behaviour:
        known = BEHAVIOURS.get(one["name"])
        if known is None or one["value"] is None:
            continue
        own, median = float(one["value"]), one["peers_median"]
        row = {
            "name": one["name"],
            "sentence": one["sentence"],
            "own": worded(known.unit, own),
            "peers": "" if median is None else worded(known.unit, float(median)),
            "is_apart": one["name"] in apart,
        }
        if median is not None:
            ranked.append(row)
        else:
            rest.setdefault(GROUPS.get(known.group, "Other"), []).append(row)
    return sorted(ranked, key=lambda row: not row["is_apart"]), list(rest.items())


def _day(text: str) -> str | None:
    """Return a day of an address; None for anything else, which is then the latest."""
    try:
        return str(date.fromisoformat(text))
    except ValueError:
        return None
