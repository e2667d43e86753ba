"""The program's tables compiled to the routing snapshot, again and again, reading only what changed.

A change must reach every edge within a second, also in a program of ten thousand offers, and to read all of
that takes longer. So what a route was compiled from is remembered as a stamp: each row's id, revision and
time of its last change. Invariants: a snapshot is one moment of the database; a route whose rows all bear the
stamps they had is the one compiled then; a table that has not changed costs one query that adds it up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from kernel.auth import ROLE_SCOPES
from partners import currencies
from partners.models import (
    Advertiser,
    ApiKey,
    BlocklistEntry,
    Cap,
    Coupon,
    CurrencyRate,
    Entry,
    FraudRuleEntry,
    Goal,
    Hook,
    LandingPage,
    Link,
    Offer,
    OfferAccess,
    Partner,
    PayoutOverride,
    Program,
    SmartLink,
    User,
)
from tracker.entry_rows import (
    Made,
    advertiser_route,
    block_route,
    coupon_route,
    fraud_rule_route,
    hook_route,
    link_route,
    partner_route,
    smart_link_route,
)
from tracker.offer_rows import OfferRows, Row, moment_ms, offer_route
from tracker.routes import KeyRoute
from tracker.snapshot import Wire, encode_route

EDGE_SCOPE = "clicks:write"
"""What a key needs for an edge to accept it."""

CHUNK = 500
"""Ids named in one query; below every database's limit of parameters."""

STREAMED = 1_000
"""Rows fetched at a time."""

_NOT_ROUTED = frozenset(
    {
        *(
            "created_at",
            "updated_at",
            "description",
            "category",
            "tags",
            "manager_id",
            "notes",
            "email",
            "company",
        ),
        *("country", "website", "note", "reason", "status_reason", "last_used_at", "rate_per_minute", "user_id"),
    }
)
"""Columns no edge asks for; some hold long texts."""

_PARTS: tuple[type[Any], ...] = (Goal, PayoutOverride, OfferAccess, LandingPage, Cap)
"""Tables whose rows belong to an offer, in the order of ``OfferRows``."""

_LISTS = ("blocks", "hooks", "fraud_rules")
"""Kinds that travel as one list: whoever asks for one of them asks for all."""

_FIRST_DAY = date(1970, 1, 1)

Total: TypeAlias = tuple[Any, ...]
"""Number of rows, sum of ids, sum of revisions, newest change: no change leaves all of them as they were."""


@dataclass
class _Kind:
    """A table of which each row makes at most one route."""

    table: type[Any]
    make: Callable[[Row], Made | None]
    total: Total = ()
    stamps: dict[int, Total] = field(default_factory=dict)
    made: dict[int, tuple[Any, bytes]] = field(default_factory=dict)
    """By id of the row, ascending as far as rows were only added: key in the snapshot and encoded route."""

    def bodies(self, session: Session) -> dict[Any, bytes]:
        """Return every route of the table, encoded, by its key."""
        total = _total(session, self.table)
        if total != self.total:
            stamps = {row.id: tuple(row) for row in session.execute(_stamp(self.table))}
            changed = [each for each, stamp in stamps.items() if self.stamps.get(each) != stamp]
            made = {each: self.made[each] for each in stamps if each in self.made}
            for row in _rows(session, self.table, self.table.id, changed, len(stamps)):
                route = self.make(row)
                if route is None:
                    made.pop(row.id, None)
                else:
                    made[row.id] = route[0], encode_route(route[1])
            self.total, self.stamps, self.made = total, stamps, made
        return dict(self.made.values())


@dataclass
class _Stamps:
    """What the rows of one table bore, by the offer they belong to."""

    table: type[Any]
    owner: Any
    total: Total = ()
    by_owner: dict[int, int] = field(default_factory=dict)

    def changed_owners(self, session: Session) -> set[int]:
        """Return the offers of which a row came, went or changed since this was last asked."""
        total = _total(session, self.table)
        if total == self.total:
            return set()
        before, now = self.by_owner, dict[int, int]()
        for owner, *stamp in session.execute(_stamp(self.table, self.owner)):
            now[owner] = hash((now.get(owner), *stamp))
        self.total, self.by_owner = total, now
        return {owner for owner in before.keys() | now.keys() if before.get(owner) != now.get(owner)}


