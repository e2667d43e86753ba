"""Present: rows of values become rows of names and numbers a person or a script can read.

Invariants: metrics are JSON numbers (moments are ISO 8601 texts in the report's zone), never NaN or
infinite; a row's keys are the names that were asked for, with ``<name>_id`` beside every named dimension.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reports.execute import Result
from reports.names import Names, shown
from reports.plan import Plan
from reports.validate import Asked

Row = dict[str, Any]


def present(
    plan: Plan,
    rows: Result,
    totals: Result | None,
    left_out: Result | None,
    *,
    names: Names,
    elapsed_s: float,
) -> dict[str, Any]:
    """Return the answer: ``rows``, ``totals`` when asked for, ``meta``."""
    asked = plan.asked
    kept = rows.rows[: asked.limit]
    read = [result.rows_read for result in (rows, totals, left_out) if result is not None]
    meta: dict[str, Any] = {
        "row_count": len(kept),
        "truncated": len(rows.rows) > asked.limit,
        "source": plan.source,
        "elapsed_ms": round(elapsed_s * 1000, 1),
        "rows_read": None if None in read else sum(filter(None, read)),
        "dimensions": [d.name for d in asked.dimensions],
        "metrics": [m.name for m in asked.metrics],
        "from": _iso(asked.span.start, asked.span.zone),
        "to": _iso(asked.span.end, asked.span.zone),
        "timezone": asked.span.zone,
        "currency": asked.currency,
    }
    if left_out is not None:
        meta["other_currencies"] = {currency: int(count) for currency, count in left_out.rows}
    answer: dict[str, Any] = {"rows": _rows(asked, kept, names), "meta": meta}
    if totals is not None:
        answer["totals"] = {
            metric.name: _number(value, asked.span.zone)
            for metric, value in zip(asked.metrics, totals.rows[0], strict=True)
        }
    return answer


def _rows(asked: Asked, rows: Sequence[Sequence[Any]], names: Names) -> list[Row]:
    """Return the rows as objects. Metrics that were only filtered or sorted by come last and fall away."""
    known: dict[str, dict[int, str]] = {}
    for place, dimension in enumerate(asked.dimensions):
        if dimension.kind == "id":
            known[dimension.name] = names.of(dimension.names, {row[place] for row in rows})
    answer = []
    for values in rows:
        row: Row = {}
        for dimension, value in zip(asked.dimensions, values, strict=False):
            if dimension.kind == "id":
                row[dimension.name] = shown(value, known[dimension.name])
                row[f"{dimension.name}_id"] = value
            else:
                row[dimension.name] = value
        for metric, value in zip(asked.metrics, values[len(asked.dimensions) :], strict=False):
            row[metric.name] = _number(value, asked.span.zone)
        answer.append(row)
    return answer


def _number(value: Any, zone: str) -> Any:
    """Return a metric's value as JSON has it."""
    match value:
        case Decimal():
            # Trailing zeros of the column's six digits say nothing; all others stay.
            plain = value.normalize()
            exponent = plain.as_tuple().exponent
            return plain.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else plain
        case float() if not math.isfinite(value):
            return None
        case datetime():
            return _iso(value.replace(tzinfo=UTC) if value.tzinfo is None else value, zone)
        case _:
            return value


def _iso(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
