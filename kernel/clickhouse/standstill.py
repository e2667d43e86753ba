"""A moment in which no reader of this process begins, so that what takes several statements is seen whole.

Readers that are out are waited for, but not for long: a statement that runs has chosen what it reads when it
began, and goes on with that. Invariants: readers never wait for each other; nobody waits for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_SECONDS = 60.0
"""That a reader waits for a change to end; far more than one takes."""
PATIENCE_SECONDS = 2.0
"""That a change waits for readers that are out: longer than any statement takes until it has begun."""


class Standstill:
    """Readers, and changes that stop new ones."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._reading = 0
        self._changing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read for the length of a ``with`` block; begins when no change is under way."""
        with self._turn:
            self._turn.wait_for(lambda: not self._changing, LONGEST_SECONDS)
            self._reading += 1
        try:
            yield
        finally:
            with self._turn:
                self._reading -= 1
                self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change what readers see for the length of a ``with`` block; one change at a time."""
        with self._turn:
            self._turn.wait_for(lambda: not self._changing, LONGEST_SECONDS)
            self._changing = True
            self._turn.wait_for(lambda: self._reading == 0, PATIENCE_SECONDS)
        try:
            yield
        finally:
            with self._turn:
                self._changing = False
                self._turn.notify_all()


STANDSTILL = Standstill()
"""The one of this process."""
