"""A query as a person types it on one line: ``--by partner,country --filter country=DE --sort -clicks``.

Only the writing is understood here; names and values are checked by the service, whose answer names the
nearest valid ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reports.registry import DIMENSIONS, METRICS, OPERATORS

_SYMBOLS = {o.symbol: o.name for o in OPERATORS.values() if o.symbol}
_CONDITION = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<symbol>{})(?P<value>.*)\Z".format(
        "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
    ),
    re.DOTALL,
)

_FORMULA = re.compile(r"\s*(?P<name>\w+)\s*(?::\s*(?P<unit>\w+)\s*)?=(?P<formula>.+)\Z", re.DOTALL)

CONDITION_HELP = (
    "NAME=VALUE, on a dimension or a metric; also !=, >=, <=, >, < and ~ (contains). Nothing after = means "
    "unknown. The same dimension twice with = means either. Repeatable."
)


PERIODS = ("previous_period", "previous_year")
"""What a report can be compared with, beside a range of its own."""

DEFAULT_DAYS = 7
"""Whole days before today that a report begins with when it isn't told."""


class ConditionError(ValueError):
    """Something that can't be read; the message shows how it is written."""


def days(start: str, end: str, timezone: str, now: datetime) -> tuple[str, str]:
    """Return the range that is meant: the last days and today in the asked zone, where it isn't given.

    A zone nobody knows is taken for UTC here; the service refuses it with its own words.
    """
    try:
        today = now.astimezone(ZoneInfo(timezone)).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        today = now.astimezone(UTC).date()
    return start or str(today - timedelta(days=DEFAULT_DAYS)), end or str(today + timedelta(days=1))


def names(written: str) -> list[str]:
    """Return the names of a comma-separated list."""
    return [name.strip() for name in written.split(",") if name.strip()]


def sorting(written: str) -> list[dict[str, Any]]:
    """Return the sort keys of a comma-separated list in which ``-name`` means descending."""
    return [{"by": name.lstrip("-"), "desc": name.startswith("-")} for name in names(written)]


def formulas(written: Iterable[str]) -> list[dict[str, Any]]:
    """Return formulas as a query has them, of texts such as ``per_sale=payout / approved`` or ``x:money=…``.

    Raises:
        ConditionError: one of them is no formula.

    """
    found = []
    for text in written:
        match = _FORMULA.match(text)
        if match is None:
            raise ConditionError(
                f"'{text}' is no formula; write for example per_sale=payout/approved, or with its unit "
                "per_sale:money=payout/approved."
            )
        unit = {"unit": match["unit"]} if match["unit"] else {}
        found.append({"name": match["name"], "formula": match["formula"].strip(), **unit})
    return found


def comparison(written: str) -> str | dict[str, str]:
    """Return what to compare with: a period by its name, or a range written as ``FROM..TO``.

    Raises:
        ConditionError: it is neither.

    """
    first, dots, last = written.partition("..")
    if dots:
        return {"from": first.strip(), "to": last.strip()}
    if written not in PERIODS:
        raise ConditionError(f"'{written}' is nothing to compare with; write {', '.join(PERIODS)} or FROM..TO.")
    return written


def conditions(written: Iterable[str], metrics: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return conditions as a query has them.

    Args:
        written: As typed.
        metrics: Names of metrics that the registry doesn't know: formulas, and somebody's own.

    Raises:
        ConditionError: one of them is no condition.

    """
    found: list[dict[str, Any]] = []
    either: dict[str, dict[str, Any]] = {}
    for text in written:
        match = _CONDITION.match(text)
        if match is None:
            raise ConditionError(f"'{text}' is no filter; write for example country=DE or clicks>=100.")
        name, operator, value = match["name"], _SYMBOLS[match["symbol"]], match["value"].strip()
        of_metric = name in METRICS or (name in metrics and name not in DIMENSIONS)
        condition: dict[str, Any] = {"metric" if of_metric else "dimension": name}
        if not value and operator in {"eq", "ne"}:
            found.append({**condition, "op": "is_not_set" if operator == "eq" else "is_set"})
        elif operator == "eq" and name in either:
            either[name]["op"] = "in"
            either[name]["values"].append(value)
        else:
            found.append({**condition, "op": operator, "values": [value]})
            if operator == "eq" and not of_metric:
                either[name] = found[-1]
    return found
