"""``run.json``: what runs in a data directory, and where; written by the supervisor, read by commands."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

RUN_FILE = "run.json"


class Running(msgspec.Struct):
    """A running service."""

    edge_url: str
    web_url: str
    pid: int
    children: dict[str, list[int]] = {}
    """Process ids by role: edge, backend, valkey."""
    version: str = ""


def write_run_file(directory: Path, running: Running) -> None:
    """Replace run.json atomically."""
    temporary = directory / f".{RUN_FILE}.{os.getpid()}"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(running), indent=2) + b"\n")
    temporary.replace(directory / RUN_FILE)


def read_run_file(directory: Path) -> Running | None:
    """Return what run.json says, None when it is absent or half of an older version."""
    try:
        return msgspec.json.decode((directory / RUN_FILE).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None


def remove_run_file(directory: Path) -> None:
    """Remove run.json when the service ends."""
    (directory / RUN_FILE).unlink(missing_ok=True)


def local_url(host: str, port: int) -> str:
    """Return the address by which this machine reaches what listens on a host and port of its own."""
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"http://{address}:{port}"
