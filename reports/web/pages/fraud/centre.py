"""The fraud centre: what was found in a range of days, where it comes from, and what waits for somebody.

Invariant: every number is of the range chosen, but for what is a state and not a sum: partners' risk, the model,
blocks and disputes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from fraud.reasons import REASONS
from reports.web.pages.fraud.asking import Row, named, names, report, unless
from reports.web.pages.fraud.period import PRESETS, Period, chosen
from reports.web.visit import Visit

PATH: Final = "/fraud"
VERDICTS: Final = (
    ("valid", "Valid", "good"),
    ("duplicate", "Duplicate", "quiet"),
    ("suspect", "Suspect", "warn"),
    ("invalid", "Invalid", "bad"),
)
"""Each with its word and its colour."""
_CLICKS: Final = ("gross_clicks", "duplicate_clicks", "suspect_clicks", "invalid_clicks")
_HELD: Final = ("held", "held_payout", "rejected", "rejected_payout")
BANDS: Final = (*(f"{ten}0-{ten}9" if ten else "0-9" for ten in range(9)), "90-100")
MOST_SHARES: Final = 8
MOST_RISKS: Final = 8
MOST_REASONS: Final = 10
"""Shown at once; the others are folded away."""
MOST_NEWS: Final = 5
"""Blocks and disputes shown; all of them are one click away."""
OPEN: Final = ("open", "under_review")


async def show(visit: Visit) -> dict[str, Any]:
    """Return everything the centre shows, asked for at once."""
    period, ask = chosen(visit), visit.api.get
    by_time, reasons, bands, partners, offers, risk, models, drift, blocks, disputes, known = await asyncio.gather(
        report(
            visit,
            period.query,
            ["hour" if period.is_one_day else "day"],
            (*_CLICKS, "flagged_rate", *_HELD),
            fill=True,
            totals=True,
            compare="previous_period",
        ),
        _reasons(visit, period),
        report(visit, period.query, ["fraud_score_band"], ["gross_clicks", "total_conversions"]),
        _shares(visit, period, "partner"),
        _shares(visit, period, "offer"),
        unless("risk_not_scored", ask("/api/v1/fraud/risk", limit=MOST_RISKS)),
        ask("/api/v1/fraud/models"),
        ask("/api/v1/fraud/models/drift"),
        ask("/api/v1/blocklist", sort="-created_at", limit=MOST_NEWS),
        ask("/api/v1/fraud/disputes", state=list(OPEN), sort="-created_at", limit=MOST_NEWS),
        names(visit, "partners"),
    )
    days = [_with_valid(row) for row in by_time["rows"]]
    counted = {row["fraud_score_band"]: row for row in bands["rows"]}
    return {
        "period": period,
        "presets": PRESETS,
        "unit": "hour" if period.is_one_day else "day",
        "days": days,
        "totals": _with_valid(by_time["totals"]),
        "verdicts": VERDICTS,
        "currency": by_time["meta"]["currency"],
        "over_time": _over_time(days, "hour" if period.is_one_day else "day"),
        "reasons": reasons,
        "most_reasons": MOST_REASONS,
        "bands": [counted.get(band, _band(band)) for band in BANDS],
        "scores": _scores(counted),
        "partners": partners,
        "offers": offers,
        "risk": risk,
        "model": models,
        "drift": drift,
        "blocks": blocks["items"],
        "disputes": disputes["items"],
        "partner_name": lambda entry_id: named(known, "Partner", entry_id),
    }


def _with_valid(row: Row) -> Row:
    """Return a report's row with its valid clicks, which are those without another verdict."""
    for before in ("", "_before"):
        if f"gross_clicks{before}" in row:
            others = sum(row[f"{verdict}_clicks{before}"] for verdict, *_ in VERDICTS[1:])
            row[f"valid_clicks{before}"] = row[f"gross_clicks{before}"] - others
    return row


def _over_time(days: Iterable[Row], unit: str) -> dict[str, Any]:
    """Return the stacked chart of clicks by verdict."""
    return {
        "x": "time",
        "y": "Clicks",
        "stacked": True,
        "series": [
            {
                "name": word,
                "x": [day[unit] for day in days],
                "y": [day[f"{verdict}_clicks"] for day in days],
                "kind": "bar",
                "tone": tone,
            }
            for verdict, word, tone in VERDICTS
        ],
    }


def _band(band: str) -> Row:
    return {"fraud_score_band": band, "gross_clicks": 0, "total_conversions": 0}


def _scores(counted: dict[str, Row]) -> dict[str, Any]:
    """Return the chart of clicks by score."""
    clicks = [counted.get(band, _band(band))["gross_clicks"] for band in BANDS]
    return {
        "x": "category",
        "y": "Clicks",
        "series": [{"name": "Clicks", "x": list(BANDS), "y": clicks, "kind": "bar"}],
    }


async def _reasons(visit: Visit, period: Period) -> list[Row]:
    """Return the reasons found, the most frequent first, each with what it says."""
    found = await report(
        visit,
        period.query,
        ["fraud_reason"],
        ("gross_clicks", "suspect_clicks", "invalid_clicks", "total_conversions"),
        filters=[{"dimension": "fraud_reason", "op": "is_set"}],
        sort=[{"by": "gross_clicks", "desc": True}],
        limit=len(REASONS),
    )
    told = []
    for row in found["rows"]:
        code = row["fraud_reason"]
        reason = REASONS.get(code)
        told.append(
            row
            | {
                "sentence": reason.sentence if reason else code,
                "category": reason.category if reason else "",
                "is_rule": reason is not None,
            }
        )
    return told


async def _shares(visit: Visit, period: Period, by: str) -> list[Row]:
    """Return the partners or offers with the most clicks that are suspect or invalid."""
    found = await report(
        visit,
        period.query,
        [by],
        ("gross_clicks", "suspect_clicks", "invalid_clicks", "flagged_rate", "flagged"),
        formulas=[{"name": "flagged", "formula": "suspect_clicks + invalid_clicks", "unit": "count"}],
        filters=[{"metric": "flagged", "op": "gt", "value": 0}],
        sort=[{"by": "flagged", "desc": True}],
        limit=MOST_SHARES,
    )
    rows: list[Row] = found["rows"]
    return rows
