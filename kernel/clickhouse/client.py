"""Clients of the event store: the same API over a ClickHouse server and over chDB in this process.

Invariants: an insert always carries its deduplication token and is never left to the server's
asynchronous buffer, whose acknowledgement would come before the rows are stored; readers get their own
handle that is limited first, made ``readonly=1`` last and then asked whether it is, because ``readonly=2``
can still read files of the host; one process per chDB path, so only the backend opens it. A server's
address and user reach the log, its password never.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, ProgrammingError
from clickhouse_connect.driver.exceptions import Error as DriverError

from kernel import faults
from kernel.clickhouse import rollups, schema, sql
from kernel.clickhouse.columns import ROLLUPS
from kernel.clickhouse.standstill import STANDSTILL
from kernel.errors import CANNOT_START, STORE_AWAY, ClickledgerError
from kernel.settings import Settings

EMBEDDED_DIRECTORY = "clickhouse"
"""Where chDB keeps its data, below the data directory."""

CONNECT_SECONDS = 5
"""A server that doesn't take a connection within this is away."""

INSERT_SECONDS = 60
"""A batch takes well under a second; after a minute of silence it is tried again with the same token."""

READ_GRACE_SECONDS = 10
"""How much longer than a report's own limit its reader waits for the server's answer."""

for _chatty in ("urllib3.connectionpool", "clickhouse_connect.driver._backend.http_sync"):
    # They log every failed try with its URL, parameters' values and all, before they raise it to us.
    logging.getLogger(_chatty).setLevel(logging.ERROR)

_UNKNOWN_DATABASE = 81
_SECURE_SCHEMES = {"clickhouses": True, "https": True, "clickhouse": False, "http": False}


def connect(chosen: Settings, *, create: bool = True) -> Client:
    """Open a read-write client; on a server it makes the DSN's database when that is missing.

    Args:
        chosen: Says which store.
        create: Whether to make a missing database; without, it is ``store_away``.

    Raises:
        ClickledgerError: ``store_away`` when the server can't be reached, ``cannot_start`` when its DSN
            is wrong, the embedded engine is missing or another process holds its directory.

    """
    url = chosen.clickhouse_url.get_secret_value()
    if not url:
        return _open_embedded(chosen.data_dir / EMBEDDED_DIRECTORY)
    try:
        return _open_server(url, "CLICKLEDGER_CLICKHOUSE_URL", INSERT_SECONDS)
    except ClickledgerError as why:
        if not create or why.details.get("missing") != "database":
            raise
    parts = urlsplit(url)
    maker = _open_server(parts._replace(path="/default").geturl(), "CLICKLEDGER_CLICKHOUSE_URL", INSERT_SECONDS)
    try:
        maker.command(sql.CREATE_DATABASE, parameters={"database": unquote(parts.path[1:].split("/")[0])})
    finally:
        maker.close()
    return _open_server(url, "CLICKLEDGER_CLICKHOUSE_URL", INSERT_SECONDS)


MAX_STATEMENT_BYTES = 512 * 1024
"""Of a report's statement: twice ClickHouse's own limit, which all metrics in all shapes come close to. Taking a
longer one apart would take the store many seconds that nobody can cancel."""

FRUGAL: dict[str, int] = {"max_threads": 1, "max_block_size": 8192}
"""Settings of readers that hand out whole rows: a block of ten thousand wide rows takes megabytes for each of a
hundred columns, and two threads hold two. Measured: half the memory of the defaults at the same speed."""

SINGLE_ROWS: dict[str, int] = {"max_threads": 1, "max_block_size": 64, "max_read_buffer_size_local_fs": 16_384}
"""Settings of readers that look a row up: each of its ninety columns' files is read through a buffer, and what is
wanted of it is a few kilobytes. Measured: a click by its id in 14 ms instead of 18."""


