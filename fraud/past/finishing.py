"""What becomes of a re-scoring that is applied, fails, or was left by a killed process.

Invariants: what is committed is never given up; what isn't can be proposed or asked for again; only records of
this host are touched by ``recover``, as another host's may be under way.
"""

from __future__ import annotations

import socket
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from fraud.past import placing
from fraud.past.records import OVER, Record, State, drop_proposal, find, keep, make_tables, newest, now_ms
from kernel.clickhouse.rollups import Quiet, at_once
from kernel.errors import ClickledgerError
from kernel.logging import log


def recover(client: Client) -> None:
    """Finish or undo what a killed process of this host left; nothing reads or inserts meanwhile.

    Raises:
        DriverError, OSError: the store refused or is away.

    """
    make_tables(client)
    ours = [record for record in newest(client) if record.host == socket.gethostname()]
    left = [record for record in ours if record.state not in OVER and record.state != "proposed"]
    if not left:
        return
    placing.lift_fence(client)
    for record in left:
        if record.state == "committed":
            log("rescoring").warning("rescoring_finished_late", rescoring=record.id)
            put_in_place(client, record, at_once)
        elif record.state == "applying":
            keep(client, moved(record, "proposed"))
        else:
            drop_proposal(client, record.id)
            keep(client, moved(record, "failed", problem="The service ended before it was done; ask again."))


def put_in_place(client: Client, record: Record, quiet: Quiet) -> None:
    """Write a proposal into its range, and down that it was."""
    placing.put_in_place(
        client, record.id, record.applied_by, quiet, lambda: keep(client, moved(record, "committed"))
    )
    keep(client, moved(record, "applied"))


def give_up(client: Client, record: Record, why: Exception) -> None:
    """Write down that it failed; what is committed stays so, for ``recover`` to finish."""
    if find(client, record.id).state == "committed":
        return
    if record.state == "applying":
        keep(client, moved(record, "proposed", problem=_sentence(why)))
        return
    drop_proposal(client, record.id)
    keep(client, moved(record, "failed", problem=_sentence(why)))


def _sentence(why: Exception) -> str:
    return why.message if isinstance(why, ClickledgerError) else "The event store refused; the log has its words."


def moved(record: Record, state: State, **fields: Any) -> Record:
    """Return a record in another state."""
    return msgspec.structs.replace(record, state=state, changed_at=now_ms(), **fields)
