"""A report's rows as a file: the same rows that the query answers, in any format of the exports.

A report is small beside the events (``report_max_rows``), so its rows are there before the first byte and
everything that can be wrong with it is said in time. Types come from what the answer says of its columns and, as
numbers may be exact or not, from the values.

Invariants: names and values are the report's own; an amount stays the exact decimal it is, in xlsx to Excel's
15 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa

from reports.errors import EXPORT_TOO_LARGE
from reports.export.files import written
from reports.export.formats import LABEL_SEPARATOR, Writing, refuse_too_many
from reports.export.harmless import harmless
from reports.export.stream import Streamed, after
from reports.flat import flat_columns, flat_row

Row = Mapping[str, Any]
Column = Mapping[str, Any]
"""As ``meta.columns`` has it."""

_SLICE: Final = 5_000
"""Rows written at a time."""
_MONEY_DIGITS: Final = 6
"""After the point, as the store keeps money; a quotient may have more."""
_MOST_DIGITS: Final = 38
"""Of a 128-bit decimal."""

_NESTED: Final = frozenset({"json", "jsonl"})
"""Formats that have objects in objects, as the answer to a query does."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


def file_of(answer: Mapping[str, Any], limit: int | None, writing: Writing) -> Streamed:
    """Begin the file of a report.

    Args:
        answer: What ``reports.report`` answered.
        limit: The limit the query gave itself, if any.
        writing: How to write it.

    Raises:
        ClickledgerError: ``export_too_large``: the report was cut though nobody asked for its first rows only.

    """
    rows, meta = answer["rows"], answer["meta"]
    if meta["truncated"] and limit is None:
        raise EXPORT_TOO_LARGE.error(
            f"The report has more than {len(rows):,} rows, the most it may have: ask for a shorter range or more "
            "filters, or give a limit to have the first ones.",
            limit_rows=len(rows),
        )
    refuse_too_many(len(rows), writing.format)
    columns = flat_columns(meta)
    if "pivot" in meta and writing.format not in _NESTED:
        rows = [flat_row(row, columns) for row in rows]
    return Streamed(len(rows), after(b"", pieces(rows, columns, writing)))


def pieces(rows: Sequence[Row], columns: Sequence[Column], writing: Writing) -> Generator[bytes, None, None]:
    """Yield the file's bytes."""
    match writing.format:
        case "csv":
            return _csv(rows, [column["name"] for column in columns], guards=writing.guards)
        case "json":
            return _json(rows)
        case "jsonl":
            return (b"".join(_encode(row) + b"\n" for row in part) for part in _parts(rows))
        case _:
            schema = pa.schema([(column["name"], _type(rows, column, writing)) for column in columns])
            return written(schema, writing, (_batch(part, schema) for part in _parts(rows)))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _SLICE] for start in range(0, len(rows), _SLICE))


def _json(rows: Sequence[Row]) -> Generator[bytes, None, None]:
    yield b"["
    for place, part in enumerate(_parts(rows)):
        yield (b",\n" if place else b"") + b",\n".join(_encode(row) for row in part)
    yield b"]\n"


def _csv(rows: Sequence[Row], names: Sequence[str], *, guards: bool) -> Generator[bytes, None, None]:
    """Yield CSV as the event store writes it: texts in quotes, numbers without, nothing for nothing."""
    guard = harmless if guards else str
    # A pivot's columns are called by values, which are anybody's texts.
    yield _line([_cell(name, guard) for name in names])
    for part in _parts(rows):
        yield b"".join(_line([_cell(row.get(name), guard) for name in names]) for row in part)


def _line(cells: Sequence[str]) -> bytes:
    return (",".join(cells) + "\n").encode()


def _cell(value: Any, guard: Callable[[str], str]) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            # Never 1E+3: not every program reads that as a number.
            return format(value, "f")
        case int() | float():
            return repr(value)
        case list() | tuple():
            value = LABEL_SEPARATOR.join(map(str, value))
    return '"' + guard(str(value)).replace('"', '""') + '"'


def _type(rows: Sequence[Row], column: Column, writing: Writing) -> pa.DataType:
    """Return a column's type, as its dimension or its unit says; also where no row has a value.

    Sums of money are exact decimals and quotients of it floating-point numbers; what a formula makes only its
    values tell.
    """
    if column["role"] in {"dimension", "id"}:
        return {"number": pa.int64(), "bool": pa.bool_()}.get(column["kind"], pa.string())
    unit = column["unit"]
    if unit == "time":
        return pa.timestamp("ms", writing.zone)
    present = [value for row in rows if (value := row.get(column["name"])) is not None]
    kinds = {type(value) for value in present}
    if float not in kinds and (Decimal in kinds or unit == "money"):
        return _decimal([value for value in present if isinstance(value, Decimal)])
    return pa.int64() if unit == "count" and float not in kinds else pa.float64()


def _decimal(values: Sequence[Decimal]) -> pa.DataType:
    """Return the decimal type that holds every value exactly."""
    before, behind = 1, _MONEY_DIGITS
    for value in values:
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)  # noqa: S101 - the store has no decimal NaN
        behind = max(behind, -exponent)
        before = max(before, len(digits) + exponent)
    if before + behind <= _MOST_DIGITS:
        return pa.decimal128(_MOST_DIGITS, behind)
    return pa.decimal256(2 * _MOST_DIGITS, behind)


def _batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array([_typed(row.get(field.name), field.type) for row in rows], field.type) for field in schema]
    return pa.record_batch(columns, schema=schema)


def _typed(value: Any, kind: pa.DataType) -> Any:
    """Return a value as the column's type wants it."""
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return value if isinstance(value, Decimal) else Decimal(str(value))
    if pa.types.is_floating(kind):
        return float(value)
    return value if not pa.types.is_string(kind) or isinstance(value, str) else str(value)
