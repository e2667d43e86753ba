"""Names for reports: events carry ids, people read and ask for names.

Invariants: a directory is as new as the program's version at the moment it is asked; while the database
is away it answers with the names it last saw, because a report with yesterday's names beats none.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.logging import log
from kernel.sql import Sessions
from partners.models import THE_PROGRAM, Advertiser, Link, Offer, Partner, Program, SmartLink

_QUERIES: dict[str, Select[int, str]] = {
    "partner": select(Partner.id, Partner.name),
    "offer": select(Offer.id, Offer.name),
    "advertiser": select(Advertiser.id, Advertiser.name),
    "link": select(Link.id, Link.code),
    "smart_link": select(SmartLink.id, SmartLink.name),
}

KINDS: tuple[str, ...] = tuple(_QUERIES)
"""What has names; a link's name is its code."""


class NameTable:
    """The names of one kind."""

    __slots__ = ("ids", "names")

    def __init__(self, pairs: Sequence[tuple[int, str]]) -> None:
        self.names: dict[int, str] = dict(pairs)
        self.ids: dict[str, list[int]] = {}
        for entry_id, name in pairs:
            self.ids.setdefault(name, []).append(entry_id)


@dataclass(frozen=True, slots=True)
class Names:
    """Everybody's names at one version of the program."""

    version: int
    tables: dict[str, NameTable]

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        """Return the names of these ids; ids that nobody has are absent."""
        names = self.tables[kind].names
        return {entry_id: names[entry_id] for entry_id in ids if entry_id in names}

    def ids(self, kind: str, text: str) -> list[int]:
        """Return the ids whose name is exactly ``text``."""
        return list(self.tables[kind].ids.get(text, ()))

    def all(self, kind: str) -> dict[int, str]:
        """Return every id with its name."""
        return dict(self.tables[kind].names)


class Directory:
    """The names of this moment. May be asked from several threads; asks the database, so not on the event loop."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._names: Names | None = None

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        """Return the names of these ids; ids that nobody has are absent."""
        return self.names().of(kind, ids)

    def ids(self, kind: str, text: str) -> list[int]:
        """Return the ids whose name is exactly ``text``."""
        return self.names().ids(kind, text)

    def all(self, kind: str) -> dict[int, str]:
        """Return every id with its name."""
        return self.names().all(kind)

    def names(self) -> Names:
        """Return the names of this moment; costs one small query while the program stays the same.

        Raises:
            ClickledgerError: ``store_away``, only if the database never answered since the start.

        """
        known = self._names
        try:
            with self._sessions.reading() as session:
                fresh = _read(session, known)
        except ClickledgerError as why:
            if why.kind is not STORE_AWAY or known is None:
                raise
            log("names").warning("names_may_be_old", version=known.version)
            return known
        with self._lock:
            if self._names is None or self._names.version != fresh.version:
                self._names = fresh
        return fresh


def _read(session: Session, known: Names | None) -> Names:
    version = session.scalars(select(Program.version).where(Program.id == THE_PROGRAM)).one()
    if known is not None and known.version == version:
        return known
    return Names(version, {kind: NameTable(_pairs(session, query)) for kind, query in _QUERIES.items()})


def _pairs(session: Session, query: Select[int, str]) -> list[tuple[int, str]]:
    return [(entry_id, name) for entry_id, name in session.execute(query)]
