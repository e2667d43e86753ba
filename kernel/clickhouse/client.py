"""Clients of the event store: the same API over a ClickHouse server and over chDB in this process.

Invariants: an insert always carries its deduplication token; readers get their own handle that is
limited first and made ``readonly=1`` last, because ``readonly=2`` can still read files of the host; one
process per chDB path, so only the backend opens it.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from kernel import faults
from kernel.clickhouse import schema
from kernel.errors import CANNOT_START, STORE_AWAY
from kernel.settings import Settings

EMBEDDED_DIRECTORY = "clickhouse"
"""Where chDB keeps its data, below the data directory."""


def connect(chosen: Settings) -> Client:
    """Open a read-write client.

    Raises:
        ClickledgerError: ``store_away`` when the server can't be reached, ``cannot_start`` when the
            embedded engine is missing or another process holds its directory.

    """
    url = chosen.clickhouse_url.get_secret_value()
    if url:
        try:
            return clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
        except (DriverError, OSError) as why:
            raise STORE_AWAY.error("ClickHouse can't be reached; check CLICKLEDGER_CLICKHOUSE_URL.") from why
    path = chosen.data_dir / EMBEDDED_DIRECTORY
    return _open_embedded(path)


def _open_embedded(path: Path) -> Client:
    try:
        import chdb  # noqa: F401 - asked for here so that a server install gets a sentence, not a traceback
    except ImportError as why:
        raise CANNOT_START.error(
            "chDB isn't installed: install 'clickledger[embedded]' or set CLICKLEDGER_CLICKHOUSE_URL."
        ) from why
    path.mkdir(parents=True, exist_ok=True)
    try:
        return clickhouse_connect.get_client(interface="chdb", path=str(path))
    except (DriverError, RuntimeError) as why:
        raise CANNOT_START.error(
            f"The event store at {path} can't be opened; is another clickledger using this data directory?"
        ) from why


def migrate(client: Client) -> None:
    """Create what is missing in the event store."""
    for statement in schema.statements():
        client.command(statement)


def insert(client: Client, table: str, rows: pa.Table, token: str) -> None:
    """Insert a frozen batch; the same token again changes nothing, whatever the rows.

    Raises:
        DriverError, OSError: the store refused or is away; nothing is known to be stored, try again.

    """
    faults.point("pipeline.insert")
    client.insert_arrow(
        table,
        rows,
        settings={
            "insert_deduplicate": 1,
            "insert_deduplication_token": token,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
        },
    )


class ReaderPool:
    """A few read-only handles for reports, each used by one query at a time."""

    def __init__(self, chosen: Settings, size: int = 4) -> None:
        self._settings = chosen
        self._free: queue.LifoQueue[Client] = queue.LifoQueue()
        self._unopened = size

    def _open(self) -> Client:
        client = connect(self._settings)
        limits: dict[str, Any] = {
            "max_execution_time": self._settings.report_max_seconds,
            "max_memory_usage": self._settings.report_max_memory_mib * 1024 * 1024,
            "max_threads": 2,
            "readonly": 1,
        }
        for name, value in limits.items():
            client.set_client_setting(name, value)
        return client

    @contextmanager
    def reader(self) -> Iterator[Client]:
        """Lend a read-only client for the length of a ``with`` block; waits while all are out."""
        try:
            client = self._free.get_nowait()
        except queue.Empty:
            if self._unopened > 0:
                self._unopened -= 1
                try:
                    client = self._open()
                except BaseException:
                    self._unopened += 1
                    raise
            else:
                client = self._free.get()
        try:
            yield client
        finally:
            self._free.put(client)

    def close(self) -> None:
        """Close the handles that are not out."""
        while True:
            try:
                self._free.get_nowait().close()
            except queue.Empty:
                return
