"""The statements of a log's page: how far back it reaches, and its rows.

A page is two statements, because the second reads wide rows: the first reads times alone and finds the oldest
moment of the page, so that the second looks at no more than that.

Invariants: values travel as typed parameters; the caller's scope is the last condition of each statement; a page
begins behind a (time, id) and not after a number of rows.
"""

from __future__ import annotations

from datetime import datetime

from kernel.auth import Principal
from kernel.clickhouse.columns import Column
from reports.attributes import bind_attribute
from reports.bindings import Bindings, Statement
from reports.conditions import sql as conditions
from reports.logs.asked import Asked
from reports.names import Names
from reports.scope import scope

_BYTES = frozenset({"raw", "response_body", "request_body"})
"""Columns that hold what somebody sent, whatever its encoding."""


def reach(page: Asked, who: Principal, names: Names) -> Statement:
    """Return the statement of the time of the first row behind the page; no row: the page is the last."""
    bindings = Bindings()
    lines = ["SELECT ts", _from(page), _where(page, bindings, who, names, page.span.start), _newest(page)]
    lines.append(f"LIMIT 1 OFFSET {bindings.bind('limit', 'UInt32', page.limit)}")
    return bindings.statement(lines, tz=page.span.zone)


def rows(page: Asked, who: Principal, names: Names, oldest: datetime) -> Statement:
    """Return the statement of the page's rows and one more: their time, their id, and the columns asked for."""
    bindings = Bindings()
    shown = ", ".join(["ts", page.log.id, *(cell(column) for column in page.columns)])
    lines = [f"SELECT {shown}", _from(page), _where(page, bindings, who, names, oldest)]
    lines.append(f"{_newest(page)}, {page.log.id} DESC")
    lines.append(f"LIMIT {bindings.bind('limit', 'UInt32', page.limit + 1)}")
    return bindings.statement(lines, tz=page.span.zone)


def cell(column: Column) -> str:
    """Return how a column is read: bytes that are no text come as readable text."""
    return f"toValidUTF8(`{column.name}`)" if column.name in _BYTES else f"`{column.name}`"


def _from(page: Asked) -> str:
    return f"FROM {page.log.table}{' FINAL' if page.log.current else ''}"


def _newest(page: Asked) -> str:
    # The day leads the tables' sort key: with it the newest rows are found without sorting all.
    return f"ORDER BY {'toDate(ts) DESC, ' if page.log.by_day else ''}ts DESC"


def _where(page: Asked, bindings: Bindings, who: Principal, names: Names, oldest: datetime) -> str:
    kept = [f"ts >= {bindings.instant('from', oldest)}", f"ts < {bindings.instant('to', page.span.end)}"]
    if page.before is not None:
        # Both: the first finds the rows, the second tells those of one moment apart.
        before = bindings.instant("before", page.before.ts)
        kept.append(f"ts <= {before}")
        kept.append(f"(ts, {page.log.id}) < ({before}, {bindings.bind('before_id', 'String', page.before.id)})")
    for place, one in enumerate(page.where):
        bind_attribute(bindings, names, one.filter.dimension)
        kept.append(conditions.on_dimension(bindings, names, f"f{place}", one.filter, one.key))
    # Rows of rejected belong to nobody; only a caller without limits gets this far with them.
    kept += scope(who, bindings.bind)
    return "WHERE " + "\n    AND ".join(kept)
