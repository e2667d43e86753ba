"""The ranges of time a report is offered: presets by name, and days of one's own.

The presets are those of saved reports, so that what is saved goes on meaning the same; ``last7`` is short for
``last_7_days``. Invariant: in an address and in a form ``to`` is the last day that counts, as people say it;
the API's ``to`` is the day after. A moment, with its time, stays as it is on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from reports.saved.ranges import RANGES, RangeName, resolve

DEFAULT: Final[RangeName] = "last_7_days"
CUSTOM: Final = "custom"
LABELS: Final[dict[RangeName, str]] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_7_days": "Last 7 days",
    "last_14_days": "Last 14 days",
    "last_30_days": "Last 30 days",
    "last_90_days": "Last 90 days",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "this_year": "This year",
    "last_year": "Last year",
}
_SHORT: Final[dict[str, RangeName]] = {
    "last7": "last_7_days",
    "last14": "last_14_days",
    "last30": "last_30_days",
    "last90": "last_90_days",
}
_LENGTH: Final = {name: short for short, name in _SHORT.items()}
_DAY: Final = timedelta(days=1)
_WIDER: Final[dict[str, RangeName]] = {
    "today": "last_7_days",
    "yesterday": "last_7_days",
    "last_7_days": "last_30_days",
    "last_14_days": "last_30_days",
    "last_30_days": "last_90_days",
    "this_week": "last_30_days",
    "last_week": "last_30_days",
    "this_month": "last_90_days",
    "last_month": "last_90_days",
}


@dataclass(frozen=True, slots=True)
class Range:
    """A preset by its name, or two ends as they are written."""

    name: RangeName | None = DEFAULT
    start: str = ""
    end: str = ""

    def params(self) -> dict[str, str]:
        """Return it as an address has it."""
        if self.name is None:
            return {"from": self.start, "to": self.end}
        return {"range": _LENGTH.get(self.name, self.name)}

    def ends(self, zone: str, now: datetime | None = None) -> dict[str, str]:
        """Return ``from`` and ``to`` as the API's query has them, in a zone that exists."""
        if self.name is None:
            return {"from": self.start, "to": _after(self.end)}
        first, after = resolve(self.name, zone, now or datetime.now(UTC))
        return {"from": first.isoformat(), "to": after.isoformat()}

    def kept(self) -> dict[str, str]:
        """Return it as a saved report's query has it."""
        return {"range": self.name} if self.name is not None else {"from": self.start, "to": _after(self.end)}

    def wider(self) -> Range | None:
        """Return a longer range to try where this one is empty; None for none."""
        name = _WIDER.get(self.name or "", "last_90_days")
        return None if name == self.name or self.name in {"last_90_days", "this_year"} else Range(name)


def read(name: str, start: str, end: str) -> tuple[Range, str]:
    """Return the range that an address or a form says, and a sentence where it says none.

    Days count where they are given and no preset is.
    """
    wanted = _SHORT.get(name, name)
    if wanted in LABELS:
        return Range(wanted), ""
    if wanted in {"", CUSTOM} and (start or end):
        for text in (start, end):
            if not _is_moment(text):
                told = f"'{text[:40]}' is no day" if text else "A range of your own needs a first and a last day"
                return Range(), f"{told}; write days as 2026-11-01. Shown are the last 7 days."
        if len(start) == len(end) == 10 and start > end:
            return Range(None, end, start), "The first day was after the last one, so the two were swapped."
        return Range(None, start, end), ""
    if wanted not in {"", CUSTOM}:
        return Range(), f"There is no range '{name[:40]}'. Shown are the last 7 days; choose another one."
    return Range(), ""


def of_query(query: dict[str, Any]) -> Range:
    """Return the range of a saved report's query."""
    if query.get("range") in RANGES:
        return Range(query["range"])
    return Range(None, str(query.get("from", "")), _before(str(query.get("to", ""))))


def _is_moment(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return 2000 <= moment.year < 2100  # what the API takes


def _after(text: str) -> str:
    """Return the day after a day; a moment as it is."""
    try:
        return (date.fromisoformat(text) + _DAY).isoformat() if len(text) == 10 else text
    except (ValueError, OverflowError):
        return text


def _before(text: str) -> str:
    try:
        return (date.fromisoformat(text) - _DAY).isoformat() if len(text) == 10 else text
    except (ValueError, OverflowError):
        return text
