"""A sign of life for roles without a port: a file whose time says when the role's loop last came round.

``python -m kernel.heartbeat ROLE`` ends with 0 when that was recently and with 1 and a sentence when not;
containers use it as their health check. Invariant: it beats in the loop that does the work, also while a
store is away (restarting the role would not bring the store back), and never fails that loop.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kernel.settings import settings

BEAT_SECONDS: Final = 1.0
"""A busy loop touches its file no more often than this."""

MAX_AGE_SECONDS: Final = 150.0
"""Twice what one round may hang: a connection's and an insert's time-outs make some 70 seconds."""


def _path(directory: Path, role: str) -> Path:
    return directory / f"{role}.alive"


class Heartbeat:
    """The beating side."""

    def __init__(self, directory: Path, role: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = _path(directory, role)
        self._clock = clock
        self._next = float("-inf")

    def beat(self) -> None:
        """Say that the loop came round."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + BEAT_SECONDS
        try:
            self._path.touch()
        except OSError:
            return  # a disk that can't take this is told of by those who lose something by it


def age(directory: Path, role: str) -> float | None:
    """Return the seconds since the last beat, None when there was none."""
    try:
        return max(0.0, time.time() - _path(directory, role).stat().st_mtime)
    except OSError:
        return None


def check(directory: Path, role: str) -> str:
    """Return what is wrong with a role in one sentence, '' when it is alive."""
    seconds = age(directory, role)
    if seconds is None:
        return f"The {role} role has not come round yet in {directory}."
    if seconds > MAX_AGE_SECONDS:
        return f"The {role} role last came round {seconds:.0f} s ago."
    return ""


if __name__ == "__main__":
    wrong = check(settings().data_dir, sys.argv[1])
    if wrong:
        sys.exit(wrong)
