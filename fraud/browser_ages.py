"""How old a browser's version is at some moment, from its major number.

Major versions come in a steady rhythm, so that a few known days place all others between or after them by a
straight line, to within about two months; a click of 2015 is judged by the browsers of 2015.

Sources of the days: chromestatus.com/roadmap and chromiumdash.appspot.com/schedule (Chrome and Edge, which has had
Chrome's numbers since 79), wiki.mozilla.org/Release_Management/Calendar (Firefox). Both went from six weeks a
version to four, Chrome with 94 and Firefox with 71. Browsers of phones, Safari and those inside apps are left out:
they stay behind when their device gets no updates any more, and such devices are in use for many years.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

_CHROME: Final = (
    (1, date(2008, 12, 11)),
    (6, date(2010, 9, 2)),
    (94, date(2021, 9, 21)),
    (130, date(2024, 10, 15)),
)
_FIREFOX: Final = ((4, date(2011, 3, 22)), (71, date(2019, 12, 3)), (132, date(2024, 10, 29)))
_EDGE_IS_CHROME: Final = 79
_RELEASES: Final = {
    "Chrome": _CHROME,
    "Chromium": _CHROME,
    "Edge": _CHROME,
    "Firefox": _FIREFOX,
}
"""Browser as ua-parser calls it -> versions and the days they came out, ascending."""
_DAY_MS: Final = 86_400_000
_YEAR_DAYS: Final = 365.25
_MAX_VERSION: Final = 10_000


def age_years(browser: str, version: str, ts: int) -> float | None:
    """Return the age of a browser's version in years at a moment, None when unknown; 0 before it came out.

    Args:
        browser: Its family.
        version: Its version; only the major number is read.
        ts: Milliseconds since 1970.

    """
    released = _released_day(browser, version.partition(".")[0])
    return None if released is None else max(0.0, (ts / _DAY_MS - released) / _YEAR_DAYS)


@lru_cache(maxsize=4096)
def _released_day(browser: str, major: str) -> float | None:
    """Return the day since 1970 on which a version came out, about."""
    known = _RELEASES.get(browser)
    if known is None or not (major.isascii() and major.isdigit()) or len(major) > len(str(_MAX_VERSION)):
        return None
    number = int(major)
    if not number or (known is _CHROME and browser.startswith("Edge") and number < _EDGE_IS_CHROME):
        return None
    # The segment it lies in, or the last one drawn on.
    place = next((n for n in range(1, len(known) - 1) if number <= known[n][0]), len(known) - 1)
    (low, begun), (high, ended) = known[place - 1], known[place]
    first, last = _day(begun), _day(ended)
    return max(first + (last - first) * (number - low) / (high - low), _day(known[0][1]))


def _day(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000 / _DAY_MS
