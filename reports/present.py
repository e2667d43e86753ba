"""Present: rows of values become rows of names and numbers a person or a script can read.

Invariants: metrics are JSON numbers (moments are ISO 8601 texts in the report's zone), never NaN or
infinite; a row's keys are the names that were asked for, with ``<name>_id`` beside every named dimension and,
where another range is compared with, ``<metric>_before`` and ``<metric>_change`` beside every metric; of a pivot
each metric is an object by column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reports.compare import CHANGE_DIGITS
from reports.drilling import drill_columns, of_others, of_value
from reports.execute import Result
from reports.headings import headings
from reports.names import Names, shown
from reports.plan import Plan
from reports.registry import Dimension
from reports.span import Span
from reports.validate import Asked

Row = dict[str, Any]

OTHER = "(other)"
"""A pivot's column of all values that have none of their own."""
_OTHER_NUMBER = 0


def present(
    plan: Plan,
    rows: Result,
    left_out: Result | None,
    *,
    names: Names,
    elapsed_s: float,
    ranked: Result | None = None,
) -> dict[str, Any]:
    """Return the answer: ``rows``, ``totals`` when asked for, ``meta``.

    Args:
        plan: What was asked.
        rows: The rows; with totals every one begins with whether it is them.
        left_out: Conversions in currencies without a rate.
        names: The program's names.
        elapsed_s: What it took.
        ranked: What a pivot's columns were found by.

    """
    asked = plan.asked
    found, totals = _apart(asked, rows.rows)
    kept = found[: asked.limit]
    read = [result.rows_read for result in (rows, left_out, ranked) if result is not None]
    meta: dict[str, Any] = {
        "row_count": len(kept),
        "truncated": len(found) > asked.limit,
        "source": plan.source,
        "elapsed_ms": round(elapsed_s * 1000, 1),
        "rows_read": None if None in read else sum(filter(None, read)),
        "dimensions": [d.name for d in asked.dimensions],
        "metrics": [m.name for m in asked.metrics],
        "columns": headings(asked),
        "drill": drill_columns(asked.dimensions),
        **_range(asked.span),
        "timezone": asked.span.zone,
        "currency": asked.currency,
        "money": asked.money,
    }
    if asked.before is not None:
        meta["compare"] = _range(asked.before.span)
    if left_out is not None:
        meta["other_currencies"] = {currency: int(count) for currency, count in left_out.rows}
    columns: list[_Column] = []
    if asked.pivot is not None:
        columns = _columns(plan, asked.pivot, [*kept, *totals], names)
        meta["pivot"] = {"dimension": asked.pivot.name, "columns": [column.described for column in columns]}
    answer: dict[str, Any] = {"rows": _rows(asked, kept, columns, names), "meta": meta}
    for row in totals:
        answer["totals"] = _measured(asked, row[len(asked.dimensions) :], columns)
    return answer


def _apart(asked: Asked, rows: Sequence[Sequence[Any]]) -> tuple[Sequence[Sequence[Any]], Sequence[Sequence[Any]]]:
    """Return rows and totals."""
    if not asked.totals:
        return rows, ()
    return [row[1:] for row in rows if not row[0]], [row[1:] for row in rows if row[0]]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a pivot: its number in cells, and how the answer names it."""

    number: int
    key: str
    described: dict[str, Any]


def _columns(plan: Plan, pivot: Dimension, rows: Sequence[Sequence[Any]], names: Names) -> list[_Column]:
    """Return a pivot's columns: the most first, times in their order, all others last if there are any."""
    values: list[tuple[int, str, dict[str, Any]]] = []
    known = names.of(pivot.names, {int(value) for value in plan.columns}) if pivot.kind == "id" else {}
    for number, value in enumerate(plan.columns, start=1):
        if pivot.kind == "id":
            values.append((number, shown(int(value), known), {f"{pivot.name}_id": int(value)}))
        else:
            values.append((number, value, {}))
    if pivot.group == "time":
        values.sort(key=lambda one: (len(one[1]), one[1]) if pivot.kind == "number" else (0, one[1]))
    keys = [key for _, key, _ in values]
    columns = []
    for number, key, more in values:
        # Two of one name, or one named as the rest is, are told apart; a column is never lost.
        unique = key if keys.count(key) == 1 and key != OTHER else f"{key} #{more.get(f'{pivot.name}_id', number)}"
        described = {"key": unique, pivot.name: key, **more, "filters": of_value(pivot, plan.columns[number - 1])}
        columns.append(_Column(number, unique, described))
    cells = -2
    if any(cell[0] == _OTHER_NUMBER for row in rows for cell in row[cells]):
        others = of_others(pivot, plan.columns)
        described = {"key": OTHER, "is_other": True} | ({} if others is None else {"filters": others})
        columns.append(_Column(_OTHER_NUMBER, OTHER, described))
    return columns


def _rows(asked: Asked, rows: Sequence[Sequence[Any]], columns: list[_Column], names: Names) -> list[Row]:
    """Return the rows as objects. Metrics that were only filtered or sorted by fall away."""
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
        row.update(_measured(asked, values[len(asked.dimensions) :], columns))
        answer.append(row)
    return answer


def _measured(asked: Asked, values: Sequence[Any], columns: list[_Column]) -> Row:
    """Return a row's metrics from its fields; of a pivot by column."""
    if asked.pivot is None:
        return _fields(asked, values)
    *_, cells, blank = values
    by_number = {cell[0]: cell[1:] for cell in cells}
    by_key = {column.key: _fields(asked, by_number.get(column.number, blank)) for column in columns}
    of_nothing = _fields(asked, blank)
    return {name: {key: fields[name] for key, fields in by_key.items()} for name in of_nothing}


def _fields(asked: Asked, values: Sequence[Any]) -> Row:
    zone = asked.span.zone
    if asked.before is None:
        return {m.name: _number(value, zone) for m, value in zip(asked.metrics, values, strict=False)}
    row: Row = {}
    for place, metric in enumerate(asked.metrics):
        now, before = values[place], values[len(asked.computed) + place]
        row[metric.name] = _number(now, zone)
        row[f"{metric.name}_before"] = _number(before, zone)
        row[f"{metric.name}_change"] = _change(now, before)
    return row


def _change(now: Any, before: Any) -> float | None:
    """Return the growth as a share of what was before; None where that is nothing, or no number."""
    if (
        not isinstance(now, int | float | Decimal)
        or not isinstance(before, int | float | Decimal)
        or not before
        or not math.isfinite(now)
    ):
        return None
    # Money is exact and so is its difference; a ratio is a float on both sides.
    change = round(float(Decimal(now) / Decimal(before) - 1), CHANGE_DIGITS)
    return change if math.isfinite(change) else None


def _range(span: Span) -> dict[str, str]:
    return {"from": _iso(span.start, span.zone), "to": _iso(span.end, span.zone)}


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
