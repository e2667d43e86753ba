"""What an export was asked for, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kernel.auth import Principal
from kernel.clickhouse.columns import TABLES, Column
from kernel.errors import FORBIDDEN
from reports.errors import MAX_ECHOED, PARAMETER_MISSING, UNKNOWN_COLUMN, UNKNOWN_EXPORT, UNKNOWN_FORMAT, unknown
from reports.scope import is_unlimited
from reports.span import Span, span
from reports.visibility import sees_column

Format = Literal["csv", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl")

EXPORTS: dict[str, str] = {
    "clicks": "click_id",
    "impressions": "click_id",
    "conversions": "conversion_id",
    "rejected": "rejected_id",
}
"""What can be exported, with the column that tells its rows apart."""


@dataclass(frozen=True, slots=True)
class Export:
    """A valid export."""

    table: str
    columns: tuple[Column, ...]
    span: Span
    format: Format

    @property
    def identity(self) -> str:
        """The column that orders rows of the same instant."""
        return EXPORTS[self.table]


def wanted(table: str, parameters: Mapping[str, str], who: Principal) -> Export:
    """Check an export's table, range, columns and format.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors``; ``forbidden`` when the rows belong to nobody
            and the caller may see only somebody's.

    """
    if table not in EXPORTS:
        raise unknown(UNKNOWN_EXPORT, "export", table, EXPORTS)
    if table == "rejected" and not is_unlimited(who):
        raise FORBIDDEN.error()
    start, end = parameters.get("from", ""), parameters.get("to", "")
    if not start or not end:
        raise PARAMETER_MISSING.error()
    return Export(
        table,
        _columns(table, parameters.get("columns", ""), who),
        span(start, end, parameters.get("timezone") or "UTC"),
        _format(parameters.get("format") or "csv"),
    )


def _columns(table: str, asked: str, who: Principal) -> tuple[Column, ...]:
    """Return the columns named, in the order named, each once; all the caller may see when none is."""
    known = {column.name: column for column in TABLES[table] if sees_column(who, column)}
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise unknown(UNKNOWN_COLUMN, f"column of {table}", name, known)
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(known.values())


def _format(asked: str) -> Format:
    for one in FORMATS:
        if asked == one:
            return one
    raise UNKNOWN_FORMAT.error(f"'{asked[:MAX_ECHOED]}' is no export format; use {' or '.join(FORMATS)}.")
