"""Keeps what is usual fresh: a thread that counts it in the event store, at once, every few minutes and when told.

Invariants: it has a handle of its own that can only read; what is in force is replaced as a whole, so that a
reader sees one moment or another; a store that is away leaves what was known in force, and rules are silent where
nothing ever was; ``stop`` returns within ``END_SECONDS``, whatever the store does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.usual.clicks import NOTHING_USUAL as NO_CLICKS
from fraud.usual.clicks import UsualClicks, read_usual
from fraud.usual.conversions import NOTHING_USUAL as NO_CONVERSIONS
from fraud.usual.conversions import UsualConversions, read_conversions
from kernel.clickhouse.client import connect_reader
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.metrics import gauge
from kernel.settings import Settings

EVERY_SECONDS = 300.0
"""Pause between two counts. What is usual over weeks hardly changes within minutes."""
AGAIN_SECONDS = 15.0
"""Pause after one that failed."""
SETTLE_SECONDS = 2.0
"""Pause before a count that was asked for: whoever saw the same as who asked, and waits for it, waits by then."""
BREATHS = 10.0
"""It is at least so many times as long as the last count took: a hundred imports aren't a hundred counts."""
END_SECONDS = 2.0
"""How long ``stop`` waits for a count that is under way; the thread is a daemon and dies with its process."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of clicks and of conversions; the empty value knows nothing."""

    clicks: UsualClicks = NO_CLICKS
    conversions: UsualConversions = NO_CONVERSIONS
    made_at: float = 0.0
    """Seconds since 1970; 0 for the empty value."""


class UsualKeeper:
    """Counts what is usual again and again."""

    def __init__(
        self,
        open_store: Callable[[], Client],
        on_change: Callable[[Usual], None] = lambda _: None,
        every_s: float = EVERY_SECONDS,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            open_store: Opens the handle; it need only read.
            on_change: Told what is usual now, by the keeper's thread.
            every_s: Pause between two counts, in seconds.

        """
        self.current = Usual()
        self._open = open_store
        self._on_change = on_change
        self._every_s = every_s
        self._end = threading.Event()
        self._asked = threading.Event()
        self._took_s = 0.0
        self._thread = threading.Thread(target=self._run, name="usual", daemon=True)
        self._age = gauge("clickledger_fraud_usual_age_seconds")

    @classmethod
    def of(cls, chosen: Settings, on_change: Callable[[Usual], None] = lambda _: None) -> UsualKeeper:
        """Return a keeper with a reader of the configured store."""
        return cls(lambda: connect_reader(chosen), on_change)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def hurry(self) -> None:
        """Count soon, because much has changed at once: days were imported. Returns at once."""
        self._asked.set()

    def stop(self) -> None:
        """End; waits for a moment for what is under way."""
        self._end.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)

    def tell_age(self) -> None:
        """Say in the metrics how old the current count is; nothing before the first one."""
        if self.current.made_at:
            self._age.value = max(0.0, time.time() - self.current.made_at)

    def _run(self) -> None:
        store: Client | None = None
        while not self._end.is_set():
            pause = self._every_s
            try:
                store = store or self._open()
                self._refresh(store)
            except (ClickledgerError, DriverError, OSError) as why:
                log("fraud").warning("usual_waits", why=str(why)[:300])
                _close(store)
                store, pause = None, AGAIN_SECONDS
            except Exception as why:  # noqa: BLE001 - what is usual is worth less than the pipeline beside it
                log("fraud").error("usual_failed", exc_info=why)
                _close(store)
                store, pause = None, AGAIN_SECONDS
            self.tell_age()
            self._pause(min(pause, self._every_s))
        _close(store)

    def _pause(self, seconds: float) -> None:
        if self._asked.wait(seconds):
            self._end.wait(min(max(SETTLE_SECONDS, BREATHS * self._took_s), self._every_s))
            self._asked.clear()

    def _refresh(self, store: Client) -> None:
        now, begun = time.time(), time.monotonic()
        clicks = read_usual(store, now)
        if self._end.is_set():
            return
        fresh = Usual(clicks, read_conversions(store, int(now * 1000)), now)
        self._took_s = time.monotonic() - begun
        self.current = fresh
        self._on_change(fresh)


def _close(store: Client | None) -> None:
    if store is not None:
        with suppress(DriverError, OSError):
            store.close()
