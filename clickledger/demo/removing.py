"""Taking the demo away for good: its traffic, what reports keep of that, its risk, and its program.

Invariants: nothing that somebody made is touched. A demo entry that somebody's own entry names stays with it, and
the answer tells so; what is said about an entry (marks, disputes, access) goes with it. Done again after it broke
off, it ends in the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from clickhouse_connect.driver.exceptions import Error as DriverError
from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clickledger.demo import sql
from clickledger.demo.state import Demo
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.columns import ROLLUPS
from kernel.clickhouse.rollups import Quiet, at_once, remake
from kernel.errors import STORE_AWAY
from kernel.logging import log
from kernel.settings import Settings
from partners import service
from partners.models import Table

_GOES_ALONG: Final = frozenset({"partner_marks", "disputes", "dispute_events", "offer_access"})
"""Tables of what is said about an entry, and is nothing without it."""


def remove_events(chosen: Settings, demo: Demo, between_rounds: Quiet | None) -> int:
    """Take away the demo's events and make the rollups anew without them; return how many clicks it were.

    Raises:
        ClickledgerError: ``store_away``.

    """
    quiet: Quiet = between_rounds or at_once
    named = {"partners": list(demo.partners.values()), "offers": list(demo.offers.values())}
    try:
        client = clickhouse.connect(chosen, create=False)
        try:
            clicks = int(client.command(sql.COUNT, parameters=named))  # type: ignore[arg-type]  # a single number

            def take_away() -> None:
                for statement in sql.DELETE:
                    client.command(statement, parameters=named)
                for rollup in ROLLUPS:
                    remake(client, rollup)

            quiet(take_away)
        finally:
            client.close()
    except (DriverError, OSError) as why:
        log("demo").error("store_refused", why=str(why)[:300])
        raise STORE_AWAY.error("The event store refused or can't be reached; the log has its words.") from why
    return clicks


def remove_program(session: Session, demo: Demo, record: Callable[[str, int], None]) -> dict[str, list[int]]:
    """Take away the demo's entries but those that somebody's own entries name.

    Args:
        session: A writing session.
        demo: Knows its entries.
        record: Told the table and id of each entry that goes.

    Returns:
        Ids of the entries that stay, by table.

    """
    service.the_program(session, to_change=True)
    going = {name: set(ids) for name, ids in demo.entries.items()}
    tables = list(Table.metadata.sorted_tables)
    kept: dict[str, list[int]] = {}
    while True:
        named = [
            (target, number)
            for table in tables
            if table.name not in _GOES_ALONG
            for target, number in _named_by_others(session, table, going)
        ]
        if not named:
            break
        for target, number in named:
            if number in going[target]:
                going[target].discard(number)
                kept.setdefault(target, []).append(number)
    for table in reversed(tables):
        _take(session, table, going)
        for number in sorted(going.get(table.name, ())):
            session.execute(delete(table).where(table.c.id == number))
            record(table.name, number)
    if any(going.values()):
        service.grow_version(session)
    return {name: sorted(ids) for name, ids in kept.items()}


def _named_by_others(session: Session, table: SqlTable, going: dict[str, set[int]]) -> list[tuple[str, int]]:
    """Return which of the going entries are named by rows of a table that stay."""
    found: list[tuple[str, int]] = []
    own = going.get(table.name, set())
    for key in table.foreign_keys:
        target, ids = key.column.table.name, going.get(key.column.table.name, set())
        if not ids:
            continue
        identity: Any = table.c.id if "id" in table.c else key.parent
        query = select(identity, key.parent).where(key.parent.in_(sorted(ids)))
        found += [(target, row[1]) for row in session.execute(query) if row[0] not in own]
    return found


def _take(session: Session, table: SqlTable, going: dict[str, set[int]]) -> None:
    """Take away what is said about the going entries."""
    if table.name not in _GOES_ALONG:
        return
    for key in table.foreign_keys:
        ids = going.get(key.column.table.name, set())
        if not ids:
            continue
        gone = session.scalars(select(table.c.id).where(key.parent.in_(sorted(ids)))).all()
        if table.name == "disputes" and gone:
            events = Table.metadata.tables["dispute_events"]
            session.execute(delete(events).where(events.c.dispute_id.in_(gone)))
        session.execute(delete(table).where(key.parent.in_(sorted(ids))))
