"""``demo.json`` in the data directory: whether there is a demo, how far it is made, and which entries are its own.

Invariants: changed by one process at a time, whole or not at all; a demo that was removed stays removed, and no
start makes it anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

FILE: Final = "demo.json"
LOCK_FILE: Final = "demo.lock"


class Demo(msgspec.Struct):
    """The demo of a data directory."""

    state: Literal["there", "removed"] = "there"
    made_at: datetime | None = None
    """When its program was made; what was learnt from clicks since then learnt from the demo's."""
    entries: dict[str, list[int]] = {}
    """Ids of what it made in the program, by table."""
    partners: dict[str, int] = {}
    """Ids of its partners by name; the same for ``offers``."""
    offers: dict[str, int] = {}
    advertisers: dict[str, int] = {}
    """Ids of the offers' advertisers, by the offer's name."""
    currency: str = "USD"
    code: str = ""
    """Of its link."""
    version: int = 0
    """The snapshot that knows its program."""
    days: int = 0
    """Days of history that are stored."""
    is_furnished: bool = False
    """What follows the history is there too: holds, hooks, risk."""


def read(data_dir: Path) -> Demo | None:
    """Return the demo of a data directory, None when there never was one."""
    try:
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=Demo)
    except (OSError, msgspec.MsgspecError):
        return None


def is_there(data_dir: Path) -> bool:
    """Tell whether there is a demo now."""
    found = read(data_dir)
    return found is not None and found.state == "there"


@contextmanager
def changing(data_dir: Path) -> Iterator[Demo]:
    """Lend the demo to be changed; what it is after the block is written."""
    with (data_dir / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        demo = read(data_dir) or Demo()
        yield demo
        temporary = data_dir / f".{FILE}.{os.getpid()}"
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(demo), indent=2) + b"\n")
        temporary.replace(data_dir / FILE)