def connect_reader(chosen: Settings, settings: Mapping[str, Any] | None = None) -> Client:
    """Open a client that can only read, and only as long and as much as a report may.

    Args:
        chosen: Says which store, and the limits.
        settings: More of ClickHouse's settings, which win over those for reports.

    Raises:
        ClickledgerError: as ``connect`` does; ``cannot_start`` also when the client could write.

    """
    server = chosen.clickhouse_url.get_secret_value()
    reader = chosen.clickhouse_reader_url.get_secret_value()
    if server:
        name = "CLICKLEDGER_CLICKHOUSE_READER_URL" if reader else "CLICKLEDGER_CLICKHOUSE_URL"
        client = _open_server(reader or server, name, chosen.report_max_seconds + READ_GRACE_SECONDS)
    else:
        client = _open_embedded(chosen.data_dir / EMBEDDED_DIRECTORY)
    limits: dict[str, Any] = {
        "max_execution_time": chosen.report_max_seconds,
        "max_memory_usage": chosen.report_max_memory_mib * 1024 * 1024,
        "max_threads": 2,
        "max_query_size": MAX_STATEMENT_BYTES,
        # Rows and totals of one report are of one moment; a server that doesn't know it yet goes without.
        "enable_shared_storage_snapshot_in_query": 1,
        # All states of a conversion lie in one partition.
        "do_not_merge_across_partitions_select_final": 1,
        # They change no plan of a report; loading those of ninety columns costs one up to three milliseconds.
        "use_statistics": 0,
        # The third report of a shape would wait 0.1 s for machine code that makes none of them quicker.
        "compile_aggregate_expressions": 0,
        "compile_expressions": 0,
        "compile_sort_description": 0,
        **(settings or {}),
        "readonly": 1,
    }
    for name, value in limits.items():
        try:
            client.set_client_setting(name, value)
        except ProgrammingError:
            # A user whose profile is read-only can't change its limits: the profile's stand.
            continue
    if client.command(sql.READONLY_LEVEL) != 1:
        client.close()
        raise CANNOT_START.error("The event store's reader can write; give its user a profile with readonly = 1.")
    return client


