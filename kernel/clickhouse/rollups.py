"""Keeping the rollups true to the clicks: made anew, compared, and repaired for a day.

Rollups live in partitions of a week. A repair writes the week anew beside the table, the day from its clicks
and the other days as they are, and puts it in its place with one statement: a reader sees the week before or
the week after, nothing between. The store goes on knowing the batches it has taken, so what is sent again
afterwards still changes nothing.

Invariants: a week takes its place only when it holds every click of the week that is stored by then. Where
the pipeline runs in this process, ``quiet`` runs something between two of its rounds, when each batch is either
wholly in clicks and rollups or not at all; a week that goes on growing is written within one such pause.
Where other processes insert, the day is compared afterwards, once the inserts that were under way have
ended, and repaired again if it differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from clickhouse_connect.driver.client import Client

from kernel.clickhouse import schema_rollups as schema
from kernel.clickhouse.columns import ROLLUPS, Rollup

T = TypeVar("T")


class StillChangingError(RuntimeError):
    """Other processes store clicks of the day so often that its repair never came out equal."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One UTC day of clicks beside what the rollups say of it."""

    day: date
    clicks: int
    differing: tuple[str, ...]
    """Rollups that say something else, by name."""


class Quiet(Protocol):
    """How something is done while nothing inserts clicks."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Do it and return what it returns."""
        ...


def at_once(work: Callable[[], T]) -> T:
    """Do it whatever inserts meanwhile: ``Quiet`` where the pipelines are other processes."""
    return work()


_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_ATTEMPTS = 3
_POLL_SECONDS = 0.05
_Range: TypeAlias = dict[str, str]


def migrate(client: Client, rollup: Rollup) -> None:
    """Make a rollup that is missing, or that has another shape, from the clicks; nothing may insert meanwhile."""
    named = {"name": rollup.name}
    comments = client.query(schema.PRESENT, parameters=named).result_rows
    found = tuple(
        (name, kind) for name, kind in client.query(schema.PRESENT_COLUMNS, parameters=named).result_rows
    )
    is_as_declared = comments == [(schema.shape(rollup),)] and found == schema.columns(rollup)
    # Without any rollup there may be clicks all the same: of an older version, or of an interrupted making.
    if is_as_declared or not (comments or client.command(schema.HAS_CLICKS)):
        for statement in schema.make(rollup):
            client.command(statement)
        return
    remake(client, rollup)


def remake(client: Client, rollup: Rollup) -> None:
    """Make a rollup anew from all clicks; nothing may insert meanwhile."""
    for statement in schema.begin_successor(rollup):
        client.command(statement)
    for (week,) in client.query(schema.WEEKS_OF_CLICKS).result_rows:
        # By the week, because all of it at once need not fit into memory.
        monday = date.fromisoformat(week)
        client.command(schema.fill(rollup, schema.successor(rollup)), parameters=_range(monday, monday + _WEEK))
    for statement in schema.succeed(rollup):
        client.command(statement)


def compare(client: Client, first: date, end: date, quiet: Quiet) -> list[Compared]:
    """Compare clicks and rollups of the UTC days from ``first`` up to ``end``, which isn't one of them.

    A day that differs is compared once more while nothing inserts, as reading it takes two looks.
    """
    found = []
    for number in range((end - first).days):
        day = first + number * _DAY
        compared = _compare(client, day)
        if compared.differing:
            compared = quiet(partial(_compare, client, day))
        found.append(compared)
    return found


def rebuild(client: Client, day: date, quiet: Quiet) -> Compared:
    """Make what the rollups say of a UTC day anew from its clicks.

    Args:
        client: A read-write client, which nothing else uses meanwhile.
        day: The day.
        quiet: Does something while nothing inserts clicks.

    Returns:
        The day as it is now; nothing differs.

    Raises:
        StillChangingError: other processes go on storing clicks of the day.
        DriverError, OSError: the store refused or is away; each rollup is as it was or repaired.

    """
    try:
        for rollup in ROLLUPS:
            _rebuild(client, rollup, day, quiet)
    finally:
        for rollup in ROLLUPS:
            client.command(schema.end_repair(rollup))
    return quiet(lambda: _compare(client, day))


def _rebuild(client: Client, rollup: Rollup, day: date, quiet: Quiet) -> None:
    for attempt in range(_ATTEMPTS):
        if attempt or not _rebuilt_aside(client, rollup, day, quiet):
            quiet(lambda: _rebuilt_at_once(client, rollup, day))
        await_inserts(client)
        if quiet(lambda: _is_true(client, rollup, day)):
            return
    raise StillChangingError


def _rebuilt_aside(client: Client, rollup: Rollup, day: date, quiet: Quiet) -> bool:
    """Write the week beside the pipeline's work; tell whether it could take its place, no click having come."""
    before = quiet(lambda: _clicks_of_week(client, day))
    _write(client, rollup, day)

    def replaced() -> bool:
        if _clicks_of_week(client, day) != before:
            return False
        _replace(client, rollup, day)
        return True

    return quiet(replaced)


def _rebuilt_at_once(client: Client, rollup: Rollup, day: date) -> None:
    _write(client, rollup, day)
    _replace(client, rollup, day)


def _write(client: Client, rollup: Rollup, day: date) -> None:
    """Write the week of a day: the other days as they are, the day from its clicks."""
    monday = _monday(day)
    for statement in schema.begin_repair(rollup):
        client.command(statement)
    for begin, end in ((monday, day), (day + _DAY, monday + _WEEK)):
        if begin < end:
            client.command(schema.copy(rollup), parameters=_range(begin, end))
    client.command(schema.fill(rollup, schema.stage(rollup)), parameters=_range(day, day + _DAY))


def _replace(client: Client, rollup: Rollup, day: date) -> None:
    is_empty = not _number(client, schema.count_of(schema.stage(rollup)))
    client.command(schema.replace(rollup, by_nothing=is_empty), parameters={"week": _monday(day).isoformat()})


def await_inserts(client: Client) -> None:
    """Wait until every insert that is under way has ended: what it stored is in clicks and in the rollups then."""
    under_way = _inserts(client)
    while under_way & _inserts(client):
        time.sleep(_POLL_SECONDS)


def _inserts(client: Client) -> set[str]:
    return {query_id for (query_id,) in client.query(schema.INSERTS_UNDER_WAY).result_rows}


def _clicks_of_week(client: Client, day: date) -> int:
    monday = _monday(day)
    return _number(client, schema.CLICKS_BETWEEN, _range(monday, monday + _WEEK))


def _number(client: Client, text: str, parameters: _Range | None = None) -> int:
    return int(client.query(text, parameters=parameters).result_rows[0][0])


def _is_true(client: Client, rollup: Rollup, day: date) -> bool:
    return _digest(client, rollup, day, of_clicks=True) == _digest(client, rollup, day, of_clicks=False)


def _compare(client: Client, day: date) -> Compared:
    clicks = _number(client, schema.CLICKS_BETWEEN, _range(day, day + _DAY))
    return Compared(day, clicks, tuple(r.name for r in ROLLUPS if not _is_true(client, r, day)))


def _digest(client: Client, rollup: Rollup, day: date, *, of_clicks: bool) -> list[tuple[str, int, int]]:
    text = schema.digest(rollup, of_clicks=of_clicks)
    return [(d, int(n), int(h)) for d, n, h in client.query(text, parameters=_range(day, day + _DAY)).result_rows]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _range(begin: date, end: date) -> _Range:
    """Return the parameters of ``schema_rollups.BETWEEN``."""
    return {"begin": f"{begin} 00:00:00", "end": f"{end} 00:00:00"}
