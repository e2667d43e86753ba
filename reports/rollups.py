"""Which rollup answers a report, and how: the smallest that knows all it asks for and gives what the clicks give.

Invariants: a rollup by the day serves whole UTC days only, and tells no time finer than a day of a zone whose
days are UTC's; one without partners or advertisers serves nobody who may see only some of them.
"""

from __future__ import annotations

from datetime import time

from kernel.auth import Principal
from kernel.clickhouse.columns import COUNTS, HOURLY_KEYS, ROLLUPS, Rollup, count_column
from reports.registry import Dimension, Part
from reports.scope import is_unlimited
from reports.span import Span
from reports.validate import Asked

BY_NAME = {rollup.name: rollup for rollup in ROLLUPS}

_OF_SCOPE = ("partner_id", "advertiser_id")
_WITHIN_A_DAY = frozenset({"hour", "hour_of_day"})
"""Times that a day doesn't tell; minutes are in no rollup."""


def covering(
    asked: Asked, used: tuple[Dimension, ...], parts: tuple[Part, ...], who: Principal | None
) -> Rollup | None:
    """Return the smallest rollup that gives exactly what the clicks give, None where none does.

    Args:
        asked: The report.
        used: All dimensions it groups and filters by.
        parts: What it takes from clicks.
        who: The caller; None stands for one who may see only some rows.

    """
    if any(d.rollup is None for d in used) or any(p.rollup is None for p in parts):
        return None
    if not all(span.on_hours for span in asked.spans):
        return None
    times = {d.name for d in used if d.group == "time"}
    if times and not all(span.has_whole_hour_offsets for span in asked.spans):
        return None
    needed = {column for d in used for column in d.columns if column in HOURLY_KEYS}
    if who is None or not is_unlimited(who):
        needed.update(_OF_SCOPE)
    return next((r for r in ROLLUPS if _covers(r, needed, parts) and _is_fine_enough(r, asked, times)), None)


def contribution(rollup: Rollup, part: Part) -> str | None:
    """Return a part as an aggregate over a rollup's rows; None: clicks contribute nothing."""
    if rollup.is_summary and part.name in COUNTS:
        return f"sum({count_column(part.name)})"
    return part.rollup


def _covers(rollup: Rollup, needed: set[str], parts: tuple[Part, ...]) -> bool:
    if not rollup.is_summary and any("ip" in part.columns for part in parts):
        return False
    counted = COUNTS if rollup.is_summary else ()
    read = {column for p in parts if p.name not in counted for column in p.columns if column in HOURLY_KEYS}
    return needed | read <= {*rollup.keys}


def _is_fine_enough(rollup: Rollup, asked: Asked, times: set[str]) -> bool:
    if not rollup.is_daily:
        return True
    if not all(_begins_a_day(span) for span in asked.spans) or times & _WITHIN_A_DAY:
        return False
    return not times or all(span.has_days_of_utc for span in asked.spans)


def _begins_a_day(span: Span) -> bool:
    return span.start.time() == span.end.time() == time()
