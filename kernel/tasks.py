"""Tasks that run beside the requests until their role ends.

Invariant: ``end`` returns only when every task has ended, however often it has to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable
from typing import Any, Final, TypeVar

Done = TypeVar("Done")

CANCEL_AGAIN_SECONDS: Final = 0.1
"""How long a cancelled task may take to end before it is cancelled once more."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended; what they raised is nobody's business any more.

    Once is not enough: the client of Redis waits with ``asyncio.wait_for``, which in Python 3.11 forgets a
    cancellation that arrives together with what it waits for. A task that loops would then go on for ever.
    """
    all_of_them = list(tasks)
    pending = set(all_of_them)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(*all_of_them, return_exceptions=True)


async def undisturbed(work: Awaitable[Done]) -> Done:
    """Wait for work to its end, however often the one who waits is cancelled: what a task does when it is ended.

    Args:
        work: Something that takes a moment and no longer.

    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()
