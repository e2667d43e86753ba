"""A range takes the verdicts that were proposed for it: all of it at one moment, or not at all.

1. *Beside*: the clicks of the changed months are copied with the proposal joined to them, day by day, and the
   rollups of the changed days made of that copy. Nobody sees any of it.
2. *Between two rounds of the pipeline* (``quiet``), or while a fence refuses inserts that other processes then try
   again: what came meanwhile is copied too; the store is told that from now on this re-scoring is committed; and,
   while no reader of this process begins, conversions get a new state and every partition is replaced.
3. *Afterwards* the old verdicts go into the history.

Killed before the commitment, nothing has happened; killed after it, doing all of it again ends in the same, which
``recover`` does before anything reads or inserts. Partitions are replaced, so that the store goes on knowing every
batch it has taken: what is sent again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from clickhouse_connect.driver.client import Client

from fraud.past.placing import sql
from fraud.past.proposal import TABLES
from fraud.past.span import DAY, midnight_ms, monday
from fraud.past.sql import DROP_PROPOSAL
from kernel import faults
from kernel.clickhouse.columns import ROLLUPS
from kernel.clickhouse.rollups import Quiet, at_once, await_inserts
from kernel.clickhouse.standstill import STANDSTILL

_EPOCH = date(1970, 1, 1)
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


def put_in_place(client: Client, rescoring_id: str, actor: str, quiet: Quiet, commit: Callable[[], None]) -> None:
    """Write a proposal into its range.

    Args:
        client: A read-write client.
        rescoring_id: Whose proposal.
        actor: Who wants it, for the history.
        quiet: Does something while nothing inserts clicks; ``at_once`` when other processes insert.
        commit: Writes down that from now on it is to be finished.

    Raises:
        DriverError, OSError: the store refused or is away; committed or not, nothing is half seen once
            ``recover`` was here.

    """
    work = _Work(client, rescoring_id, actor)
    try:
        work.prepare()
        faults.point("rescoring.staged")
        if quiet is at_once:
            with _fenced(client):
                work.put(commit)
        else:
            quiet(lambda: work.put(commit))
        faults.point("rescoring.replaced")
        client.command(sql.KEEP_HISTORY, parameters=work.told())
        client.command(DROP_PROPOSAL, parameters={"id": rescoring_id})
    finally:
        work.clean()


def lift_fence(client: Client) -> None:
    """Let inserts in again that a process killed meanwhile kept out."""
    for table in TABLES:
        if client.query(sql.IS_FENCED, parameters={"name": table}).result_rows == [(1,)]:
            client.command(sql.unfence(table))


@contextmanager
def _fenced(client: Client) -> Iterator[None]:
    """Refuse inserts for the length of a ``with`` block; pipelines try theirs again under the same tokens."""
    try:
        for table in TABLES:
            client.command(sql.fence(table))
        await_inserts(client)
        yield
    finally:
        for table in TABLES:
            client.command(sql.unfence(table))


class _Work:
    """One application under way."""

    def __init__(self, client: Client, rescoring_id: str, actor: str) -> None:
        self._client = client
        self._id = rescoring_id
        self._actor = actor
        self._now = time.time_ns() // 1_000_000
        self._days = {table: self._days_of(kind) for table, kind in TABLES.items()}
        self._conversion_days = self._days_of("conversion")

    def told(self) -> dict[str, object]:
        """Return the parameters of what is written about it."""
        return {"id": self._id, "actor": self._actor, "now": self._now}

    def _days_of(self, kind: str) -> list[date]:
        rows = self._client.query(sql.DAYS_CHANGED, parameters={"id": self._id, "kind": kind}).result_rows
        return [date.fromisoformat(day) for (day,) in rows]

    def prepare(self) -> None:
        """Copy what is there with what is proposed, beside."""
        for table, kind in TABLES.items():
            changed = set(self._days[table])
            if not changed:
                continue
            self._do(*sql.begin_stage(table))
            for month in _months(changed):
                edges = sorted({month, *(day for day in changed if day.replace(day=1) == month)})
                for day, following in zip(edges, [*edges[1:], _next_month(month)], strict=True):
                    # A changed day is joined by itself, as its proposal has to fit into memory.
                    after = day + DAY if day in changed else day
                    if day in changed:
                        judged = {"id": self._id, "kind": kind, **_between(day, after)}
                        self._client.command(sql.copy_judged(table), parameters=judged)
                    if after < following:
                        self._client.command(sql.copy_unchanged(table), parameters=_between(after, following))
        if self._days["clicks"]:
            for rollup in ROLLUPS:
                self._do(*sql.begin_rollup_stage(rollup))
                for day in self._days["clicks"]:
                    self._fill(sql.fill_rollup_stage(rollup, sql.stage("clicks")), day)

    def put(self, commit: Callable[[], None]) -> None:
        """Copy what came meanwhile, and put everything in its place; nothing inserts events now."""
        for table in TABLES:
            if self._days[table]:
                self._catch_up(table)
        weeks = sorted({monday(day) for day in self._days["clicks"]})
        changed = set(self._days["clicks"])
        for rollup in ROLLUPS:
            for week in weeks:
                for day in (week + n * DAY for n in range(7)):
                    if day not in changed:
                        self._fill(sql.copy_rollup(rollup), day)
        commit()
        faults.point("rescoring.committed")
        with STANDSTILL.changing():
            self._add_states()
            for table in TABLES:
                for month in _months(set(self._days[table])):
                    self._client.command(sql.replace(table), parameters={"partition": f"{month:%Y%m}"})
            faults.point("rescoring.half_replaced")
            for rollup in ROLLUPS:
                for week in weeks:
                    self._client.command(sql.replace(rollup.name), parameters={"partition": week.isoformat()})

    def _catch_up(self, table: str) -> None:
        """Add what was stored since the copy was made; hours that have as many events have the same."""
        changed = set(self._days[table])
        for month in _months(changed):
            whole = _between(month, _next_month(month))
            now, then = (self._by_hour(name, whole) for name in (table, sql.stage(table)))
            for hour in sorted(hour for hour, events in now.items() if then.get(hour) != events):
                within = {"begin": int(hour), "end": int(hour) + _HOUR_MS}
                self._do(*sql.begin_late(table))
                self._client.command(sql.find_late(table), parameters=within)
                self._client.command(sql.copy_unchanged(table, sql.LATE), parameters=within)
                day = _EPOCH + DAY * (int(hour) // _DAY_MS)
                if table == "clicks" and day in changed:
                    for rollup in ROLLUPS:
                        self._fill(sql.fill_rollup_stage(rollup, sql.LATE), day)

    def _by_hour(self, table: str, within: dict[str, int]) -> dict[int, int]:
        rows = self._client.query(sql.by_hour(table), parameters=within).result_rows
        return {int(hour): int(events) for hour, events in rows}

    def _add_states(self) -> None:
        for day in self._conversion_days:
            for table in ("conversion_changes", "conversions"):
                self._client.command(sql.new_states(table), parameters={**self.told(), **_between(day, day + DAY)})

    def clean(self) -> None:
        """Remove what was made beside."""
        for name in (*TABLES, *(rollup.name for rollup in ROLLUPS)):
            self._client.command(sql.end_stage(name))
        self._client.command(sql.end_late())

    def _fill(self, statement: str, day: date) -> None:
        self._client.command(statement, parameters={"begin": f"{day} 00:00:00", "end": f"{day + DAY} 00:00:00"})

    def _do(self, *statements: str) -> None:
        for statement in statements:
            self._client.command(statement)


def _between(begin: date, end: date) -> dict[str, int]:
    return {"begin": midnight_ms(begin), "end": midnight_ms(end)}


def _months(days: set[date]) -> list[date]:
    """Return the first day of each month that has some of the days."""
    return sorted({day.replace(day=1) for day in days})


def _next_month(month: date) -> date:
    return (month + 32 * DAY).replace(day=1)
