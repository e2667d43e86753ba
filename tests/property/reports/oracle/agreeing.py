"""Whether two answers say the same: every row, its place, every number, the totals and what is told beside them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

RELATIVE = 1e-12
"""Quotients and quantiles are floats on both sides; everything else is equal to the last digit."""


def difference(answer: dict[str, Any], expected: dict[str, Any]) -> str:
    """Return the first difference between a report and what it must say, in words; '' if there is none."""
    rows, wanted = answer["rows"], expected["rows"]
    for place, (row, right) in enumerate(zip(rows, wanted, strict=False)):
        if found := _in_row(row, right):
            return f"row {place}: {found}\n  {row}\n  {right}"
    if len(rows) != len(wanted):
        more = (rows if len(rows) > len(wanted) else wanted)[min(len(rows), len(wanted))]
        return f"{len(rows)} rows, not {len(wanted)}; the first of the rest is {more}"
    if ("totals" in answer) != ("totals" in expected):
        return "totals are there on one side alone"
    if "totals" in answer and (found := _in_row(answer["totals"], expected["totals"])):
        return f"totals: {found}\n  {answer['totals']}\n  {expected['totals']}"
    return _beside(answer["meta"], expected)


def _beside(meta: dict[str, Any], expected: dict[str, Any]) -> str:
    told = {"row_count": len(expected["rows"]), "truncated": expected["truncated"]}
    span, compare = expected["range"], expected["compare"]
    told |= _ends(span)
    for name, value in told.items():
        if meta[name] != value:
            return f"meta.{name} is {meta[name]}, not {value}"
    if meta.get("compare") != (_ends(compare) if compare else None):
        return f"meta.compare is {meta.get('compare')}, not {_ends(compare) if compare else None}"
    if meta.get("other_currencies") != expected["other_currencies"]:
        return f"meta.other_currencies is {meta.get('other_currencies')}, not {expected['other_currencies']}"
    return ""


def _ends(span: Any) -> dict[str, str]:
    both = {"from": span.start, "to": span.end}
    return {name: moment.tz_convert(span.zone).isoformat(timespec="milliseconds") for name, moment in both.items()}


def _in_row(row: dict[str, Any], right: dict[str, Any]) -> str:
    if list(row) != list(right):
        return f"it has {list(row)}, not {list(right)}"
    for name, value in row.items():
        if not same(value, right[name]):
            return f"{name} is {value!r}, not {right[name]!r}"
    return ""


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal; floats but for their last digits; of a pivot in every column, in order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(cell, other[key]) for key, cell in one.items())
    # Money may be a whole number on one side; a flag, a text or nothing is itself.
    if {type(one), type(other)} <= {int, Decimal}:
        return bool(one == other)
    if {type(one), type(other)} <= {int, float, Decimal}:
        return math.isclose(one, other, rel_tol=RELATIVE)
    return type(one) is type(other) and bool(one == other)
