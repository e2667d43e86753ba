"""A page of a log: read, given names and written in the asked zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kernel.auth import Principal
from kernel.settings import Settings
from reports.execute import Readers, execute
from reports.logs import sql
from reports.logs.asked import Asked, asked
from reports.logs.log import Log
from reports.logs.places import EPOCH, Place, cursor_of
from reports.logs.schemas import LogQuery
from reports.names import Names, shown
from reports.registry import DIMENSIONS
from reports.visibility import seen_by

_NAMED = {d.columns[0]: d for d in DIMENSIONS.values() if d.kind == "id"}
"""Columns with an id of the program, each with the dimension that shows its name."""
_TITLED = {"landing_id": "landing_name", "creative_id": "creative_name"}
"""Columns whose text may be the id of an entry of the program, each with the attribute that has its name."""


def page(
    log: Log, query: LogQuery, who: Principal, *, names: Names, readers: Readers, chosen: Settings
) -> dict[str, Any]:
    """Answer a page of a log.

    Args:
        log: The log.
        query: What is asked of it.
        who: The caller, whose rows and columns these will be.
        names: The directory.
        readers: Where read-only handles come from.
        chosen: The limits.

    Returns:
        ``items``, newest first; ``next_cursor``; ``meta``.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors`` and ``reports.logs.errors``, or ``store_away``.

    """
    known = seen_by(who, names)
    wanted = asked(log, query, who, known)
    (reach,) = execute([sql.reach(wanted, who, known)], readers, chosen)
    oldest = utc(reach.rows[0][0]) if reach.rows else wanted.span.start
    (found,) = execute([sql.rows(wanted, who, known, oldest)], readers, chosen)
    kept = found.rows[: wanted.limit]
    more = len(found.rows) > wanted.limit
    columns = [column.name for column in wanted.columns]
    return {
        "items": readable([dict(zip(columns, row[2:], strict=True)) for row in kept], wanted.span.zone, known),
        "next_cursor": cursor_of(Place(utc(kept[-1][0]), kept[-1][1])) if more else None,
        "meta": _meta(wanted, columns),
    }


def readable(rows: Sequence[Mapping[str, Any]], zone: str, names: Names) -> list[dict[str, Any]]:
    """Return rows of events as a person reads them: times in the zone, names beside ids.

    Args:
        rows: Columns by their names, as the store answers them.
        zone: IANA name.
        names: The directory as the caller may know it.

    """
    local = ZoneInfo(zone)
    known = {
        column: names.of(dimension.names, {row[column] for row in rows if row[column]})
        for column, dimension in _NAMED.items()
        if rows and column in rows[0]
    }
    titles = {column: names.attributes(kind) for column, kind in _TITLED.items() if rows and column in rows[0]}
    made = []
    for row in rows:
        one: dict[str, Any] = {}
        for column, value in row.items():
            one[column] = _written(value, local)
            if column in known:
                one[_NAMED[column].name] = shown(value, known[column])
            if column in titles:
                one[_TITLED[column]] = _title(value, titles[column])
        made.append(one)
    return made


def utc(value: datetime) -> datetime:
    """Return a time as the store answers it with its zone, which is UTC."""
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def moment(value: datetime, local: ZoneInfo) -> str:
    """Return a time as it is written: ISO 8601 with milliseconds and the zone's offset."""
    return utc(value).astimezone(local).isoformat(timespec="milliseconds")


def _written(value: Any, local: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        # 1970 stands for never.
        return None if utc(value) == EPOCH else moment(value, local)
    return list(value) if isinstance(value, tuple) else value


def _title(value: str, titles: Mapping[int, tuple[str, ...]]) -> str:
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 11 else 0
    return next(iter(titles.get(number, ())), "")


def _meta(wanted: Asked, columns: list[str]) -> dict[str, Any]:
    local = ZoneInfo(wanted.span.zone)
    return {
        "from": moment(wanted.span.start, local),
        "to": moment(wanted.span.end, local),
        "timezone": wanted.span.zone,
        "columns": columns,
        "limit": wanted.limit,
    }
