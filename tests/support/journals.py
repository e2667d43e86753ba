"""Journals in tests: small events, and everything a directory's journals hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tracker.journal import JournalReader, journal_paths


def event(content: Any) -> bytes:
    """Return something small as an encoded event."""
    return msgspec.msgpack.encode(content)


def contents(directory: Path) -> list[list[Any]]:
    """Return the frames of every journal in the order of their names, as lists of events."""
    found = []
    for path in journal_paths(directory):
        reader = JournalReader(path)
        last, _ = reader.end_of_range(1, 10**9)
        frames = list(reader.frames(1, last))
        assert [frame.seq for frame in frames] == list(range(1, last + 1))
        for frame in frames:
            decoded = msgspec.msgpack.decode(frame.body)
            assert len(decoded) == frame.events
            found.append(decoded)
        reader.close()
    return found


def events(directory: Path) -> list[Any]:
    """Return the events of every journal in a directory, in order."""
    return [each for frame in contents(directory) for each in frame]
