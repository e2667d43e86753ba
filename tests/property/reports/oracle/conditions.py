"""Filters as Python: what docs/dimensions.md says every operator means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.property.reports.oracle.values import kind, named, shown

_POSITIVE: dict[str, Callable[[Any, list[Any]], bool]] = {
    "eq": lambda x, given: x == given[0],
    "in": lambda x, given: x in given,
    "contains": lambda x, given: given[0] in x,
    "starts_with": lambda x, given: x.startswith(given[0]),
    "ends_with": lambda x, given: x.endswith(given[0]),
    "matches": lambda x, given: re.search(given[0], x) is not None,
    "gt": lambda x, given: x > given[0],
    "gte": lambda x, given: x >= given[0],
    "lt": lambda x, given: x < given[0],
    "lte": lambda x, given: x <= given[0],
    "between": lambda x, given: given[0] <= x <= given[1],
    "is_set": lambda x, _: x not in ("", 0),
}
_NEGATIVE = {"ne": "eq", "not_in": "in", "not_contains": "contains", "is_not_set": "is_set"}

OPERATORS = (*_POSITIVE, *_NEGATIVE)

_TEXTS = frozenset({"text", "time", "id", "labels"})
_ORDERED = frozenset({"text", "time", "number"})
_ALL = _TEXTS | {"number"}
ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("eq", "ne"), _ALL | {"bool"}),
    **dict.fromkeys(("in", "not_in", "is_set", "is_not_set"), _ALL),
    **dict.fromkeys(("contains", "not_contains", "starts_with", "ends_with", "matches"), _TEXTS),
    **dict.fromkeys(("gt", "gte", "lt", "lte", "between"), _ORDERED),
}
"""The kinds of dimensions each operator is for."""


def values_of(one: dict[str, Any]) -> list[Any]:
    """Return a filter's values, however they were given."""
    return [one["value"]] if "value" in one else list(one.get("values", ()))


def passes(one: dict[str, Any], value: Any, role: str) -> bool:
    """Tell whether a dimension's value passes a filter; of labels any may."""
    name, op, given = one["dimension"], one.get("op", "eq"), values_of(one)
    meant = _NEGATIVE.get(op, op)
    what = kind(name)
    if what == "id" and meant in {"eq", "in"}:
        holds = value in [number for text in given for number in named(name, text, role)]
    elif what == "id" and meant == "is_set":
        holds = value != 0
    elif name in {"year", "hour_of_day", "day_of_week"} and meant == "is_set":
        # There is no event without a time, and midnight is one like any other.
        holds = True
    else:
        subjects = value if what == "labels" else [shown(name, value, role)]
        holds = any(_POSITIVE[meant](subject, given) for subject in subjects)
    return holds != (op in _NEGATIVE)


def lets(one: dict[str, Any], figure: Any) -> bool:
    """Tell whether a metric's value passes a filter; no number passes only ``is_not_set``."""
    op, given = one.get("op", "eq"), values_of(one)
    if op in {"is_set", "is_not_set"}:
        return (figure is None) == (op == "is_not_set")
    if figure is None:
        return False
    holds = _POSITIVE[_NEGATIVE.get(op, op)](float(figure), [float(value) for value in given])
    return holds != (op in _NEGATIVE)
