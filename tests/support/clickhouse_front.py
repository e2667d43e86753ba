"""A ClickHouse "server" for tests: ClickHouse's HTTP interface over chDB in a child process.

No ClickHouse server can be installed where these tests run, so the server path of clickhouse-connect
(DSN, HTTP, authentication, settings in the URL, retries, time-outs) is proven against this front, and
the SQL against the real engine inside it. It can refuse, lose answers, hang, die and come back.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import clickhouse_front_server as server
from tests.support.waiting import PATIENCE_SECONDS, ended, line_of

WRITER, WRITER_PASSWORD = "clickledger", "p@ss/w:rd%20?"
"""A password with everything a DSN has to escape."""
READER, READER_PASSWORD = "reports", "only-reads"
READER_PROFILE = {"max_execution_time": "2", "readonly": "1"}
"""A user whose profile on the server is read-only, so that it can't change a setting."""


class ClickHouseFront:
    """Starts the front and makes it misbehave."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.port = 0
        self._child: subprocess.Popen[str] | None = None

    def dsn(self, database: str = "clickledger", *, reader: bool = False, options: str = "") -> str:
        user = f"{READER}:{READER_PASSWORD}" if reader else f"{WRITER}:p%40ss%2Fw%3Ard%2520%3F"
        return f"clickhouse://{user}@127.0.0.1:{self.port}/{database}{options}"

    def start(self) -> None:
        """Start the front, on the port it had before if it had one, and wait until it listens."""
        users = {
            WRITER: [WRITER_PASSWORD, {}],
            READER: [READER_PASSWORD, READER_PROFILE],
        }
        command = [sys.executable, "-m", server.__name__, "--path", str(self.path), "--port", str(self.port)]
        self._child = subprocess.Popen(
            [*command, "--users", json.dumps(users)],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdout is not None
        line = line_of(self._child, "the ClickHouse front to listen")
        assert line, f"the ClickHouse front ended with {ended(self._child)} before it listened"
        self.port = int(line)

    def kill(self) -> None:
        """End it as kill -9 does."""
        assert self._child is not None
        self._child.kill()
        self._child.communicate(timeout=PATIENCE_SECONDS)
        self._child = None

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Be dead for the length of the block, then come back on the same port with the same data."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Accept connections and answer nothing for the length of the block."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._child.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def behaving(self, mode: str) -> Iterator[None]:
        """Behave in one of the server's modes for the length of the block."""
        self._order(mode)
        try:
            yield
        finally:
            self._order(server.SERVE)

    def _order(self, mode: str) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{mode}\n")
        self._child.stdin.flush()
        assert line_of(self._child, f"the ClickHouse front to {mode}").strip() == mode


@pytest.fixture(scope="session")
def clickhouse_front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseFront]:
    """One front for the test process; a test that breaks it mends it."""
    front = ClickHouseFront(tmp_path_factory.mktemp("clickhouse-front"))
    front.start()
    yield front
    front.kill()
