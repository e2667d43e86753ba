"""The whole road of one click or impression: what it was, what was decided and thought, and what came of it.

Invariants: another's click is not found, whatever else would be; money, tries and refused requests that the
caller may not see are not read; everything is of the rows' own time, names are of today.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from kernel.auth import Principal
from kernel.errors import NOT_FOUND
from kernel.settings import Settings
from reports.execute import Readers
from reports.logs import explained, road_sql
from reports.logs.page import readable, utc
from reports.logs.places import clicked_at
from reports.logs.reading import Reading, Row
from reports.logs.timeline import timeline
from reports.names import Names
from reports.scope import is_unlimited
from reports.span import Span, span
from reports.visibility import seen_by

_EXPECTED = frozenset({"approved", "pending"})
_ANY_DAYS = ("2026-01-01", "2026-01-02")


def road(
    click_id: str, zone: str, who: Principal, *, names: Names, readers: Readers, chosen: Settings
) -> dict[str, Any]:
    """Return everything that is known of a click or an impression.

    Args:
        click_id: Its id.
        zone: Of the times in the answer.
        who: The caller; another's click is not found.
        names: The directory.
        readers: Where read-only handles come from.
        chosen: The limits.

    Raises:
        ClickledgerError: ``click_id_unreadable``, ``not_found``, ``unknown_timezone``, or what ``execute`` raises.

    """
    at = clicked_at(click_id)
    local = _known_zone(zone).zone
    reading = Reading(readers, chosen)
    kind, found = _click(click_id, at, who, reading)
    known = seen_by(who, names)
    (click,) = readable([found], local, known)
    converted, states, tries = _conversions(click_id, at, who, reading)
    refused = None
    if who.may("rejected:read") and is_unlimited(who):
        refused = reading.rows(road_sql.rejected(click_id, at, who))
    made: dict[str, Any] = {
        "kind": kind,
        "click": click,
        "decision": explained.decision(click, kind),
        "verdict": explained.verdict(click),
        "conversions": [
            {
                "conversion": one,
                "explained": explained.conversion(one),
                "states": readable(
                    [s for s in states if s["conversion_id"] == one["conversion_id"]], local, known
                ),
            }
            for one in readable(converted, local, known)
        ],
        "outbound": None if tries is None else readable(tries, local, known),
        "rejected": None if refused is None else readable(refused, local, known),
        "money": _money(found, converted),
    }
    return {**made, "timeline": timeline(made)}


def _click(click_id: str, at: datetime, who: Principal, reading: Reading) -> tuple[str, Row]:
    found = reading.together(road_sql.click("clicks", click_id, at, who))
    if found:
        return "click", found[0]
    found = reading.together(road_sql.click("impressions", click_id, at, who))
    if found:
        return "impression", found[0]
    raise NOT_FOUND.error("There is no such click, or it isn't stored yet; try again in a second.")


def _conversions(
    click_id: str, at: datetime, who: Principal, reading: Reading
) -> tuple[list[Row], list[Row], list[Row] | None]:
    """Return the click's conversions, all their states and the tries to tell of them; None: not the caller's."""
    converted = reading.rows(road_sql.conversions(click_id, at, who))
    converted.sort(key=lambda row: (row["ts"], row["conversion_id"]))
    may_read_tries = who.may("outbound:read")
    if not converted:
        return [], [], [] if may_read_tries else None
    ids = [row["conversion_id"] for row in converted]
    since = utc(converted[0]["ts"])
    states = reading.rows(road_sql.states(ids, since, who))
    if not may_read_tries:
        return converted, states, None
    partners = sorted({row["partner_id"] for row in converted})
    return converted, states, reading.rows(road_sql.attempts(ids, partners, since, who))


def _money(click: Row, conversions: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what came of the click by currency; columns the caller doesn't see are absent from its rows."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("payout", "revenue"):
        if name not in click:
            continue
        for row in (click, *conversions):
            if row is not click and row["status"] not in _EXPECTED:
                continue
            if not row["currency"]:
                continue
            of = found.setdefault(row["currency"], {"currency": row["currency"]})
            for view in (f"click_{name}", f"expected_{name}", f"earned_{name}"):
                of.setdefault(view, Decimal(0))
            amount = row[name]
            of[f"expected_{name}"] += amount
            if row is click:
                of[f"click_{name}"] += amount
            if row is click or row["status"] == "approved":
                of[f"earned_{name}"] += amount
    return list(found.values())


def _known_zone(zone: str) -> Span:
    """Refuse a zone that doesn't exist, in the words of the reports."""
    return span(*_ANY_DAYS, zone)
