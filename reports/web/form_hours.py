"""Hours of the week as people write them: a line of days and their hours, ``Mon-Fri 9-18, 20-22``.

The API counts them from Monday 00:00 to 167. Invariant: hours that are written and read back are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS: Final = 24

_LINE = re.compile(r"([a-z]+)\s*(?:-\s*([a-z]+))?\s*(.*)", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,2})(?::00)?\s*-\s*(\d{1,2})(?::00)?", re.ASCII)
_HOW: Final = "write days and hours as in Mon-Fri 9-18, a line for each"


def written(hours: Iterable[int]) -> str:
    """Return lines for hours of the week, days with the same hours together."""
    by_day: list[list[int]] = [[] for _ in DAYS]
    for hour in hours:
        by_day[hour // HOURS].append(hour % HOURS)
    said = [_ranges(sorted(of_day)) for of_day in by_day]
    lines = []
    begin = 0
    for day in range(1, len(DAYS) + 1):
        if day < len(DAYS) and said[day] == said[begin]:
            continue
        if said[begin]:
            last = f"-{DAYS[day - 1]}" if day - 1 > begin else ""
            lines.append(f"{DAYS[begin]}{last} {said[begin]}")
        begin = day
    return "\n".join(lines)


def read(text: str) -> tuple[list[int], str]:
    """Return the hours that lines say, and what is wrong with them, '' for nothing."""
    found: set[int] = set()
    for line in filter(None, (line.strip() for line in re.split(r"[\n;]", text))):
        match = _LINE.fullmatch(line)
        first = _day(match[1]) if match else None
        last = _day(match[2]) if match and match[2] else first
        if match is None or first is None or last is None:
            return [], f"{line[:40]!r} names no day; {_HOW}"
        of_day: set[int] = set()
        for part in filter(None, (part.strip() for part in match[3].split(","))):
            hours = _RANGE.fullmatch(part)
            begin, end = (int(hours[1]), int(hours[2])) if hours else (0, 0)
            if not begin < end <= HOURS:
                return [], f"{part[:20]!r} isn't a range of hours from 0 to 24; {_HOW}"
            of_day.update(range(begin, end))
        days = range(first, last + 1 if last >= first else last + 1 + len(DAYS))
        found.update(day % len(DAYS) * HOURS + hour for day in days for hour in of_day or range(HOURS))
    return sorted(found), ""


def _ranges(hours: list[int]) -> str:
    if not hours:
        return ""
    ends = [(before, after) for before, after in pairwise(hours) if after != before + 1]
    begins = [hours[0], *(after for _, after in ends)]
    lasts = [*(before for before, _ in ends), hours[-1]]
    return ", ".join(f"{begin}-{last + 1}" for begin, last in zip(begins, lasts, strict=True))


def _day(word: str) -> int | None:
    """Return the day a word names by its first three letters."""
    return next((n for n, day in enumerate(DAYS) if len(word) >= 3 and word[:3].lower() == day.lower()), None)
