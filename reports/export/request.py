"""What an export was asked for, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.auth import Principal
from kernel.clickhouse.columns import TABLES, Column
from kernel.errors import FORBIDDEN
from reports.errors import PARAMETER_MISSING, UNKNOWN_COLUMN, UNKNOWN_EXPORT, unknown
from reports.export.formats import Format, Writing, known_format
from reports.logs.asked import Condition
from reports.names import Names
from reports.scope import is_unlimited
from reports.span import Span, span
from reports.visibility import sees_column


@dataclass(frozen=True, slots=True)
class Exported:
    """An event table as it is exported."""

    summary: str
    """One sentence for the documentation."""
    order: tuple[str, ...]
    """Columns that order its rows and tell them apart; the first is the time that the range is about."""
    needs: str = "events:read"
    """Scope of ``kernel.auth.SCOPES``."""
    belongs_to_nobody: bool = False
    """Its rows have no partner and no advertiser; only a caller without limits may have them."""
    current: bool = False
    """A row is replaced by its newer state, so older states are left out."""


EXPORTS: Final[dict[str, Exported]] = {
    "clicks": Exported("Download clicks, one row each.", ("ts", "click_id")),
    "impressions": Exported("Download impressions, one row each.", ("ts", "click_id")),
    "conversions": Exported(
        "Download conversions in their current state, one row each.", ("ts", "conversion_id"), current=True
    ),
    "conversion_changes": Exported(
        "Download every state that conversions went through, by the time of the change.",
        ("changed_at", "conversion_id", "change_seq"),
    ),
    "rejected": Exported(
        "Download what was refused, with its bytes as they were received.",
        ("ts", "rejected_id"),
        needs="rejected:read",
        belongs_to_nobody=True,
    ),
    "outbound_attempts": Exported(
        "Download the tries to send outgoing postbacks and webhooks; a partner has those of its own hooks.",
        ("ts", "message_id", "attempt"),
        needs="outbound:read",
    ),
}
"""What can be exported, by the table's name."""


@dataclass(frozen=True, slots=True)
class Export:
    """A valid export."""

    table: str
    columns: tuple[Column, ...]
    span: Span
    writing: Writing
    where: tuple[Condition, ...] = ()
    """What a row must meet beside its time; see ``narrowing``."""
    names: Names | None = None
    """The directory as the caller may know it; there wherever there are conditions."""

    @property
    def format(self) -> Format:
        """How rows are written."""
        return self.writing.format

    @property
    def exported(self) -> Exported:
        """What the table is like."""
        return EXPORTS[self.table]

    @property
    def time(self) -> str:
        """The column that the range is about."""
        return self.exported.order[0]


def wanted(table: str, parameters: Mapping[str, Any], who: Principal) -> Export:
    """Check an export's table, range, columns and format.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors``; ``forbidden`` when the rows belong to nobody
            and the caller may see only somebody's.

    """
    if table not in EXPORTS:
        raise unknown(UNKNOWN_EXPORT, "export", table, EXPORTS)
    if EXPORTS[table].belongs_to_nobody and not is_unlimited(who):
        raise FORBIDDEN.error()
    start, end = parameters.get("from", ""), parameters.get("to", "")
    if not start or not end:
        raise PARAMETER_MISSING.error()
    range_ = span(start, end, parameters.get("timezone") or "UTC")
    return Export(
        table,
        _columns(table, parameters.get("columns", ""), who),
        range_,
        Writing(
            known_format(parameters.get("format") or "csv"), raw=bool(parameters.get("raw")), zone=range_.zone
        ),
    )


def _columns(table: str, asked: str, who: Principal) -> tuple[Column, ...]:
    """Return the columns named, in the order named, each once; all the caller may see when none is."""
    known = {column.name: column for column in TABLES[table] if sees_column(who, column)}
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise unknown(UNKNOWN_COLUMN, f"column of {table}", name, known)
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(known.values())
