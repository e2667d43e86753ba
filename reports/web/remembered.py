"""Answers that may be a little old: remembered for those who would get the same, and made anew beside them.

What takes long and changes slowly (the last seven days beside the seven before) is shown at once as it was at most
STALE_SECONDS ago, and asked anew in the background when it is older than FRESH_SECONDS; only the first who asks
waits. Invariants: an answer is remembered for one role, partner, advertiser, set of scopes and zone, and shown to
nobody else; an error isn't remembered; what nobody asks for isn't kept up.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from kernel.errors import ClickledgerError
from kernel.logging import log
from reports.web.visit import Visit

FRESH_SECONDS: Final = 30.0
STALE_SECONDS: Final = 600.0
MOST: Final = 1_000
"""Answers remembered at once; the one asked for longest ago is forgotten first."""

Make = Callable[[Visit], Awaitable[Any]]
_Key = tuple[Any, ...]


class Remembered:
    """The answers of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[float, Any]] = OrderedDict()
        self._making: dict[_Key, asyncio.Task[Any]] = {}

    async def of(self, visit: Visit, name: str, make: Make) -> Any:
        """Return an answer, at most STALE_SECONDS old.

        Args:
            visit: Of whom.
            name: What is asked.
            make: Asks it.

        Raises:
            ClickledgerError: What ``make`` refuses with, when nothing is remembered.

        """
        who = visit.who
        whose = (who.role, who.partner_id, who.advertiser_id, who.scopes) if who else ()
        key = (name, *whose, visit.viewer.zone.key, str(visit.viewer.locale))
        made_at, value = self._known.get(key, (None, None))
        if made_at is None or self._clock() - made_at > STALE_SECONDS:
            return await asyncio.shield(self._task(key, visit, make))
        self._known.move_to_end(key)
        if self._clock() - made_at > FRESH_SECONDS:
            self._task(key, visit, make).add_done_callback(_tell_failure)
        return value

    def _task(self, key: _Key, visit: Visit, make: Make) -> asyncio.Task[Any]:
        """Return the task that makes an answer, one however many wait for it."""
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, visit, make))
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return task

    async def _make(self, key: _Key, visit: Visit, make: Make) -> Any:
        value = await make(visit)
        self._known[key] = (self._clock(), value)
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return value


def _tell_failure(task: asyncio.Task[Any]) -> None:
    """Write down why an answer couldn't be made anew; the old one goes on being shown for a while."""
    if not task.cancelled() and task.exception() is not None:
        why = task.exception()
        log("web").warning(
            "answer_not_renewed", why=why.message if isinstance(why, ClickledgerError) else repr(why)
        )


def remembered(visit: Visit) -> Remembered:
    """Return the answers of the visit's app."""
    state = visit.request.app.state
    known: Remembered | None = getattr(state, "remembered", None)
    if known is None:
        known = state.remembered = Remembered()
    return known
