"""Drilling down: which filters keep exactly the events that a row, or a cell of a pivot, is made of.

An answer names the columns that tell (``meta.drill``), each of which is a filter's name too, and gives each column
of a pivot the filters it stands for. Invariant: the same query with its filters on dimensions and these adds up to
what the row says, by whatever dimensions; filters on metrics have judged the row and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.registry import Dimension

_KEPT = ("from", "to", "timezone", "currency", "compare", "money", "formulas")
"""Of a query, what doesn't say which rows there are and how they are arranged."""


def drill_columns(dimensions: Sequence[Dimension]) -> list[str]:
    """Return the columns that tell rows apart; of a named dimension the id, as two may have one name."""
    return [_column(dimension) for dimension in dimensions]


def of_value(pivot: Dimension, text: str) -> list[dict[str, Any]]:
    """Return the filters that keep what a column of a pivot is made of."""
    return [{"dimension": _column(pivot), "op": "eq", "value": _value(pivot, text)}]


def of_others(pivot: Dimension, texts: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return the filters that keep what the column of all other values is made of; None where there are none.

    An event with several labels is in that column for any that has no column of its own, which no filter says.
    """
    if not texts:
        return []
    values = [_value(pivot, text) for text in texts]
    match pivot.kind:
        case "labels":
            return None
        case "bool":
            return [{"dimension": pivot.name, "op": "ne", "value": values[0]}]
        case _:
            return [{"dimension": _column(pivot), "op": "not_in", "values": values}]


def row_filters(
    meta: Mapping[str, Any], row: Mapping[str, Any], key: str | None = None
) -> list[Mapping[str, Any]]:
    """Return the filters that keep what a row of an answer is made of.

    Args:
        meta: The answer's.
        row: One of its rows.
        key: Of a pivot's column, to keep what that cell is made of; None: the whole row.

    Raises:
        KeyError: the pivot has no such column.
        ValueError: no filter says what the column is made of.

    """
    found: list[Mapping[str, Any]] = [
        {"dimension": name, "op": "eq", "value": row[name]} for name in meta["drill"]
    ]
    if key is None:
        return found
    column = {one["key"]: one for one in meta["pivot"]["columns"]}[key]
    if "filters" not in column:
        raise ValueError(f"no filter keeps what {key!r} is made of")
    return [*found, *column["filters"]]


def drilled(
    query: Mapping[str, Any],
    meta: Mapping[str, Any],
    row: Mapping[str, Any],
    by: Sequence[str],
    key: str | None = None,
) -> dict[str, Any]:
    """Return the query that takes a row apart by other dimensions.

    Args:
        query: What was asked, as the API takes it.
        meta: The answer's.
        row: One of its rows.
        by: The dimensions to take it apart by.
        key: Of a pivot's column, to take that cell apart.

    Raises:
        KeyError, ValueError: as ``row_filters``.

    """
    asked = {name: query[name] for name in _KEPT if name in query}
    kept = [one for one in query.get("filters", ()) if one.get("dimension") is not None]
    filters = [*kept, *row_filters(meta, row, key)]
    return {**asked, "dimensions": list(by), "metrics": query["metrics"], "filters": filters}


def _column(dimension: Dimension) -> str:
    return f"{dimension.name}_id" if dimension.kind == "id" else dimension.name


def _value(dimension: Dimension, text: str) -> str | int | bool:
    """Return a pivot's value, which the store wrote as text, as a row has it."""
    match dimension.kind:
        case "id" | "number":
            return int(text)
        case "bool":
            return text == "true"
        case _:
            return text
