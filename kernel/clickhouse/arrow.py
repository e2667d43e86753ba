"""Arrow schemas of the event tables, made from their columns.

A batch of rows is a ``pyarrow.Table`` in the table's own column order and types, so that the store
never guesses; a column that is not given is filled with its type's empty value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa

from kernel.clickhouse.columns import LABEL, LABELS, MONEY, NUMBERS, TABLES, TEXTS, TIME

_TYPES: dict[str, tuple[pa.DataType, Any]] = {
    "String": (pa.string(), ""),
    LABEL: (pa.string(), ""),
    LABELS: (pa.list_(pa.string()), []),
    TEXTS: (pa.list_(pa.string()), []),
    NUMBERS: (pa.list_(pa.float32()), []),
    "Date": (pa.date32(), 0),
    "UInt8": (pa.uint8(), 0),
    "UInt16": (pa.uint16(), 0),
    "UInt32": (pa.uint32(), 0),
    "UInt64": (pa.uint64(), 0),
    "Int64": (pa.int64(), 0),
    "Bool": (pa.bool_(), False),
    TIME: (pa.timestamp("ms", "UTC"), 0),
    MONEY: (pa.decimal128(18, 6), Decimal(0)),
}
"""ClickHouse type -> (Arrow type, empty value). ``rejected.raw`` is binary; see ``_BINARY``."""

_BINARY = {("rejected", "raw")}
"""Columns that may hold bytes that aren't UTF-8."""


def arrow_type(kind: str) -> pa.DataType:
    """Return the Arrow type of a ClickHouse type."""
    return _TYPES[kind][0]


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of an event table."""
    return pa.schema(
        [(c.name, pa.binary() if (table, c.name) in _BINARY else _TYPES[c.type][0]) for c in TABLES[table]]
    )


def arrow_table(table: str, columns: Mapping[str, Sequence[Any]], length: int) -> pa.Table:
    """Build a batch of ``length`` rows from Python columns; missing columns are filled with empty values.

    Times are integers: milliseconds since 1970, UTC.
    """
    schema = arrow_schema(table)
    arrays = []
    for column, field in zip(TABLES[table], schema, strict=True):
        values = columns.get(column.name)
        if values is None:
            empty = b"" if field.type == pa.binary() else _TYPES[column.type][1]
            # Arrow can't repeat a list no times.
            values = pa.repeat(pa.scalar(empty, field.type), length) if length else ()
        arrays.append(pa.array(values, type=field.type))
    return pa.table(arrays, schema=schema)


def rows_table(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build a batch from row mappings; for the small tables."""
    names = {name for row in rows for name in row}
    columns: dict[str, list[Any]] = {}
    for column in TABLES[table]:
        if column.name in names:
            empty = _TYPES[column.type][1]
            columns[column.name] = [row.get(column.name, empty) for row in rows]
    return arrow_table(table, columns, len(rows))
