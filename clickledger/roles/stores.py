"""The stores of the roles behind the edge, opened, migrated and closed together."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.lost_tokens import forget_lost_tokens
from kernel.errors import CANNOT_START
from kernel.settings import Settings

BACKEND_LOCK = "backend.lock"
TEMPORARY_DIRECTORY = "tmp"
"""Below the data directory."""
_LOCK_SECONDS = 10.0


@contextmanager
def event_store(chosen: Settings) -> Iterator[Client]:
    """Open and migrate the event store; embedded, this process alone may hold it.

    Raises:
        ClickledgerError: ``store_away`` or ``cannot_start``.

    """
    with _alone(chosen):
        if not chosen.clickhouse_url.get_secret_value():
            _own_temporary_files(chosen.data_dir / TEMPORARY_DIRECTORY)
            forget_lost_tokens(chosen.data_dir / clickhouse.EMBEDDED_DIRECTORY)
        client = clickhouse.connect(chosen)
        try:
            clickhouse.migrate(client)
            yield client
        finally:
            client.close()


def _own_temporary_files(place: Path) -> None:
    """Keep this process's temporary files in ``place``, and remove what a killed predecessor left there.

    The embedded engine's inserts and exports pass through files; in the system's directory those of a
    killed process would stay for ever, with visitors' addresses in them.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(place)


@contextmanager
def _alone(chosen: Settings) -> Iterator[None]:
    """Keep the embedded engine's directory to one process; a predecessor may need a moment to end."""
    if chosen.clickhouse_url.get_secret_value():
        yield
        return
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(chosen.data_dir / BACKEND_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as why:
                if time.monotonic() > deadline:
                    raise CANNOT_START.error(
                        f"The data directory {chosen.data_dir} is in use by another clickledger."
                    ) from why
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)
