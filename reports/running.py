"""Reports that run right now, and how they end early: on their caller's word, or because nobody listens any more.

Every statement begins with a comment that names its report and, as a digest, its caller. The store is told to
end the statements that begin so, which works from any process of the service and on a handle that can only read,
because a report's statements are of the same user. Invariants: a caller ends only its own reports; a report
that was ended starts no further statement; an id is made of letters, digits, - and _ alone, so that it can
stand in a comment.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kernel.auth import Principal
from kernel.clickhouse.client import connect_reader
from kernel.settings import Settings
from reports import sql
from reports.execute import refusals
from reports.query import ID_PATTERN


@dataclass(frozen=True, slots=True)
class Run:
    """One report on its way."""

    mark: str
    """What its statements begin with; a comment."""
    is_cancelled: threading.Event = field(default_factory=threading.Event)


class Running:
    """The reports of this process. May be used from several threads; ``cancel`` waits for the store."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._runs: dict[int, Run] = {}
        self._lock = threading.Lock()

    @contextmanager
    def run(self, who: Principal, name: str | None = None) -> Iterator[Run]:
        """Keep a report among the running ones for the length of a ``with`` block.

        Args:
            who: Its caller.
            name: What the caller calls it; None for one that only its end can end.

        """
        run = Run(_mark(who, name or secrets.token_hex(16)))
        with self._lock:
            self._runs[id(run)] = run
        try:
            yield run
        finally:
            with self._lock:
                del self._runs[id(run)]

    def cancel(self, who: Principal, name: str) -> bool:
        """End every report that the caller calls so; return whether there was one, here or in another process.

        Raises:
            ClickledgerError: ``store_away``.

        """
        return bool(re.fullmatch(ID_PATTERN, name, re.ASCII)) and self._end(_mark(who, name))

    def abandon(self, run: Run) -> None:
        """End a report nobody waits for.

        Raises:
            ClickledgerError: ``store_away``.

        """
        self._end(run.mark)

    def _end(self, mark: str) -> bool:
        with self._lock:
            here = [run for run in self._runs.values() if run.mark == mark]
        for run in here:
            run.is_cancelled.set()
        # A handle of its own: all others may be busy with what is to be ended.
        with refusals(self._settings):
            client = connect_reader(self._settings)
            try:
                ended = client.command(sql.cancel(mark))
            finally:
                client.close()
        # It lists what it ended; where that is nothing, the client gives a summary or an empty text.
        return bool(here) or (isinstance(ended, str | list) and bool(ended))


def _mark(who: Principal, name: str) -> str:
    """Return a comment with a report's name and the digest of its caller.

    A user is the same one with any of their keys, so that what a script began can be ended in the browser, and
    what a schedule runs for them as well.
    """
    called = who.actor if who.user_id is None else f"user:{who.user_id}"
    caller = f"{who.role}/{who.partner_id}/{who.advertiser_id}/{called}"
    return f"/* report {name} of {hashlib.sha256(caller.encode()).hexdigest()[:16]} */"
