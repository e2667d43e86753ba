"""What reports know of the program: names, attributes and rates. Events carry ids; people ask for the rest.

Invariants: a directory is as new as the program's version at the moment it is asked, and everything it
tells is of one version; while the database is away it answers with what it last saw, because a report
with yesterday's names beats none.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.logging import log
from kernel.sql import Sessions
from partners.models import (
    THE_PROGRAM,
    Advertiser,
    Creative,
    CurrencyRate,
    LandingPage,
    Link,
    Offer,
    Partner,
    Program,
    SmartLink,
    Tier,
    User,
)

Attributes: TypeAlias = Mapping[int, tuple[str, ...]]
"""Values by id; an id without a value is absent."""

Rates: TypeAlias = Mapping[str, tuple[tuple[int, Decimal], ...]]
"""By currency, oldest first: (days since 1970, worth of one unit in the base currency from that UTC day on)."""

_QUERIES: dict[str, Select[int, str]] = {
    "partner": select(Partner.id, Partner.name),
    "offer": select(Offer.id, Offer.name),
    "advertiser": select(Advertiser.id, Advertiser.name),
    "link": select(Link.id, Link.code),
    "smart_link": select(SmartLink.id, SmartLink.name),
}

_VALUES: dict[str, Select[int, str]] = {
    "partner_tier": select(Partner.id, Tier.name).join(Tier, Partner.tier_id == Tier.id),
    "offer_category": select(Offer.id, Offer.category).where(Offer.category != ""),
    "offer_payout_model": select(Offer.id, Offer.model),
    "creative_name": select(Creative.id, Creative.name),
    "landing_name": select(LandingPage.id, LandingPage.name),
}
"""Attributes with one value an entry."""

_TAGS: dict[str, Select[int, list[str]]] = {
    "partner_tag": select(Partner.id, Partner.tags),
    "offer_tag": select(Offer.id, Offer.tags),
}

_MANAGERS: dict[str, Select[int, int | None]] = {
    "partner_manager": select(Partner.id, Partner.manager_id).where(Partner.manager_id.is_not(None)),
    "advertiser_manager": select(Advertiser.id, Advertiser.manager_id).where(Advertiser.manager_id.is_not(None)),
}

ATTRIBUTES: tuple[str, ...] = (*_VALUES, *_TAGS, *_MANAGERS)
"""What entries have beside a name, by the kind under which ``attributes`` knows it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()

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
    """Everybody's names, attributes and rates at one version of the program."""

    version: int
    tables: dict[str, NameTable]
    attributed: dict[str, Attributes]
    base_currency: str
    """What rates are quoted against; '' for the service's own currency."""
    dated: Rates

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

    def attributes(self, kind: str) -> Attributes:
        """Return the values of every id that has one; the same object while the program stays the same."""
        return self.attributed[kind]

    def rates(self) -> tuple[str, Rates]:
        """Return the base currency, '' for the service's own, and the dated rates of the others."""
        return self.base_currency, self.dated


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

    def attributes(self, kind: str) -> Attributes:
        """Return the values of every id that has one; kinds are ``ATTRIBUTES``."""
        return self.names().attributes(kind)

    def rates(self) -> tuple[str, Rates]:
        """Return the base currency, '' for the service's own, and the dated rates of the others."""
        return self.names().rates()

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
    version, base = session.execute(
        select(Program.version, Program.base_currency).where(Program.id == THE_PROGRAM)
    ).one()
    if known is not None and known.version == version:
        return known
    return Names(
        version,
        {kind: NameTable(_pairs(session, query)) for kind, query in _QUERIES.items()},
        {kind: MappingProxyType(values) for kind, values in _attributes(session).items()},
        base,
        MappingProxyType(_rates(session)),
    )


def _pairs(session: Session, query: Select[int, Any]) -> list[tuple[int, Any]]:
    return [(entry_id, value) for entry_id, value in session.execute(query)]


def _attributes(session: Session) -> dict[str, dict[int, tuple[str, ...]]]:
    people = _people(session)
    found: dict[str, dict[int, tuple[str, ...]]] = {}
    for kind, values in _VALUES.items():
        found[kind] = {i: (value,) for i, value in _pairs(session, values)}
    for kind, tags in _TAGS.items():
        found[kind] = {i: tuple(given) for i, given in _pairs(session, tags) if given}
    for kind, managers in _MANAGERS.items():
        found[kind] = {i: (people[user],) for i, user in _pairs(session, managers)}
    return found


def _people(session: Session) -> dict[int, str]:
    """Return the names of the users who may manage somebody; two of one name are told apart by their address."""
    staff = select(User.id, User.name, User.email).where(User.partner_id.is_(None), User.advertiser_id.is_(None))
    rows = [(i, name or email, email) for i, name, email in session.execute(staff)]
    times = Counter(name for _, name, _ in rows)
    return {i: name if times[name] == 1 else f"{name} ({email})" for i, name, email in rows}


def _rates(session: Session) -> dict[str, tuple[tuple[int, Decimal], ...]]:
    found: dict[str, tuple[tuple[int, Decimal], ...]] = {}
    dated = select(CurrencyRate.currency, CurrencyRate.valid_from, CurrencyRate.rate)
    for currency, day, rate in session.execute(dated.order_by(CurrencyRate.valid_from)):
        found[currency] = (*found.get(currency, ()), ((day - _EPOCH).days, rate))
    return found
