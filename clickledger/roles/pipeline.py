"""The pipeline role: ships this host's journals into the event store, and sends what hooks are to be told.

Each in a thread of its own, as is the count of what is usual. Invariant: when asked to end, all end together,
within the supervisor's ten seconds.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from clickledger.roles.starting import role, say_ready, settle_memory
from clickledger.roles.stores import event_store
from fraud.usual.keeper import UsualKeeper
from kernel import redis
from kernel.settings import Settings
from tracker.click_id import load_keys
from tracker.outbound.service import open_outbound
from tracker.pipeline.assembly import build_pipeline
from tracker.pipeline.runner import IMPORT_PREFIX, PipelineLoop

DRAIN_SECONDS = 5.0
"""Time to ship what is left when asked to end; what isn't shipped stays safe in the journals."""


def run_pipeline(chosen: Settings) -> None:
    """Ship journals until asked to end."""
    with role(chosen, "pipeline", "pipeline"), event_store(chosen) as store, running(chosen, store):
        settle_memory()
        say_ready()
        wait_for_end()


@contextmanager
def running(chosen: Settings, store: Client) -> Iterator[PipelineLoop]:
    """Run the pipeline and the sender for the length of this block, then drain the journals."""
    keys = load_keys(chosen)
    keeper = UsualKeeper.of(chosen)
    with (
        open_outbound(chosen, store, keys.secret) as (outbound, sender),
        build_pipeline(
            chosen,
            store,
            redis.connect(chosen),
            keys,
            on_changes=outbound.enqueue,
            outgoing=outbound.resend,
            also_each_round=lambda: _each_round(outbound.each_round, keeper.tell_age, lambda: imports.look(loop)),
            usual=lambda: keeper.current,
        ) as loop,
    ):
        imports = Imports(keeper.hurry)
        thread = threading.Thread(target=loop.run, name="pipeline")
        thread.start()
        keeper.start()
        try:
            yield loop
        finally:
            loop.stop()
            keeper.stop()
            # What is under way is finished while the journals are drained.
            sender.stop()
            thread.join()
            loop.drain(time.monotonic() + DRAIN_SECONDS)


class Imports:
    """Tells when days that were imported are stored, with the conversions of their postbacks."""

    def __init__(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` once for all that came since the last time."""
        self._tell = tell
        self._told: frozenset[str] = frozenset()

    def look(self, loop: PipelineLoop) -> None:
        """Look at how far the journals are; costs next to nothing while no import is new."""
        names = frozenset(loop.imported)
        if names <= self._told:
            self._told = names
            return
        state = loop.status()
        under_way = state["postbacks_waiting"] or any(
            one["shipped"] < one["events"] for one in state["journals"] if one["name"].startswith(IMPORT_PREFIX)
        )
        if not under_way:
            self._told = names
            self._tell()


def _each_round(*calls: Callable[[], None]) -> None:
    for call in calls:
        call()


def wait_for_end() -> None:
    """Return when SIGTERM or SIGINT arrives."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    end.wait()
