"""The statements of one click's road. Each finds its rows by an id and a time, and holds the caller's scope.

A click is found through the projection by id, within the millisecond its id bears; its columns are read in two
halves at once, as planning and opening each of ninety columns is what takes the time (measured: 21 ms, a half 12).
Its conversions are found by the click's time, which tells their partition; their states and outgoing tries by the
day they can't be older than.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from kernel.auth import Principal
from kernel.clickhouse.columns import (
    CLICK_DIMENSIONS,
    CONVERSION_STATE,
    OUTBOUND_ATTEMPTS,
    REJECTED,
    TABLES,
    Column,
)
from reports.bindings import Bindings, Statement
from reports.logs.sql import cell
from reports.scope import scope
from reports.visibility import sees_column

Clicks: TypeAlias = Literal["clicks", "impressions"]
MOST = 1_000
"""Rows of each kind; a click has a handful."""
CLOCKS_APART = timedelta(hours=1)
"""What follows a click may bear an earlier time, where two hosts' clocks differ."""


_QUALITY = tuple(
    column
    for column in CLICK_DIMENSIONS
    if column.name in {"verdict", "fraud_reasons", "fraud_facts", "fraud_category", "fraud_score"}
)
"""What was thought of a conversion: its click's reasons and its own."""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and the columns of its rows."""

    statement: Statement
    columns: tuple[str, ...]
    key: tuple[str, ...]
    """Columns that tell what rows are about; of several about the same the first is meant."""


def click(table: Clicks, click_id: str, at: datetime, who: Principal) -> tuple[Question, Question]:
    """Ask for the click or impression with this id, with a half of its columns each: both make one row."""
    columns = TABLES[table]
    identity, middle = columns[:1], len(columns) // 2
    return (
        _click(table, columns[:middle], click_id, at, who),
        _click(table, (*identity, *columns[middle:]), click_id, at, who),
    )


def _click(table: Clicks, columns: Sequence[Column], click_id: str, at: datetime, who: Principal) -> Question:
    bindings = Bindings()
    moment = bindings.instant("at", at)
    same = f"click_id = {bindings.bind('click_id', 'String', click_id)}"
    # Said here, as finding out what to read first takes the store a millisecond or two.
    first = [same, f"ts >= {moment}", f"ts <= {moment}"]
    return _question(columns, table, [same], "LIMIT 1", who, bindings, ("click_id",), first)


def conversions(click_id: str, at: datetime, who: Principal) -> Question:
    """Ask for the click's conversions as they are now, merged or not: all states have the click's id and time."""
    bindings = Bindings()
    moment = bindings.instant("at", at)
    kept = [
        f"click_ts >= {moment}",
        f"click_ts <= {moment}",
        f"click_id = {bindings.bind('click_id', 'String', click_id)}",
    ]
    partner = next(column for column in TABLES["conversions"] if column.name == "partner_id")
    last = f"ORDER BY conversion_id, change_seq DESC LIMIT {MOST}"
    columns = (*CONVERSION_STATE, partner, *_QUALITY)
    return _question(columns, "conversions", kept, last, who, bindings, ("conversion_id",))


def states(ids: Sequence[str], since: datetime, who: Principal) -> Question:
    """Ask for every state that conversions had, oldest first."""
    bindings = Bindings()
    kept = [
        f"changed_at >= {bindings.instant('since', since - CLOCKS_APART)}",
        f"conversion_id IN {bindings.bind('ids', 'Array(String)', list(ids))}",
    ]
    last = f"ORDER BY change_seq, conversion_id LIMIT {MOST}"
    return _question(
        (*CONVERSION_STATE, *_QUALITY),
        "conversion_changes",
        kept,
        last,
        who,
        bindings,
        ("conversion_id", "change_seq"),
    )


def attempts(ids: Sequence[str], partners: Sequence[int], since: datetime, who: Principal) -> Question:
    """Ask for the tries to tell others of conversions, oldest first; a partner sees those of its own hooks."""
    bindings = Bindings()
    kept = [
        f"ts >= {bindings.instant('since', since - CLOCKS_APART)}",
        f"partner_id IN {bindings.bind('partners', 'Array(UInt32)', list(partners))}",
        f"conversion_id IN {bindings.bind('ids', 'Array(String)', list(ids))}",
    ]
    if who.partner_id is not None:
        # What the network's own hooks tell about a partner's conversion may name the advertiser's money.
        kept.append(f"hook_partner_id = {bindings.bind('scope_hook_partner', 'UInt32', who.partner_id)}")
    last = f"ORDER BY ts, message_id, attempt LIMIT {MOST}"
    return _question(OUTBOUND_ATTEMPTS, "outbound_attempts", kept, last, who, bindings, ("message_id", "attempt"))


def rejected(click_id: str, at: datetime, who: Principal) -> Question:
    """Ask for the refused requests that name the click, oldest first; only for a caller without limits."""
    bindings = Bindings()
    kept = [
        f"ts >= {bindings.instant('since', at - CLOCKS_APART)}",
        f"click_id = {bindings.bind('click_id', 'String', click_id)}",
    ]
    return _question(
        REJECTED, "rejected", kept, f"ORDER BY ts, rejected_id LIMIT {MOST}", who, bindings, ("rejected_id",)
    )


def _question(
    columns: Sequence[Column],
    table: str,
    kept: list[str],
    last: str,
    who: Principal,
    bindings: Bindings,
    key: tuple[str, ...],
    first: Sequence[str] = (),
) -> Question:
    limits = scope(who, bindings.bind)
    seen = [column for column in columns if sees_column(who, column)]
    lines = [
        f"SELECT {', '.join(cell(column) for column in seen)}",
        f"FROM {table}",
        *(["PREWHERE " + "\n    AND ".join(first)] if first else []),
        "WHERE " + "\n    AND ".join([*kept, *limits]),
        last,
    ]
    return Question(bindings.statement(lines), tuple(column.name for column in seen), key)
