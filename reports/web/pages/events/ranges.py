"""Ranges of days as people choose them: today, the last seven days, or two dates.

Unlike those of reports, the last days of a log hold today: one looks for what has just come. Invariants: a page's
address names days of the viewer's zone, the last one included; what the API is asked for is half open. A text that
is no day is handed on as it is, for the API to refuse in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from reports.saved.ranges import RANGES, resolve

LABELS: Final = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last7": "Last 7 days and today",
    "last30": "Last 30 days and today",
    "last90": "Last 90 days and today",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "months12": "Last 12 months",
    "this_year": "This year",
    "last_year": "Last year",
    "custom": "Days of your choice",
}
OF_LOGS: Final = (
    "today",
    "yesterday",
    "last7",
    "last30",
    "last90",
    "this_month",
    "last_month",
    "months12",
    "custom",
)
"""What a log offers; an address may name any."""
DEFAULT: Final = "last7"
CUSTOM: Final = "custom"
_DAYS: Final = re.compile(r"last_?(7|30|90)(?:_days)?", re.ASCII)
_DAY: Final = timedelta(days=1)
_MOST_TEXT: Final = 40


@dataclass(frozen=True, slots=True)
class Range:
    """Some days."""

    name: str
    first: str
    """The first day, or a moment."""
    last: str
    """The last day, which is part of it, or the moment after it."""

    @property
    def start(self) -> str:
        """What the API calls ``from``."""
        return self.first

    @property
    def end(self) -> str:
        """What the API calls ``to``: the day after the last."""
        day = _day(self.last)
        return self.last if day is None or day == date.max else str(day + _DAY)

    def address(self) -> dict[str, str]:
        """Return the parameters that name it in a page's address."""
        if self.name == CUSTOM:
            return {"range": CUSTOM, "from": self.first, "to": self.last}
        return {} if self.name == DEFAULT else {"range": self.name}


def presets(names: Sequence[str], here: Range) -> list[tuple[str, str]]:
    """Return ranges to choose from, the one that is chosen among them."""
    return [(name, label) for name, label in LABELS.items() if name in names or name == here.name]


def chosen(query: Mapping[str, str], today: date, default: str = DEFAULT) -> Range:
    """Return the range that a page's address names.

    Args:
        query: ``range``, or ``from`` and ``to``.
        today: In the viewer's zone.
        default: The range of an address that names none.

    """
    name = query.get("range", "")
    if days := _DAYS.fullmatch(name):
        name = f"last{days[1]}"
    first, last = (query.get(one, "").strip()[:_MOST_TEXT] for one in ("from", "to"))
    # Days that were written count more than the preset that a form begins with, and less than one that was chosen.
    if name not in LABELS or name in {CUSTOM, default}:
        if first or last:
            return Range(CUSTOM, first or str(today - 7 * _DAY), last or str(today))
        name = default
    start, end = _preset(name, today)
    return Range(name, str(start), str(end))


def _preset(name: str, today: date) -> tuple[date, date]:
    """Return the first and the last day of a preset."""
    if name in {"last7", "last30", "last90"}:
        return today - int(name.removeprefix("last")) * _DAY, today
    if name == "months12":
        year, month = divmod(today.year * 12 + today.month - 1 - 11, 12)
        return date(year, month + 1, 1), today
    known = next(one for one in RANGES if one == name)
    start, after = resolve(known, "UTC", datetime(today.year, today.month, today.day, tzinfo=UTC))
    return start, after - _DAY


def _day(text: str) -> date | None:
    """Return a day written as 2026-11-08, None for anything else."""
    if len(text) != len("2026-11-08"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
