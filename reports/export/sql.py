"""The statements of an export: how many rows each hour has, and one window's rows in order.

Values travel as typed parameters, the caller's scope stands in every statement, and columns are read
through the table's alias so that a formatted time never takes the place of the time itself.
"""

from __future__ import annotations

from datetime import datetime

from kernel.auth import Principal
from kernel.clickhouse.columns import LABEL, LABELS, TEXTS, TIME, Column
from reports.attributes import bind_attribute
from reports.bindings import Bindings, Statement
from reports.conditions import sql as conditions
from reports.export.formats import LABEL_SEPARATOR
from reports.export.harmless import PARAMETERS, harmless_sql
from reports.export.request import Export
from reports.scope import scope

_ISO = "replaceRegexpOne(formatDateTime(t.`{}`, '%Y-%m-%dT%H:%i:%S.%f%z', {{tz:String}}), '(..)$', ':\\\\1')"
"""ISO 8601 with the zone's offset, its colon put in."""

_TEXTS = frozenset({"String", LABEL})
_WRITTEN_BY_THE_STORE = frozenset({"csv", "json", "jsonl"})


def hours(export: Export, who: Principal) -> Statement:
    """Return the statement that counts rows by UTC hour."""
    bindings = Bindings()
    return bindings.statement(
        [
            f"SELECT toStartOfHour(t.{export.time}, 'UTC') AS hour, count()",
            _from(export, bindings, export.span.start, export.span.end),
            _where(export, bindings, who, export.span.start, export.span.end),
            "GROUP BY hour",
            "ORDER BY hour",
        ],
        tz=export.span.zone,
    )


def window(export: Export, who: Principal, start: datetime, end: datetime) -> Statement:
    """Return the statement of one window's rows, ordered by time."""
    bindings = Bindings()
    return bindings.statement(
        [
            "SELECT",
            ",\n".join(f"    {_cell(column, export)} AS `{column.name}`" for column in export.columns),
            _from(export, bindings, start, end),
            _where(export, bindings, who, start, end),
            "ORDER BY " + ", ".join(f"t.{name}" for name in export.exported.order),
        ],
        tz=export.span.zone,
        **PARAMETERS,
    )


def _from(export: Export, bindings: Bindings, start: datetime, end: datetime) -> str:
    """Return the table, or those of its rows that meet the filters.

    Filters stand in a SELECT of their own, where a name means the stored column and not the text it is written as.
    """
    final = " FINAL" if export.exported.current else ""
    if not export.where or export.names is None:
        return f"FROM {export.table} AS t{final}"
    kept = _within(export, bindings, start, end)
    for place, one in enumerate(export.where):
        bind_attribute(bindings, export.names, one.filter.dimension)
        kept.append(conditions.on_dimension(bindings, export.names, f"f{place}", one.filter, one.key))
    return f"FROM (SELECT * FROM {export.table}{final} WHERE {' AND '.join(kept)}) AS t"  # noqa: S608 - see above


def _within(export: Export, bindings: Bindings, start: datetime, end: datetime, of: str = "") -> list[str]:
    return [
        f"{of}{export.time} >= {bindings.instant('from', start)}",
        f"{of}{export.time} < {bindings.instant('to', end)}",
    ]


def _where(export: Export, bindings: Bindings, who: Principal, start: datetime, end: datetime) -> str:
    kept = _within(export, bindings, start, end, "t.")
    # Rows of rejected belong to nobody; only a caller without limits gets this far with them.
    kept += [f"t.{condition}" for condition in scope(who, bindings.bind)]
    if export.table == "outbound_attempts" and who.partner_id is not None:
        # What the network's own hooks tell about a partner's conversion may name the advertiser's money.
        kept.append(f"t.hook_partner_id = {bindings.bind('scope_hook_partner', 'UInt32', who.partner_id)}")
    return "WHERE " + "\n    AND ".join(kept)


def _cell(column: Column, export: Export) -> str:
    """Return a column as it is written out; typed, where the program and not the store writes it."""
    cell = f"t.`{column.name}`"
    if export.format not in _WRITTEN_BY_THE_STORE:
        return cell
    if column.type == TIME:
        return _ISO.format(column.name)
    if column.type in {LABELS, TEXTS} and export.format == "csv":
        cell = f"arrayStringConcat({cell}, '{LABEL_SEPARATOR}')"
    elif column.type not in _TEXTS:
        return cell
    return harmless_sql(cell) if export.writing.guards else cell
