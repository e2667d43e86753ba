"""What pipelines saw under the model in use, one small file per host beside the models.

Whoever answers questions about drift may be another process than those that score; they meet here. Invariant: a
file that is missing, old, damaged or of another model is nothing seen, never an error.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from pathlib import Path
from typing import Final

import msgspec

from fraud.forest.card import Card
from fraud.forest.drift import Drifted, Seen, drifted

_PREFIX: Final = "seen-"


def keep_seen(directory: Path, seen: Seen) -> None:
    """Write what this host saw; a directory that can't be written is told of by those who lose something by it."""
    path = _own(directory)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        temporary.write_bytes(msgspec.json.encode(seen))
        temporary.replace(path)


def own_seen(directory: Path) -> Seen | None:
    """Return what this host saw before."""
    return _read(_own(directory))


def seen_by_all(directory: Path, card: Card, now: float) -> Drifted:
    """Return what all hosts saw of a model in the last day, beside its training window."""
    try:
        paths = sorted(directory.glob(f"{_PREFIX}*.json"))
    except OSError:
        paths = []
    return drifted(card, [seen for seen in map(_read, paths) if seen is not None], now)


def _own(directory: Path) -> Path:
    return directory / f"{_PREFIX}{re.sub(r'[^0-9A-Za-z.-]', '_', socket.gethostname())}.json"


def _read(path: Path) -> Seen | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Seen)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
