"""A query as a person types it on one line: ``--by partner,country --filter country=DE --sort -clicks``.

Only the writing is understood here; names and values are checked by the service, whose answer names the
nearest valid ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reports.registry import METRICS, OPERATORS

_SYMBOLS = {o.symbol: o.name for o in OPERATORS.values() if o.symbol}
_CONDITION = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<symbol>{})(?P<value>.*)\Z".format(
        "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
    ),
    re.DOTALL,
)

CONDITION_HELP = (
    "NAME=VALUE, on a dimension or a metric; also !=, >=, <=, >, < and ~ (contains). Nothing after = means "
    "unknown. The same dimension twice with = means either. Repeatable."
)


DEFAULT_DAYS = 7
"""Whole days before today that a report begins with when it isn't told."""


class ConditionError(ValueError):
    """A condition that can't be read; the message shows how one is written."""


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


def conditions(written: Iterable[str]) -> list[dict[str, Any]]:
    """Return conditions as a query has them.

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
        condition: dict[str, Any] = {"metric" if name in METRICS else "dimension": name}
        if not value and operator in {"eq", "ne"}:
            found.append({**condition, "op": "is_not_set" if operator == "eq" else "is_set"})
        elif operator == "eq" and name in either:
            either[name]["op"] = "in"
            either[name]["values"].append(value)
        else:
            found.append({**condition, "op": operator, "values": [value]})
            if operator == "eq" and name not in METRICS:
                either[name] = found[-1]
    return found
