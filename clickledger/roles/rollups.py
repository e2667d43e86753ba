"""The rollups' own operations: compare them with the clicks, and make a day anew.

The app gives ``state.repairs`` and ``state.readers``. Invariant: one repair at a time in a process, since each
writes the week into a table of a fixed name before it exchanges it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from clickhouse_connect.driver.exceptions import Error as DriverError
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.client import ReaderPool
from kernel.clickhouse.columns import ROLLUPS
from kernel.clickhouse.rollups import Compared, Quiet, StillChangingError, at_once, compare, rebuild
from kernel.errors import STORE_AWAY, ErrorKind, table
from kernel.http import answer, read_body, read_query
from kernel.logging import log
from kernel.settings import Settings

MOST_DAYS = 31
"""Days compared by one request: reading a day's clicks takes up to a second."""

DAYS_INVALID = ErrorKind(
    "days_invalid", 400, "info", f"Ask for 1 to {MOST_DAYS} days; 'to' is the day after the last one."
)
REPAIR_RUNS = ErrorKind(
    "repair_runs", 409, "info", "Another repair of the rollups is under way; try again when it is done."
)
DAY_STILL_CHANGES = ErrorKind(
    "day_still_changes", 409, "info", "Other hosts go on storing clicks of the day; repair it when it is over."
)
ERRORS = table(DAYS_INVALID, REPAIR_RUNS, DAY_STILL_CHANGES)

_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
"""The days reports know."""


class Repairs:
    """Repairs of this process, one at a time."""

    def __init__(self, chosen: Settings, between_rounds: Quiet | None) -> None:
        """Prepare.

        Args:
            chosen: Says which store.
            between_rounds: Has something done while the pipeline inserts nothing; None: it is another process.

        """
        self._settings = chosen
        self._quiet: Quiet = between_rounds or at_once
        self._turn = threading.Lock()

    def compare(self, readers: ReaderPool, first: date, end: date) -> list[Compared]:
        """Compare days with their clicks; blocks."""
        with _store_errors(), readers.reader() as client:
            return compare(client, first, end, self._quiet)

    def rebuild(self, day: date) -> Compared:
        """Make a day anew; blocks.

        Raises:
            ClickledgerError: ``repair_runs``, ``day_still_changes`` or ``store_away``.

        """
        if not self._turn.acquire(blocking=False):
            raise REPAIR_RUNS.error()
        try:
            with _store_errors():
                client = clickhouse.connect(self._settings, create=False)
                try:
                    return rebuild(client, day, self._quiet)
                finally:
                    client.close()
        except StillChangingError as why:
            raise DAY_STILL_CHANGES.error() from why
        finally:
            self._turn.release()


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (DriverError, OSError) as why:
        log("rollups").error("store_refused", why=str(why)[:300])
        raise STORE_AWAY.error("The event store refused or can't be reached; the log has its words.") from why


class DaysAsked(BaseModel):
    """Which UTC days to compare."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"required": ["from", "to"]})

    from_: date = Field(alias="from", ge=_FIRST, le=_LAST, description="First day.", examples=["2026-11-01"])
    to: date = Field(ge=_FIRST, le=_LAST, description="The day after the last one.", examples=["2026-11-08"])


class DayAsked(BaseModel):
    """Which UTC day to make anew."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date = Field(ge=_FIRST, le=_LAST, description="The day.", examples=["2026-11-07"])


_DAY: dict[str, Any] = {
    "type": "object",
    "required": ["day", "clicks", "differing"],
    "additionalProperties": False,
    "properties": {
        "day": {"type": "string", "format": "date"},
        "clicks": {"type": "integer", "description": "Clicks stored of the day."},
        "differing": {
            "type": "array",
            "items": {"enum": [rollup.name for rollup in ROLLUPS]},
            "description": "Rollups that say something else than the clicks.",
        },
    },
}


def _told(compared: Compared) -> dict[str, Any]:
    return {
        "day": compared.day.isoformat(),
        "clicks": compared.clicks,
        "differing": list(compared.differing),
    }


async def _compare(request: Request) -> Response:
    asked = read_query(request, DaysAsked)
    if not 1 <= (asked.to - asked.from_).days <= MOST_DAYS:
        raise DAYS_INVALID.error()
    state = request.app.state
    days = await run_in_threadpool(state.repairs.compare, state.readers, asked.from_, asked.to)
    return answer({"days": [_told(day) for day in days]})


async def _rebuild(request: Request) -> Response:
    asked = await read_body(request, DayAsked)
    return answer(_told(await run_in_threadpool(request.app.state.repairs.rebuild, asked.day)))


def operations() -> list[Operation]:
    """Return what can be asked of the rollups."""
    return [
        Operation(
            "GET",
            "/api/v1/rollups",
            "Compare what the rollups say of each UTC day with its clicks.",
            _compare,
            "system:read",
            tag="Service",
            query=DaysAsked,
            answer={
                "type": "object",
                "required": ["days"],
                "properties": {"days": {"type": "array", "items": _DAY}},
            },
            errors=(DAYS_INVALID,),
        ),
        Operation(
            "POST",
            "/api/v1/rollups/rebuild",
            "Make what the rollups say of a UTC day anew from its clicks; reports see it before or after, whole.",
            _rebuild,
            "system:write",
            tag="Service",
            body=DayAsked,
            answer=_DAY,
            errors=(REPAIR_RUNS, DAY_STILL_CHANGES),
        ),
    ]