def _open_server(url: str, setting: str, answer_seconds: int) -> Client:
    """Open a client of a server; the DSN's own options win over ours."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        secure = options.pop("secure", str(_SECURE_SCHEMES[parts.scheme])).lower() in {"true", "1"}
        bare = parts._replace(query=urlencode(options)).geturl()
        if not parts.hostname or (parts.port is not None and parts.port < 1):
            raise ValueError("no host")  # noqa: TRY301 - one sentence for everything that can be wrong with it
    except (KeyError, ValueError):
        # The parser's own words may quote the URL, and with it the password.
        raise _bad_dsn(setting) from None
    try:
        return clickhouse_connect.get_client(
            dsn=bare,
            secure=secure,
            # A session would forbid two queries at once and tie a retry to one server's memory.
            autogenerate_session_id=False,
            connect_timeout=CONNECT_SECONDS,
            send_receive_timeout=answer_seconds,
        )
    except (ProgrammingError, TypeError, ValueError):
        raise _bad_dsn(setting) from None
    except DatabaseError as why:
        if why.code == _UNKNOWN_DATABASE:
            raise STORE_AWAY.error(
                f"The database of {setting} isn't there yet; the pipeline makes it when it starts.",
                missing="database",
            ) from why
        if why.code is not None:
            raise STORE_AWAY.error(f"ClickHouse refuses with {why.name or why.code}; check {setting}.") from why
        raise STORE_AWAY.error(f"ClickHouse can't be reached; check {setting}.") from why
    except (DriverError, OSError) as why:
        raise STORE_AWAY.error(f"ClickHouse can't be reached; check {setting}.") from why


def _bad_dsn(setting: str) -> ClickledgerError:
    return CANNOT_START.error(
        f"{setting} can't be understood; write clickhouse://user:password@host:8123/database, "
        "or clickhouses://… for TLS."
    )


def _open_embedded(path: Path) -> Client:
    try:
        import chdb  # noqa: F401 - asked for here so that a server install gets a sentence, not a traceback
    except ImportError as why:
        raise CANNOT_START.error(
            "chDB isn't installed: install 'clickledger[embedded]' or set CLICKLEDGER_CLICKHOUSE_URL."
        ) from why
    path.mkdir(parents=True, exist_ok=True)
    # The engine knows its directory by the path's text: a link to it must not look like another one.
    path = path.resolve()
    try:
        return clickhouse_connect.get_client(interface="chdb", path=str(path))
    except (DriverError, RuntimeError) as why:
        raise CANNOT_START.error(
            f"The event store at {path} can't be opened; is another clickledger using this data directory?"
        ) from why


def migrate(client: Client) -> None:
    """Create what is missing in the event store: tables, columns and settings of older tables, the rollups.

    A rollup of another shape is made anew from the clicks, a week at a time; nothing may insert meanwhile.
    """
    for statement in schema.tables():
        client.command(statement)
    present = {(table, column) for table, column in client.query(schema.PRESENT_COLUMNS).result_rows}
    for statement in (*schema.additions(present), *schema.settings()):
        client.command(statement)
    for rollup in ROLLUPS:
        rollups.migrate(client, rollup)


def insert(client: Client, table: str, rows: pa.Table, token: str) -> None:
    """Insert a frozen batch; the same token again changes nothing, whatever the rows.

    Raises:
        DriverError, OSError: the store refused or is away; nothing is known to be stored, try again.

    """
    faults.point("pipeline.insert")
    client.insert_arrow(
        table,
        # One block: the store numbers an insert's blocks, and knows a token again with the same number only.
        rows.combine_chunks(),
        settings={
            "insert_deduplicate": 1,
            "insert_deduplication_token": token,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            # The default of new servers is 1: rows would wait in memory, and their token with them.
            "async_insert": 0,
            # Rollups are kept by the week, and an import may bring years in one batch.
            "max_partitions_per_insert_block": 0,
            # Over HTTP: the answer's status is decided after the insert, not before.
            "wait_end_of_query": 1,
        },
    )


class ReaderPool:
    """A few read-only handles for reports, each used by one query at a time."""

    def __init__(self, chosen: Settings, size: int = 4, settings: Mapping[str, Any] | None = None) -> None:
        """Prepare a pool; nothing is opened yet.

        Args:
            chosen: Says which store, and the limits.
            size: Handles at most.
            settings: More of ClickHouse's settings for each of them.

        """
        self._settings = chosen
        self._more = settings
        self._free: list[Client] = []
        self._unopened = size
        self._changed = threading.Condition()

    @contextmanager
    def reader(self) -> Iterator[Client]:
        """Lend a read-only client for the length of a ``with`` block; waits while all are out.

        Raises:
            ClickledgerError: as ``connect_reader`` does; ``store_away`` also when all stay out too long.

        """
        client = self._lend()
        try:
            with STANDSTILL.reading():
                yield client
        finally:
            with self._changed:
                self._free.append(client)
                self._changed.notify()

    def _lend(self) -> Client:
        seconds = self._settings.report_max_seconds + READ_GRACE_SECONDS
        with self._changed:
            if not self._changed.wait_for(lambda: self._free or self._unopened, seconds):
                raise STORE_AWAY.error("All readers of the event store are busy; try again in a moment.")
            if self._free:
                return self._free.pop()
            self._unopened -= 1
        try:
            return connect_reader(self._settings, self._more)
        except BaseException:
            with self._changed:
                # Whoever waits for a handle tries to open this one: nobody would ever bring it.
                self._unopened += 1
                self._changed.notify()
            raise

    def close(self) -> None:
        """Close the handles that are not out."""
        with self._changed:
            for client in self._free:
                client.close()
            self._free.clear()
