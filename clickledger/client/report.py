"""A report's answer: rows, totals, what its columns are, and how it came about.

Invariants: an amount is the exact decimal that the service wrote, a count an ``int``, a ratio a ``float``, a
moment a ``datetime`` in the report's zone; a row has the keys that its columns name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = dict[str, Any]
"""Values by column; of a pivot a metric is a dictionary by the pivot's keys."""

Role: TypeAlias = Literal["dimension", "id", "metric", "before", "change"]
Kind: TypeAlias = Literal["text", "number", "bool", "time", "id", "labels"]
Unit: TypeAlias = Literal["count", "ratio", "money", "score", "seconds", "number", "time"]


class Column(msgspec.Struct, frozen=True):
    """A column of a report."""

    name: str
    label: str
    role: Role
    kind: Kind | None = None
    """Of dimensions and ids."""
    unit: Unit | None = None
    """Of metrics; ratio: 0.05 is five percent; money: in the report's currency."""


class Range(msgspec.Struct, frozen=True):
    """From a moment to another, which is excluded."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")


class PivotColumns(msgspec.Struct, frozen=True):
    """What a pivot's columns are, in order; each has a ``key`` and what it stands for."""

    dimension: str
    columns: list[dict[str, Any]]

    @property
    def keys(self) -> list[str]:
        """The keys that rows have them under."""
        return [column["key"] for column in self.columns]


class Meta(msgspec.Struct, frozen=True):
    """What was answered, and how."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    timezone: str
    currency: str
    money: str
    """expected or earned."""
    source: str
    """rollup or raw."""
    row_count: int
    truncated: bool
    """There are more rows than the limit."""
    elapsed_ms: float
    rows_read: int | None
    dimensions: list[str]
    metrics: list[str]
    columns: list[Column]
    compare: Range | None = None
    pivot: PivotColumns | None = None
    other_currencies: dict[str, int] = {}
    """Conversions left out of the money for lack of a rate, by their currency."""
    drill: list[str] = []
    """Columns that tell rows apart, and are names of filters."""


class _Answer(msgspec.Struct):
    rows: list[Row]
    meta: Meta
    totals: Row | None = None


_decode = msgspec.json.Decoder(_Answer, float_hook=Decimal).decode


class Report(Sequence[Row]):
    """Rows in their order, as a sequence."""

    def __init__(self, rows: list[Row], totals: Row | None, meta: Meta) -> None:
        """Hold what was answered."""
        self.rows = rows
        self.totals = totals
        self.meta = meta

    @property
    def columns(self) -> tuple[Column, ...]:
        """What each column is, in the order of the rows."""
        return tuple(self.meta.columns)

    def column(self, name: str) -> list[Any]:
        """Return one column's values.

        Raises:
            KeyError: there is no such column.

        """
        if all(name != column.name for column in self.meta.columns):
            raise KeyError(f"{name!r} is none of the columns {[column.name for column in self.meta.columns]}")
        return [row[name] for row in self.rows]

    def drill(self, row: Row, key: str | None = None) -> list[dict[str, Any]]:
        """Return the filters that keep what a row is made of, to ask for it by other dimensions.

        Beside them belong the filters on dimensions of the query itself; those on metrics have judged the row.

        Args:
            row: One of the rows.
            key: Of a pivot's column, to keep what that cell is made of.

        Raises:
            KeyError: the report has no such column, or no filter keeps what it is made of.

        """
        filters = [{"dimension": name, "op": "eq", "value": row[name]} for name in self.meta.drill]
        if key is None:
            return filters
        columns = () if self.meta.pivot is None else self.meta.pivot.columns
        found = next((column for column in columns if column["key"] == key and "filters" in column), None)
        if found is None:
            raise KeyError(f"{key!r} is no column that filters can keep")
        return [*filters, *found["filters"]]

    def to_pandas(self, *, money: Literal["decimal", "float"] = "decimal") -> pd.DataFrame:
        """Return the rows as a data frame.

        Times are timestamps in the report's zone (the first moment of an hour, day, week, month or quarter),
        counts and numbers ``Int64``, flags ``boolean``, ratios, scores and seconds ``float64``. The columns of a
        pivot have two levels: metric and key.

        Args:
            money: decimal: exact ``Decimal`` objects; float: ``float64``, to plot and for speed.

        Raises:
            PandasMissingError: pandas isn't installed.

        """
        from clickledger.client.frames import report_frame

        return report_frame(self, money=money)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return self.rows[place]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        meta = self.meta
        names = ", ".join(column.name for column in meta.columns)
        more = ", more exist" if meta.truncated else ""
        return (
            f"<Report {meta.start:%Y-%m-%d %H:%M} to {meta.end:%Y-%m-%d %H:%M} {meta.timezone}: "
            f"{len(self.rows)} rows of {names}{more}>"
        )


def read(body: bytes) -> Report:
    """Read the answer of a report."""
    answer = _decode(body)
    readers = _readers(answer.meta)
    return Report(
        [_typed(row, readers) for row in answer.rows],
        None if answer.totals is None else _typed(answer.totals, readers),
        answer.meta,
    )


def _readers(meta: Meta) -> dict[str, Callable[[Any], Any]]:
    """Return how to read the columns whose JSON isn't what they are."""
    zone = ZoneInfo(meta.timezone)

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(zone)

    found: dict[str, Callable[[Any], Any]] = {}
    for column in meta.columns:
        match column.unit:
            case "money":
                found[column.name] = Decimal
            case "ratio" | "score" | "seconds":
                found[column.name] = float
            case "number" | "count":
                found[column.name] = _number
            case "time":
                found[column.name] = moment
    return found


def _number(value: int | Decimal) -> int | float:
    return value if isinstance(value, int) else float(value)


def _typed(row: Row, readers: dict[str, Callable[[Any], Any]]) -> Row:
    for name, reader in readers.items():
        value = row.get(name)
        if isinstance(value, dict):
            row[name] = {key: None if one is None else reader(one) for key, one in value.items()}
        elif value is not None:
            row[name] = reader(value)
    return row
