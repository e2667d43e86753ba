"""Re-scorings and dry runs as they are kept: each state a row, the newest counts.

Invariant: what is written down survives the process; a proposal belongs to a record, and goes when nobody can
apply it any more.
"""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from fraud.entries import RuleEntry
from fraud.past import schema, sql
from fraud.past.errors import RESCORING_UNKNOWN
from fraud.past.span import Span

State: TypeAlias = Literal[
    "computing", "proposed", "answered", "applying", "committed", "applied", "cancelled", "failed"
]
"""``proposed`` waits for somebody to apply it; ``answered`` is a dry run's end; what is ``committed`` is put in
its place, whatever happens."""
OVER = frozenset({"answered", "applied", "cancelled", "failed"})
MOST_LISTED = 100
_MONEY = ("payout", "revenue")
"""How names of money begin."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One re-scoring or dry run."""

    id: str
    state: State
    is_dry_run: bool
    begin: date
    end: date
    partner_id: int = 0
    offer_id: int = 0
    actor: str
    """Who asked for it."""
    host: str
    """Whose process works on it."""
    made_at: int
    """Milliseconds since 1970."""
    changed_at: int
    rules_version: str = ""
    model_version: str = ""
    entries: list[RuleEntry] = []
    """What a dry run changes of the rules in force."""
    events: int = 0
    """Clicks and impressions in its days."""
    judged: int = 0
    changed: dict[str, int] = {}
    """Events that would change, by kind."""
    difference: dict[str, Any] = {}
    problem: str = ""
    """Why it failed."""
    applied_by: str = ""

    @property
    def span(self) -> Span:
        """Its part of the past."""
        return Span(self.begin, self.end, self.partner_id, self.offer_id)


def now_ms() -> int:
    """Return the time."""
    return time.time_ns() // 1_000_000


def make_tables(client: Client) -> None:
    """Make the tables that are missing, and columns that a newer version has."""
    for statement in schema.tables():
        client.command(statement)
    present = {(table, name) for table, name in client.query(schema.PRESENT).result_rows}
    for statement in schema.additions(present):
        client.command(statement)


def keep(client: Client, record: Record) -> None:
    """Write a state down."""
    row = {
        "rescoring_id": [record.id],
        "version": pa.array([time.time_ns() // 1000], pa.uint64()),
        "state": [record.state],
        "body": [msgspec.json.encode(record).decode()],
    }
    client.insert_arrow("rescorings", pa.table(row), settings={"async_insert": 0, "wait_end_of_query": 1})


def find(client: Client, rescoring_id: str) -> Record:
    """Return one.

    Raises:
        ClickledgerError: ``rescoring_unknown``.

    """
    rows = client.query(sql.STATE, parameters={"id": rescoring_id}).result_rows
    if not rows:
        raise RESCORING_UNKNOWN.error()
    return _decoded(rows[0][2])


def newest(client: Client) -> list[Record]:
    """Return the newest, newest first."""
    found = client.query(sql.STATES, parameters={"most": MOST_LISTED}).result_rows
    return sorted((_decoded(body) for _, _, body in found), key=lambda record: -record.made_at)


def drop_proposal(client: Client, rescoring_id: str) -> None:
    """Forget what was proposed; nothing when there is nothing."""
    client.command(sql.DROP_PROPOSAL, parameters={"id": rescoring_id})


def _decoded(body: str) -> Record:
    record = msgspec.json.decode(body, type=Record)
    return msgspec.structs.replace(record, difference=_with_money(record.difference))


def _with_money(told: Any) -> Any:
    """Return what was kept as JSON with its money as Decimal again."""
    if isinstance(told, list):
        return [_with_money(one) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        name: Decimal(one) if isinstance(one, str) and name.startswith(_MONEY) else _with_money(one)
        for name, one in told.items()
    }
