"""Filters as SQL: the operators' templates with the registry's expressions and placeholders in place.

Invariant: a value is bound, never written; every condition can be joined to others with AND.
"""

from __future__ import annotations

from string import Template
from typing import Any

from reports.attributes import bind_attribute
from reports.bindings import Bindings
from reports.compare import CHANGE_DIGITS
from reports.filters import DimensionFilter, MetricFilter
from reports.measures import Range
from reports.names import NO_ONE, Names
from reports.registry import METRIC_OPERATORS, OPERATORS, Dimension, DimensionKind, Metric, Operator
from reports.registry.attribute import kept
from reports.registry.operators import EMPTY

_TYPES: dict[DimensionKind, str] = {
    "text": "String",
    "time": "String",
    "labels": "String",
    "id": "String",
    "number": "Int64",
    "bool": "Bool",
}
"""What a filter's value travels as; a named dimension's is text too, unless it was found to be ids."""


def on_dimension(bindings: Bindings, names: Names, place: str, one: DimensionFilter, key: str) -> str:
    """Return a filter as a condition on a table's rows.

    Args:
        bindings: The statement's parameters.
        names: The directory, for filters that look at names.
        place: The name under which the value is bound; the same filter has the same on every table.
        one: The filter.
        key: The dimension's key as an expression over the table's rows.

    """
    dimension = one.dimension
    operator = OPERATORS[one.operator.negates or one.operator.name]
    kind, empty = _TYPES[dimension.kind], dimension.empty or EMPTY.get(dimension.kind, "")
    bind_attribute(bindings, names, dimension)
    if dimension.attribute is not None and dimension.attribute.by_id:
        passing, passing_nothing = (
            _compared(bindings, subject, operator, place, kind, one.values, empty) for subject in ("x", "''")
        )
        condition = kept(dimension, key, passing, passing_nothing)
    elif one.by_id:
        condition = f"{key} IN {bindings.bind(place, 'Array(UInt32)', list(one.values))}"
    elif operator.arity == "none":
        subject = "x" if dimension.array else dimension.shown(key)
        condition = _each(dimension, _compared(bindings, subject, operator, place, kind, (), empty))
    else:
        subject = "x" if dimension.array else _subject(bindings, names, dimension, key)
        condition = _each(dimension, _compared(bindings, subject, operator, place, kind, one.values, empty))
    return f"NOT ({condition})" if one.operator.negates else condition


def on_metric(bindings: Bindings, place: str, one: MetricFilter) -> str:
    """Return a filter as a condition on the answer's rows; the metric's alias stands beside it."""
    operator = METRIC_OPERATORS[one.operator.negates or one.operator.name]
    value = of_range(one.metric, one.of)
    # Counts are integers and money is decimal: both are compared as the number the caller wrote.
    subject = value if operator.arity == "none" else f"toFloat64({value})"
    condition = _compared(bindings, subject, operator, place, "Float64", one.values, "")
    return f"NOT ({condition})" if one.operator.negates else condition


def of_range(metric: Metric, of: Range) -> str:
    """Return a metric's value over the report's range, over the one compared with, or the change between the two.

    The change is rounded as ``reports.present`` rounds it, so that a row that shows 0.1 is one of at least 0.1.
    """
    if of != "change":
        return f"{'m' if of == 'now' else 'b'}_{metric.name}"
    now, before = f"m_{metric.name}", f"b_{metric.name}"
    change = f"round(toFloat64({now} - {before}) / nullIf(toFloat64({before}), 0), {CHANGE_DIGITS})"
    return f"if(isFinite({change}), {change}, NULL)"


def named(bindings: Bindings, names: Names, dimension: Dimension, key: str) -> str:
    """Return the name a named dimension is shown under, from its id, as an expression."""
    known = {0: NO_ONE, **names.all(dimension.names)}
    ids = bindings.bind(f"{dimension.name}_ids", "Array(UInt32)", list(known))
    texts = bindings.bind(f"{dimension.name}_names", "Array(String)", list(known.values()))
    return f"transform({key}, {ids}, {texts}, concat('#', toString({key})))"


def _subject(bindings: Bindings, names: Names, dimension: Dimension, key: str) -> str:
    return named(bindings, names, dimension, key) if dimension.kind == "id" else dimension.shown(key)


def _each(dimension: Dimension, condition: str) -> str:
    """Return a condition that holds when it holds for any of the row's labels."""
    return f"arrayExists(x -> {condition}, {dimension.array})" if dimension.array else condition


def _compared(
    bindings: Bindings,
    subject: str,
    operator: Operator,
    place: str,
    kind: str,
    values: tuple[Any, ...],
    empty: str,
) -> str:
    """Return an operator's template with its subject and placeholders in place."""
    places = {"x": subject, "empty": empty}
    match operator.arity:
        case "one":
            places["value"] = bindings.bind(place, kind, values[0])
        case "many":
            places["value"] = bindings.bind(place, f"Array({kind})", list(values))
        case "two":
            places["low"] = bindings.bind(f"{place}_low", kind, values[0])
            places["high"] = bindings.bind(f"{place}_high", kind, values[1])
        case "none":
            pass
    return Template(operator.sql).substitute(places)