class Compiler:
    """Compiles snapshots of one database; remembers the encoded routes of the last one."""

    def __init__(self, default_currency: str = "") -> None:
        """Start knowing nothing.

        Args:
            default_currency: What rates are quoted in unless the program says.

        """
        self._default_currency = default_currency
        self._version = 0
        self._forget()

    def compile(self, session: Session) -> Wire:
        """Return the program as the edges need it; the session must see one moment."""
        try:
            return self._compile(session)
        except BaseException:
            # Half of what changed may count as known by now, and never have been compiled.
            self._forget()
            raise

    def _compile(self, session: Session) -> Wire:
        program = session.scalars(select(Program)).one()
        if program.version < self._version:
            # A backup was restored: its rows may bear stamps we know with other contents.
            self._forget()
        self._version = program.version
        bodies = {name: kind.bodies(session) for name, kind in self._kinds.items()}
        lists = {name: encode_route(tuple(map(msgspec.Raw, bodies.pop(name).values()))) for name in _LISTS}
        return Wire(
            version=program.version,
            offers=self._offer_bodies(session),
            **bodies,
            keys=_keys(session),
            blocks=lists["blocks"],
            hooks=lists["hooks"],
            fraud_rules=lists["fraud_rules"],
            currencies=currencies(),
            base_currency=program.base_currency or self._default_currency,
            rates=self._rate_bodies(session),
            fallback_url=program.fallback_url,
        )

    def _forget(self) -> None:
        self._kinds = {
            "partners": _Kind(Partner, partner_route),
            "advertisers": _Kind(Advertiser, advertiser_route),
            "links": _Kind(Link, link_route),
            "smart_links": _Kind(SmartLink, smart_link_route),
            "coupons": _Kind(Coupon, coupon_route),
            "blocks": _Kind(BlocklistEntry, block_route),
            "hooks": _Kind(Hook, hook_route),
            "fraud_rules": _Kind(FraudRuleEntry, fraud_rule_route),
        }
        self._offer_stamps = (_Stamps(Offer, Offer.id), *(_Stamps(part, part.offer_id) for part in _PARTS))
        self._offers: dict[int, bytes] = {}
        self._rate_total: Total = ()
        self._rates: dict[str, bytes] = {}

    def _offer_bodies(self, session: Session) -> dict[int, bytes]:
        changed: set[int] = set()
        for stamps in self._offer_stamps:
            changed |= stamps.changed_owners(session)
        if changed:
            ids = sorted(changed)
            offers = self._offers.copy()
            for begin in range(0, len(ids), CHUNK):
                chunk = ids[begin : begin + CHUNK]
                for rows in _offers(session, chunk):
                    offers[rows.offer.id] = encode_route(offer_route(rows))
            self._offers = {each: offers[each] for each in self._offer_stamps[0].by_owner if each in offers}
        return self._offers

    def _rate_bodies(self, session: Session) -> dict[str, bytes]:
        total = _total(session, CurrencyRate)
        if total != self._rate_total:
            rates: dict[str, list[tuple[int, str]]] = defaultdict(list)
            columns = CurrencyRate.currency, CurrencyRate.valid_from, CurrencyRate.rate
            for currency, valid_from, rate in session.execute(select(*columns).order_by(CurrencyRate.valid_from)):
                rates[currency].append(((valid_from - _FIRST_DAY).days, format(rate, "f")))
            self._rates = {currency: encode_route(tuple(dated)) for currency, dated in rates.items()}
            self._rate_total = total
        return self._rates


def _total(session: Session, table: type[Entry]) -> Total:
    sums = func.count(), func.sum(table.id), func.sum(table.revision), func.max(table.updated_at)
    return tuple(session.execute(select(*sums)).one())


def _stamp(table: type[Entry], *owner: Any) -> Any:
    return select(*owner, table.id, table.revision, table.updated_at).order_by(table.id)


def _rows(session: Session, table: type[Entry], key: Any, wanted: Sequence[int], of: int) -> Iterator[Row]:
    """Yield the rows whose ``key`` is wanted, by id; ``of``: how many keys there are."""
    statement = select(*(c for c in table.__table__.columns if c.name not in _NOT_ROUTED)).order_by(table.id)
    statement = statement.execution_options(yield_per=STREAMED)
    if len(wanted) == of:
        yield from session.execute(statement)
        return
    for begin in range(0, len(wanted), CHUNK):
        yield from session.execute(statement.where(key.in_(wanted[begin : begin + CHUNK])))


def _offers(session: Session, ids: Sequence[int]) -> Iterator[OfferRows]:
    """Yield offers with all that belongs to them."""
    parts: list[Mapping[int, list[Row]]] = []
    for table in _PARTS:
        by_offer: dict[int, list[Row]] = defaultdict(list)
        for row in _rows(session, table, table.offer_id, ids, -1):
            by_offer[row.offer_id].append(row)
        parts.append(by_offer)
    for offer in _rows(session, Offer, Offer.id, ids, -1):
        yield OfferRows(offer, *(by_offer.get(offer.id, ()) for by_offer in parts))


def _keys(session: Session) -> dict[str, bytes]:
    """Return the keys an edge accepts, by their SHA-256: those in force of people who may still use them."""
    columns = ApiKey.prefix, ApiKey.secret_hash, ApiKey.role, ApiKey.scopes, ApiKey.partner_id, ApiKey.expires_at
    statement = (
        select(*columns)
        .outerjoin(User, ApiKey.user_id == User.id)
        .where(
            ApiKey.kind == "key",
            ApiKey.revoked_at.is_(None),
            ApiKey.advertiser_id.is_(None),
            (ApiKey.user_id.is_(None) | (User.status == "active")),
            cast(ApiKey.scopes, Text).contains(EDGE_SCOPE),
        )
        .order_by(ApiKey.id)
    )
    allowed: Iterable[Row] = session.execute(statement)
    return {
        key.secret_hash: encode_route(KeyRoute(key.prefix, key.partner_id or 0, moment_ms(key.expires_at)))
        for key in allowed
        if EDGE_SCOPE in key.scopes and EDGE_SCOPE in ROLE_SCOPES[key.role]
    }
