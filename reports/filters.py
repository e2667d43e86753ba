"""Filters with their names and values checked: what the compiler turns into conditions.

Invariants: a value has its dimension's kind before it leaves here, so that binding it can't fail; a
filter on a partner, offer, advertiser or link by equality is a list of ids, and a name nobody has is an
empty list, which matches nothing and tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from reports.errors import (
    FILTER_INCOMPLETE,
    FILTER_VALUE_INVALID,
    MAX_ECHOED,
    OPERATOR_NOT_ALLOWED,
    PATTERN_INVALID,
    TOO_MANY_FILTERS,
    UNKNOWN_METRIC,
    UNKNOWN_OPERATOR,
    unknown,
)
from reports.measures import Range, measure
from reports.names import Names, identified
from reports.query import Filter, Value
from reports.registry import METRIC_OPERATORS, METRICS, OPERATORS, Dimension, Metric, Operator
from reports.registry.operators import MAX_PATTERN

MAX_VALUES = 1000
"""Values in one filter; they travel in the request's address to a ClickHouse server."""

_INT64 = 2**63
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})

Bound = str | int | float | bool


@dataclass(frozen=True, slots=True)
class DimensionFilter:
    """A condition on rows. ``by_id``: the values are ids and any of them matches."""

    dimension: Dimension
    operator: Operator
    values: tuple[Bound, ...]
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A condition on the rows of the answer."""

    metric: Metric
    operator: Operator
    values: tuple[float, ...]
    of: Range = "now"


def on_dimension(asked: Filter, dimension: Dimension, names: Names) -> DimensionFilter:
    """Check a filter on a dimension.

    Raises:
        ClickledgerError: the operator doesn't exist or doesn't fit, or a value is of the wrong kind.

    """
    operator = OPERATORS.get(asked.op)
    if operator is None:
        raise unknown(UNKNOWN_OPERATOR, "operator", asked.op, OPERATORS)
    if dimension.kind not in operator.kinds:
        allowed = [o.name for o in OPERATORS.values() if dimension.kind in o.kinds]
        raise OPERATOR_NOT_ALLOWED.error(
            f"'{dimension.name}' can't be filtered with '{operator.name}'; use {', '.join(allowed)}.",
            allowed=allowed,
        )
    given = _values(asked, operator, dimension.name)
    if dimension.kind == "id" and _is_equality(operator):
        ids: set[int] = set()
        for value in given:
            ids.update(identified(dimension.names, value if _is_id(value) else str(value), names))
        return DimensionFilter(dimension, operator, tuple(sorted(ids)), by_id=True)
    values = tuple(_bound(value, dimension) for value in given)
    if "match(" in operator.sql and any(len(str(value)) > MAX_PATTERN for value in values):
        raise PATTERN_INVALID.error(f"A pattern has at most {MAX_PATTERN} characters.", limit=MAX_PATTERN)
    return DimensionFilter(dimension, operator, values)


def on_metric(asked: Filter, known: Mapping[str, Metric] = METRICS, *, is_compared: bool = False) -> MetricFilter:
    """Check a filter on a metric, or on its value before or its change where the report is compared.

    Raises:
        ClickledgerError: the metric or the operator doesn't exist, or a value is not a number.

    """
    name = asked.metric or ""
    metric, of = measure(name, known, UNKNOWN_METRIC, is_compared=is_compared)
    operator = METRIC_OPERATORS.get(asked.op)
    if operator is None:
        if asked.op not in OPERATORS:
            raise unknown(UNKNOWN_OPERATOR, "operator", asked.op, METRIC_OPERATORS)
        raise OPERATOR_NOT_ALLOWED.error(
            f"A metric can't be filtered with '{asked.op}'; use {', '.join(METRIC_OPERATORS)}.",
            allowed=list(METRIC_OPERATORS),
        )
    if metric.unit == "time" and operator.arity != "none":
        raise OPERATOR_NOT_ALLOWED.error(
            f"'{name}' is a moment and can only be filtered with is_set and is_not_set.",
            allowed=["is_set", "is_not_set"],
        )
    return MetricFilter(metric, operator, tuple(_number(v, name) for v in _values(asked, operator, name)), of)


def _is_equality(operator: Operator) -> bool:
    return (operator.negates or operator.name) in {"eq", "in"}


def _is_id(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _values(asked: Filter, operator: Operator, name: str) -> list[Value]:
    """Return the filter's values, as many as its operator takes."""
    given = list(asked.values or [])
    if asked.value is not None:
        given.insert(0, asked.value)
    wanted = {"none": "no value", "one": "one value", "two": "two values", "many": "at least one value"}
    fits = {"none": not given, "one": len(given) == 1, "two": len(given) == 2, "many": bool(given)}
    if not fits[operator.arity]:
        raise FILTER_INCOMPLETE.error(
            f"The filter '{operator.name}' on '{name}' takes {wanted[operator.arity]}, not {len(given)}."
        )
    if len(given) > MAX_VALUES:
        raise TOO_MANY_FILTERS.error(f"A filter has at most {MAX_VALUES} values.", limit=MAX_VALUES)
    return given


def _bound(value: Value, dimension: Dimension) -> Bound:
    """Return the value in the type its dimension is compared in."""
    text = str(value).strip()
    if dimension.kind == "bool":
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise _wrong(dimension.name, text, "true or false")
    if dimension.kind == "number":
        try:
            number = int(text)
        except ValueError:
            raise _wrong(dimension.name, text, "a whole number") from None
        if not -_INT64 <= number < _INT64:
            raise _wrong(dimension.name, text, "a whole number of at most 64 bits")
        return number
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(value: Value, name: str) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong(name, str(value), "a number") from None
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - the test for NaN
        raise _wrong(name, str(value), "a finite number")
    return number


def _wrong(name: str, text: str, wanted: str) -> Exception:
    return FILTER_VALUE_INVALID.error(f"'{text[:MAX_ECHOED]}' is no value for '{name}'; give {wanted}.", name=name)
