"""The SQL database: SQLite below the data directory, or PostgreSQL by ``CLICKLEDGER_SQL_URL``.

Everything in which the two differ is in this file and in ``sql_types``. Invariants: a reading session sees one
moment of the database; a writing session is one transaction, and on SQLite it takes the write lock when it begins,
so that it never fails half-way; a statement's values never reach a log, because tokens are among them; a database
that can't be reached is ``store_away``.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from kernel.errors import CANNOT_START, STORE_AWAY
from kernel.logging import log
from kernel.settings import Settings

EMBEDDED_FILE = "program.db"
"""The embedded database's file, below the data directory."""

LOCK_WAIT_MS = 10_000
"""How long a statement waits for another writer of the same SQLite file before it gives up."""

CONNECT_WAIT_S = 5
"""How long a connection to PostgreSQL may take; more than that is a server that is away."""

MIGRATION_LOCK = 0x636C6564
"""Advisory lock ("cled") that keeps two hosts from migrating one PostgreSQL database at once."""

_WRITES = "clickledger_writes"
"""Execution option of connections that will write."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Sessions:
    """Opens sessions over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        reading: dict[str, Any] = {}
        if engine.dialect.name == "postgresql":
            # SQLite's WAL gives a reader one moment by itself; PostgreSQL has to be asked.
            reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._readers = sessionmaker(engine.execution_options(**reading), expire_on_commit=False)
        self._writers = sessionmaker(engine.execution_options(**{_WRITES: True}), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Lend a session that sees one moment of the database.

        Raises:
            ClickledgerError: ``store_away``.

        """
        with _reachable(), self._readers() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Lend a session whose work is committed when the block ends, and undone when it raises.

        Raises:
            ClickledgerError: ``store_away``; nothing of the block was stored, unless the connection broke
                in the very moment of the commit.

        """
        with _reachable(), self._writers.begin() as session:
            session.connection()  # begins now; the first statement would be too late for the write lock
            yield session

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()


def connect(chosen: Settings) -> Sessions:
    """Return sessions over the configured database; the first of them connects.

    Raises:
        ClickledgerError: ``cannot_start`` when the URL can't work here.

    """
    given = chosen.sql_url.get_secret_value()
    if not given:
        path = chosen.data_dir / EMBEDDED_FILE
        _make_private(path)
        return Sessions(_sqlite(URL.create("sqlite", database=str(path))))
    try:
        url = make_url(given)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        backend = url.get_backend_name()
        if backend == "sqlite":
            return Sessions(_sqlite(url))
        if backend == "postgresql":
            return Sessions(_postgresql(url))
    except (ArgumentError, NoSuchModuleError, ValueError) as why:
        raise CANNOT_START.error(
            "CLICKLEDGER_SQL_URL isn't a database URL; write postgresql+psycopg://user:password@host/database."
        ) from why
    except ModuleNotFoundError as why:
        raise CANNOT_START.error(
            f"The driver {why.name} of CLICKLEDGER_SQL_URL isn't installed: install 'clickledger[server]'."
        ) from why
    raise CANNOT_START.error(f"CLICKLEDGER_SQL_URL names {backend}; use PostgreSQL or SQLite.")


def migrate(engine: Engine, scripts: Path) -> None:
    """Bring the database to the newest schema, all of it or nothing; safe to call from several hosts.

    Args:
        engine: The database.
        scripts: Directory of the Alembic environment whose tables these are.

    Raises:
        ClickledgerError: ``store_away``, or ``cannot_start`` when a newer version made this database.

    """
    with _migration(engine, scripts) as config:
        command.upgrade(config, "head")


def downgrade(engine: Engine, scripts: Path, revision: str) -> None:
    """Take the schema back to ``revision`` ('base': no tables); what the newer one added is lost."""
    with _migration(engine, scripts) as config:
        command.downgrade(config, revision)


@contextmanager
def _migration(engine: Engine, scripts: Path) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with _reachable(), engine.execution_options(**{_WRITES: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            yield config
        except CommandError as why:
            raise CANNOT_START.error(
                "A newer clickledger made this program database; start that version or restore a backup."
            ) from why


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as why:
        cause = getattr(why, "orig", None) or why
        if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise  # SQLite's word for a wrong statement: the database is there, the mistake is ours
        log("sql").warning("program_database_away", why=str(cause).strip())
        raise STORE_AWAY.error("The program database can't be reached right now; try again in a moment.") from why


def _make_private(path: Path) -> None:
    """Make the file before SQLite does: it holds tokens, and SQLite would let everybody read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as why:
        raise CANNOT_START.error(
            f"{path} can't be written: {why.strerror}; choose another data directory."
        ) from why


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_WAIT_S}
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, and only before the first write; see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_MS:d}")
    _use_wal(cursor)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Turn the write-ahead log on; SQLite itself doesn't wait for another process that does so at this moment."""
    deadline = time.monotonic() + LOCK_WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
