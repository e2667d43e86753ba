"""The statements of an export: how many rows each hour has, and one window's rows in order.

Values travel as typed parameters, the caller's scope stands in every statement, and columns are read
through the table's alias so that a formatted time never takes the place of the time itself.
"""

from __future__ import annotations

from datetime import datetime

from kernel.auth import Principal
from kernel.clickhouse.columns import LABELS, TIME, Column
from reports.bindings import Bindings, Statement
from reports.export.request import Export, Format
from reports.scope import scope

_ISO = "replaceRegexpOne(formatDateTime(t.`{}`, '%Y-%m-%dT%H:%i:%S.%f%z', {{tz:String}}), '(..)$', ':\\\\1')"
"""ISO 8601 with the zone's offset, its colon put in."""

LABEL_SEPARATOR = "|"
"""Between the labels of one CSV cell; reason codes and parameter names don't contain it."""


def hours(export: Export, who: Principal) -> Statement:
    """Return the statement that counts rows by UTC hour; of conversions also the old states, so at most."""
    bindings = Bindings()
    return bindings.statement(
        [
            "SELECT toStartOfHour(t.ts, 'UTC') AS hour, count()",
            f"FROM {export.table} AS t",
            _where(bindings, who, export.span.start, export.span.end),
            "GROUP BY hour",
            "ORDER BY hour",
        ]
    )


def window(export: Export, who: Principal, start: datetime, end: datetime) -> Statement:
    """Return the statement of one window's rows, ordered by time."""
    bindings = Bindings()
    final = " FINAL" if export.table == "conversions" else ""
    return bindings.statement(
        [
            "SELECT",
            ",\n".join(f"    {_cell(column, export.format)} AS `{column.name}`" for column in export.columns),
            f"FROM {export.table} AS t{final}",
            _where(bindings, who, start, end),
            f"ORDER BY t.ts, t.{export.identity}",
        ],
        tz=export.span.zone,
    )


def _where(bindings: Bindings, who: Principal, start: datetime, end: datetime) -> str:
    kept = [f"t.ts >= {bindings.instant('from', start)}", f"t.ts < {bindings.instant('to', end)}"]
    # Rows of rejected belong to nobody; only a caller without limits gets this far with them.
    kept += [f"t.{condition}" for condition in scope(who, bindings.bind)]
    return "WHERE " + "\n    AND ".join(kept)


def _cell(column: Column, wanted: Format) -> str:
    """Return a column as it is written out."""
    if column.type == TIME:
        return _ISO.format(column.name)
    if column.type == LABELS and wanted == "csv":
        return f"arrayStringConcat(t.`{column.name}`, '{LABEL_SEPARATOR}')"
    return f"t.`{column.name}`"
