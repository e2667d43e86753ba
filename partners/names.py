"""Names for reports: events carry ids, people read and ask for names.

Invariants: a directory is as new as the program's version at the moment it is asked; while the database
is away it answers with the names it last saw, because a report with yesterday's names beats none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.logging import log
from kernel.sql import Sessions
from partners.models import THE_PROGRAM, Advertiser, Link, Offer, Partner, Program


class NameTable:
    """The names of one kind: id to name, and name to ids."""

    __slots__ = ("_ids", "_names")

    def __init__(self, pairs: Iterable[tuple[int, str]]) -> None:
        self._names = dict(pairs)
        self._ids: dict[str, tuple[int, ...]] = {}
        for entry_id, name in self._names.items():
            self._ids[name] = (*self._ids.get(name, ()), entry_id)

    def name(self, entry_id: int) -> str | None:
        """Return the name of an id, None for an id that was never given out."""
        return self._names.get(entry_id)

    def ids(self, name: str) -> tuple[int, ...]:
        """Return the ids that bear exactly this name."""
        return self._ids.get(name, ())

    def items(self) -> list[tuple[int, str]]:
        """Return every id and its name, for filters that look into names."""
        return list(self._names.items())

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Names:
    """Everybody's names at one version of the program."""

    version: int
    partners: NameTable
    offers: NameTable
    advertisers: NameTable
    links: NameTable
    """A link's name is its code."""


class Directory:
    """Keeps the names of the newest version; may be asked from several threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._names: Names | None = None

    def names(self) -> Names:
        """Return the names of this moment; costs one small query while the program stays the same.

        Raises:
            ClickledgerError: ``store_away``, only if the database never answered since the start.

        """
        try:
            with self._sessions.reading() as session:
                version = session.scalars(select(Program.version).where(Program.id == THE_PROGRAM)).one()
                known = self._names
                if known is not None and known.version == version:
                    return known
                fresh = Names(
                    version,
                    partners=_read(session, Partner.id, Partner.name),
                    offers=_read(session, Offer.id, Offer.name),
                    advertisers=_read(session, Advertiser.id, Advertiser.name),
                    links=_read(session, Link.id, Link.code),
                )
        except ClickledgerError as why:
            if why.kind is not STORE_AWAY or self._names is None:
                raise
            log("names").warning("names_may_be_old", version=self._names.version)
            return self._names
        with self._lock:
            if self._names is None or self._names.version < fresh.version:
                self._names = fresh
        return fresh


def _read(session: Session, entry_id: InstrumentedAttribute[int], name: InstrumentedAttribute[str]) -> NameTable:
    return NameTable(session.execute(select(entry_id, name).order_by(entry_id)).tuples().all())
