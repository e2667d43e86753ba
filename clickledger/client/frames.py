"""Rows as data frames of pandas, with the types that the columns have.

Invariants: nothing is rounded unless ``money="float"`` asks for it; a local time that the clocks repeat is its
first occurrence, one that they skip the first moment after it, as in the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from clickledger.client.errors import PandasMissingError

if TYPE_CHECKING:
    import pandas as pd

    from clickledger.client.report import Column, Report

_MONTHS_PER_QUARTER = 3


def report_frame(report: Report, *, money: str) -> pd.DataFrame:
    """Return a report's rows as a data frame; see ``Report.to_pandas``."""
    pd = _pandas()
    if money not in {"decimal", "float"}:
        raise ValueError(f"money is 'decimal' or 'float', not {money!r}.")
    zone, pivot = report.meta.timezone, report.meta.pivot
    found: dict[Any, Any] = {}
    for column in report.columns:
        values = report.column(column.name)
        if pivot is None:
            found[column.name] = _series(pd, column, values, zone, money)
        elif column.kind is not None:
            found[column.name, ""] = _series(pd, column, values, zone, money)
        else:
            for key in pivot.keys:
                found[column.name, key] = _series(pd, column, [value[key] for value in values], zone, money)
    frame = pd.DataFrame(found)
    if pivot is not None:
        frame.columns = pd.MultiIndex.from_tuples(found, names=[None, pivot.dimension])
    return frame


def rows_frame(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], zone: str, times: frozenset[str]
) -> pd.DataFrame:
    """Return rows of a log as a data frame, its times in the zone; everything else is as in the rows."""
    pd = _pandas()
    found = {}
    for name in columns:
        values = [row.get(name) for row in rows]
        found[name] = _moments(pd, values, zone) if name in times else pd.Series(values)
    return pd.DataFrame(found)


def first_moment(text: str, zone: str) -> datetime | None:
    """Return the first instant of what a time dimension shows; None for nothing.

    Args:
        text: A minute, hour, day, month or quarter: 2026-11-01 13:00, 2026-11-01, 2026-11, 2026-Q4.
        zone: IANA name of the zone it is of.

    """
    if not text:
        return None
    if "Q" in text:
        year, _, quarter = text.partition("-Q")
        text = f"{year}-{(int(quarter) - 1) * _MONTHS_PER_QUARTER + 1:02}"
    local = datetime.fromisoformat(f"{text}-01" if len(text) == len("2026-11") else text)
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def _series(pd: Any, column: Column, values: Sequence[Any], zone: str, money: str) -> Any:
    match column.unit or column.kind:
        case "time" if column.kind:
            return _moments(pd, [None if value is None else first_moment(value, zone) for value in values], zone)
        case "time":
            return _moments(pd, values, zone)
        case "money" if money == "decimal":
            return pd.Series(values, dtype=object)
        case "money" | "ratio" | "score" | "seconds":
            return pd.Series([None if value is None else float(value) for value in values], dtype="float64")
        case "count" | "number":
            # A formula may call a quotient a count.
            whole = all(value is None or isinstance(value, int) for value in values)
            return pd.Series(values, dtype="Int64" if whole else "float64")
        case "bool":
            return pd.Series(values, dtype="boolean")
        case _:
            return pd.Series(values, dtype="str")


def _moments(pd: Any, values: Sequence[datetime | None], zone: str) -> Any:
    instants = [None if value is None else value.astimezone(UTC) for value in values]
    return pd.Series(instants, dtype="datetime64[us, UTC]").dt.tz_convert(zone)


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as why:
        raise PandasMissingError from why
    return pd


def arrow_frame(file: IO[bytes]) -> pd.DataFrame:
    """Return the rows of an Arrow stream as a data frame; whole numbers stay whole where some are missing."""
    pd = _pandas()
    import pyarrow as pa

    numbers = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    with pa.ipc.open_stream(file) as reader:
        return reader.read_pandas(types_mapper=numbers.get)
