"""Which days a page is about: a preset or days of one's own, in the viewer's zone.

Invariants: whatever an address says, there is a range, and a sentence where it isn't the one that was asked for;
days that somebody wrote into the form count more than the preset that stood beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from reports.web.rendering import with_query
from reports.web.visit import Visit

CUSTOM: Final = "custom"
PRESETS: Final = (
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("last7", "7 days up to today"),
    ("last14", "14 days up to today"),
    ("last30", "30 days up to today"),
    ("last90", "90 days up to today"),
    (CUSTOM, "Days of your own"),
)
USUAL: Final = "last7"
NO_DAYS: Final = "Days of your own need a first and a last one, as 2026-11-01."
MOST_DAYS: Final = 400
"""Of a range of one's own: more days than that are looked at in the report builder, by week or month."""
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
"""The days reports know."""


@dataclass(frozen=True, slots=True)
class Period:
    """A range of days, both ends included."""

    preset: str
    first: date
    last: date
    zone: str
    told: str = ""
    """What the address said that can't be meant, and what is shown instead."""

    @property
    def query(self) -> dict[str, Any]:
        """The range as a report takes it."""
        return {"from": str(self.first), "to": str(self.last + timedelta(days=1)), "timezone": self.zone}

    @property
    def address(self) -> dict[str, str]:
        """The range as the address of any page has it: its days, since presets of other pages hold others."""
        return {"range": CUSTOM, "from": str(self.first), "to": str(self.last)}

    @property
    def is_one_day(self) -> bool:
        """Whether hours say more than days."""
        return self.first == self.last

    def events(self, of: str, *where: str) -> str:
        """Return the address of a log of these days.

        Args:
            of: clicks or conversions.
            where: Filters as a person types them: fraud_reason=ip_velocity.

        """
        return with_query(f"/{of}", dict(self.address), where=list(where))


def chosen(visit: Visit) -> Period:
    """Return the range that a page's address names."""
    today, preset = visit.viewer.today(), visit.query("range", USUAL)
    zone = str(visit.viewer.zone.key)
    first, last = _day(visit.query("from")), _day(visit.query("to"))
    named = _preset(preset, today)
    # A form sends both; the days count when they were changed and the preset wasn't.
    is_same = preset == visit.query("was") and (first, last) != named and bool(first or last)
    if named and not is_same:
        return Period(preset, *named, zone)
    if preset == CUSTOM or named:
        told = ""
        if first and last and first > last:
            first, last, told = last, first, "The first day was after the last one, so the two were swapped."
        if first and last and (last - first).days < MOST_DAYS:
            return Period(CUSTOM, first, last, zone, told)
        told = f"More than {MOST_DAYS} days are for a report by week or month." if first and last else NO_DAYS
    else:
        told = f"There is no range {preset[:40]!r}."
    return Period(USUAL, *_last(USUAL, today), zone, f"{told} Shown are the 7 days up to today.")


def _preset(name: str, today: date) -> tuple[date, date] | None:
    """Return the days of a preset; None for what is none."""
    if name == "today":
        return today, today
    if name == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    return _last(name, today) if name in dict(PRESETS) and name != CUSTOM else None


def _last(name: str, today: date) -> tuple[date, date]:
    return today - timedelta(days=int(name.removeprefix("last")) - 1), today


def _day(text: str) -> date | None:
    """Return a day that reports know; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None
