"""Windows of uniqueness: the port, and its memory form.

A visit is a visitor's first when no other visit opened a window less than ``hours`` before or after it, by
event time. A visit that opened a window says yes again when it is asked again, so a replayed batch gets
the answers it got the first time, and past clicks can be imported beside today's.

Every form keeps one text per visitor: ``<ts>:<click id>`` of the visits that opened windows, separated by
``|``. The conformance suite runs against all of them, and the memory form is the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

MILLISECONDS_PER_HOUR: Final = 3_600_000

OPENERS_KEPT: Final = 32
"""Windows remembered per visitor, the latest ones: a month of daily visits, for imports and replays."""

VISITORS_KEPT: Final = 200_000
"""Visitors the memory form remembers at least: 50 to 100 MB. Those not seen for longest are forgotten."""


class Visit(NamedTuple):
    """A click as uniqueness sees it."""

    visitor: bytes
    """A short hash of offer, address and user agent."""
    click_id: str
    ts: int
    """Milliseconds since 1970, UTC."""


class UniqueWindow(Protocol):
    """Says which visits are a visitor's first within the window."""

    def first(self, visits: Sequence[Visit]) -> list[bool]:
        """Return, for each visit in order, whether it is the visitor's first; remember those that are."""
        ...


class MemoryUniqueWindow:
    """Windows in this process's memory, bounded; forgotten with the process.

    Visitors live in two plain dictionaries of bytes and text. Those seen since the last turn are in the
    young one; when it is full it becomes the old one, and what was old is forgotten. The garbage collector
    doesn't visit such dictionaries, and it would take half of a batch's time to walk an ``OrderedDict``.
    """

    def __init__(self, hours: int, visitors: int = VISITORS_KEPT) -> None:
        self._window_ms = hours * MILLISECONDS_PER_HOUR
        self._visitors = visitors
        self._young: dict[bytes, str] = {}
        self._old: dict[bytes, str] = {}

    def first(self, visits: Sequence[Visit]) -> list[bool]:
        """Return which visits are first ones; see ``UniqueWindow``."""
        return [self._is_first(*visit) for visit in visits]

    def _is_first(self, visitor: bytes, click_id: str, ts: int) -> bool:
        openers = self._young.get(visitor) or self._old.get(visitor)
        if openers is None:
            self._remember(visitor, f"{ts}:{click_id}")
            return True
        known = openers.split("|")
        for opener in known:
            opened, _, opened_by = opener.partition(":")
            if opened_by == click_id:
                self._remember(visitor, openers)
                return True
            if abs(ts - int(opened)) < self._window_ms:
                self._remember(visitor, openers)
                return False
        self._remember(visitor, "|".join([*known, f"{ts}:{click_id}"][-OPENERS_KEPT:]))
        return True

    def _remember(self, visitor: bytes, openers: str) -> None:
        self._young[visitor] = openers
        if len(self._young) > self._visitors:
            self._old, self._young = self._young, {}
