"""Work of others that needs a store nobody inserts clicks into: done by the pipeline between two of its rounds.

Invariants: it is done on the pipeline's own thread, and only while no range is half stored, so that every
batch is in clicks and in the rollups, or in neither. Whoever asks waits; events wait in their journals. Nobody
waits for a pipeline that has ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from kernel.errors import STORE_AWAY

T = TypeVar("T")

LONGEST_SECONDS = 60.0
"""To wait for work to begin and end; far more than a round and the repair of a busy week take."""


class BetweenRounds:
    """Hands work over to the pipeline's thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._ended = False

    def __bool__(self) -> bool:
        """Return whether work waits."""
        return bool(self._waiting)

    def __call__(self, work: Callable[[], T]) -> T:
        """Have something done and return what it returns; called from any thread but the pipeline's.

        Raises:
            ClickledgerError: ``store_away`` when the pipeline can't come to an end with a range, or ends.
            Exception: whatever ``work`` raises.

        """
        done: Future[T] = Future()
        self._waiting.append((work, done))
        if self._ended:
            # The pipeline may have looked for the last time.
            done.cancel()
        try:
            return done.result(LONGEST_SECONDS)
        except (CancelledError, TimeoutError) as why:
            if done.done() and not done.cancelled():
                raise  # the work's own
            done.cancel()
            raise STORE_AWAY.error("The pipeline can't pause right now; nothing is lost, try again.") from why

    def do(self) -> None:
        """Do all that waits; called by the pipeline's thread when no range is half stored."""
        while self._waiting:
            work, done = self._waiting.popleft()
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as why:  # noqa: BLE001 - it is the asking thread's
                done.set_exception(why)

    def end(self) -> None:
        """Refuse what waits and what comes; called by the pipeline's thread at its end."""
        self._ended = True
        while self._waiting:
            self._waiting.popleft()[1].cancel()
