"""Models in the web role: trained by itself when one is due, beside everything else.

Invariants: of all web roles that share the models' directory one trains; a store that is away or too few clicks
end nothing: it is tried again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool

from fraud.forest import Trainer
from fraud.forest.window import read_window
from kernel.logging import log
from kernel.settings import Settings

FIRST_LOOK_SECONDS: Final = 20.0
"""After the start: other work comes first."""
LOOK_SECONDS: Final = 60.0


def trainer(chosen: Settings) -> Trainer:
    """Return what trains; closing it ends a training under way."""
    return Trainer(chosen, partial(read_window, chosen))


async def keep_trained(training: Trainer) -> None:
    """Begin a training whenever one is due, again and again."""
    await asyncio.sleep(FIRST_LOOK_SECONDS)
    while True:
        try:
            await run_in_threadpool(training.begin_when_due)
        except Exception as why:  # noqa: BLE001 - the next look may be luckier, and nobody else would look
            log("model").error("training_look_failed", exc_info=why)
        await asyncio.sleep(LOOK_SECONDS)
