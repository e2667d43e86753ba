"""Cutting an export's range into windows small enough to sort in memory.

The store sorts a window, not the range: a month of clicks sorted as a whole would need the month's
memory. Invariants: windows are half-open, follow each other without gap or overlap, and together are
exactly the range, so that every row is written once whatever arrives in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from reports.span import Span

WINDOW_ROWS = 25_000
"""Rows in one window: some 20 MB with every column, so the first bytes leave within a second. Larger windows
were no faster: sorting wide rows costs the same per row."""

_HOUR = timedelta(hours=1)
_SMALLEST = timedelta(seconds=1)
"""An hour with more rows than this can cut apart is a load test; its windows are just larger."""


def windows(
    span: Span, hours: Iterable[tuple[datetime, int]], most: int = WINDOW_ROWS
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows of a range.

    Args:
        span: The range.
        hours: Full UTC hours that have rows, ascending, with how many.
        most: Rows a window should not exceed, as far as rows are spread evenly within an hour.

    """
    start, held = span.start, 0
    for hour, count in hours:
        if held and held + count > most:
            cut = max(hour, span.start)
            yield start, cut
            start, held = cut, 0
        held += count
        if count > most:
            end = min(hour + _HOUR, span.end)
            for cut in _cuts(max(hour, span.start), end, -(-count // most)):
                yield start, cut
                start = cut
            held = 0
    if start < span.end:
        yield start, span.end


def _cuts(start: datetime, end: datetime, pieces: int) -> Iterator[datetime]:
    """Yield the ends of ``pieces`` equal slices from start to end."""
    step = max((end - start) / pieces, _SMALLEST)
    cut = start + step
    while cut < end:
        # Whole milliseconds, as the store keeps them: a finer cut would be read as another instant.
        yield cut.replace(microsecond=cut.microsecond // 1000 * 1000)
        cut += step
    yield end
