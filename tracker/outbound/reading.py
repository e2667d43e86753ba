"""Asking the event store about tries, as whoever asks may see them.

Invariants: a partner sees tries of its own hooks, an advertiser of its own conversions, whatever else is asked;
statements run in threads; names of our own make the text, what was asked travels as parameters.
"""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.exceptions import Error as DriverError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from kernel.auth import Principal
from kernel.errors import STORE_AWAY
from tracker.outbound import sql

Conditions = dict[str, dict[str, Any]]
"""Names of ``sql.CONDITIONS``, each with the parameters it takes."""


def within(who: Principal, conditions: Conditions) -> tuple[str, dict[str, Any]]:
    """Return the text of conditions, the caller's own limits among them, and their parameters."""
    known = dict(conditions)
    if who.partner_id is not None:
        known["owner"] = {"owner": who.partner_id}
    if who.advertiser_id is not None:
        known["advertiser"] = {"advertiser": who.advertiser_id}
    where = " AND ".join(sql.CONDITIONS[name] for name in known)
    return where, {name: value for values in known.values() for name, value in values.items()}


async def rows_of(request: Request, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement.

    Raises:
        ClickledgerError: ``store_away``.

    """

    def work() -> list[dict[str, Any]]:
        try:
            with request.app.state.readers.reader() as client:
                found = client.query(statement, parameters=parameters)
                return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]
        except (DriverError, OSError) as why:
            raise STORE_AWAY.error() from why

    return await run_in_threadpool(work)
