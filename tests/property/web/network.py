"""A network of two partners and two advertisers whose every row says whose it is.

Whatever belongs to partner 1 bears the text ``of-partner-1.``, whatever belongs to advertiser 2
``of-advertiser-2.``; an event between the two bears both. So an answer with the other's mark, or with the
other's id in a field of that name, shows a foreign row, whichever operation answered it.

Clicks have ids as the edge makes them, so that everything that is found by one can be asked for. On every click of
a partner hangs a conversion of the other's too, as a coupon brings it: whose click it was says nothing about whose
conversion it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from kernel.api import ANYBODY, Operation
from kernel.auth import ROLE_SCOPES, Role
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from partners.models import (
    Advertiser,
    ApiKey,
    Cap,
    Coupon,
    Creative,
    CustomMetric,
    Dispute,
    DisputeEvent,
    FraudRuleEntry,
    Goal,
    Hook,
    LandingPage,
    Link,
    Offer,
    OfferAccess,
    Partner,
    PartnerMark,
    PayoutOverride,
    ReportSchedule,
    SavedReport,
    SavedReportReader,
)
from tests.support.web import Asker, Web
from tracker.click_id import parse_keys

KEYS = parse_keys(f"0:{'5c' * 32}")
"""The web role's own."""
DAY = datetime(2018, 6, 5, 12, tzinfo=UTC)
FAR = datetime(2090, 1, 1, tzinfo=UTC)
"""When nothing of this test runs any more."""
BOTH = (0, 1)


def of_partner(n: int) -> str:
    """Return the mark of a partner's rows."""
    return f"of-partner-{n}."


def of_advertiser(n: int) -> str:
    """Return the mark of an advertiser's rows."""
    return f"of-advertiser-{n}."


@dataclass(frozen=True)
class Party:
    """One of the four, and what would be foreign to it."""

    name: str
    role: Role
    asker: Asker
    own_mark: str
    foreign_mark: str
    id_field: str
    foreign_id: int
    key: str

    def opens(self, operations: list[Operation]) -> list[Operation]:
        """Return the operations whose scope the party holds; what becomes of the others is another test's."""
        held = {ANYBODY, *ROLE_SCOPES[self.role]}
        return [one for one in operations if {one.needs, one.or_needs or one.needs} & held]

    def foreign_in(self, answer: Any) -> list[str]:
        """Return what an answer shows of the other one."""
        found = [self.foreign_mark] if self.foreign_mark in answer.text else []
        if answer.headers.get("content-type") == "application/json":
            found += [f"{self.id_field}={self.foreign_id}" for _ in _naming(answer.json(), self)]
        return found


def _naming(value: Any, party: Party) -> Iterator[None]:
    if isinstance(value, dict):
        if value.get(party.id_field) == party.foreign_id:
            yield None
        for inner in value.values():
            yield from _naming(inner, party)
    elif isinstance(value, list):
        for inner in value:
            yield from _naming(inner, party)


@dataclass(frozen=True)
class Event:
    """A row of the event store that can be asked for by its id."""

    kind: Literal["click", "impression", "conversion", "message"]
    id: str
    mark: str
    """Of its partner and its advertiser."""


@dataclass(frozen=True)
class Network:
    """The parties, and ids that exist or nearly do."""

    parties: tuple[Party, ...]
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    events: tuple[Event, ...]
    entries: dict[type, list[int]]
    """Ids by kind."""

    def of(self, *kinds: str) -> list[str]:
        """Return the ids of every event of some kinds."""
        return [event.id for event in self.events if event.kind in kinds]


def build(web: Web, store: Any) -> Network:
    """Make the network: every kind of row, of both partners and both advertisers."""
    partners = [web.partner(email=f"{of_partner(n)}x@example.com", company=of_partner(n)) for n in BOTH]
    advertisers = [web.advertiser() for _ in BOTH]
    made = _Making(web)
    events: list[Event] = []
    for n in BOTH:
        other = web.user("partner", partner_id=partners[n], name=of_partner(n))
        made.ids.add(other["id"])
        made.add(_key(f"{of_partner(n)}", f"pk{n}00000", partner_id=partners[n], role="partner"))
        made.add(_key(f"{of_advertiser(n)}", f"ak{n}00000", advertiser_id=advertisers[n], role="advertiser"))
    for m in BOTH:
        public = made.add(_offer(f"{of_advertiser(m)} public", advertisers[m]))
        made.terms(public, of_advertiser(m))
        for n in BOTH:
            mark = f"{of_partner(n)} {of_advertiser(m)}"
            offer = made.add(_offer(f"{mark} private", advertisers[m], visibility="private"))
            made.add(OfferAccess(offer_id=offer, partner_id=partners[n], status="approved", note=mark))
            made.terms(offer, mark)
            for each in (public, offer):
                made.of_both(each, partners[n], mark, f"p{n}a{m}o{each}")
                # A private offer's name bears its partner's mark, so nobody else has conversions of it here.
                other = (partners[1 - n], f"{of_partner(1 - n)} {of_advertiser(m)}")
                beside = other if each == public else None
                events += _put_events(store, each, partners[n], advertisers[m], mark, beside)
        made.add(_hook(of_advertiser(m), advertiser_id=advertisers[m]))
    for n in BOTH:
        made.add(_hook(of_partner(n), partner_id=partners[n]))
        made.fraud(partners[n], of_partner(n))
        made.keeps("partner", of_partner(n), partner_id=partners[n])
        made.keeps("advertiser", of_advertiser(n), advertiser_id=advertisers[n])
    made.ids |= {*partners, *advertisers}
    parties = tuple(_parties(web, partners, advertisers))
    made.entries |= {Partner: partners, Advertiser: advertisers}
    return Network(parties, tuple(sorted(made.ids)), tuple(made.texts), tuple(events), made.entries)


def _parties(web: Web, partners: list[int], advertisers: list[int]) -> Iterator[Party]:
    kinds: tuple[tuple[Role, list[int], Any], ...] = (
        ("partner", partners, of_partner),
        ("advertiser", advertisers, of_advertiser),
    )
    for role, ids, mark in kinds:
        for n in BOTH:
            id_field = f"{role}_id"
            key = web.key(role=role, name=mark(n), **{id_field: ids[n]})
            others = mark(1 - n), id_field, ids[1 - n]
            yield Party(f"{role} {n}", role, web.holding(key), mark(n), *others, key)


class _Making:
    """Stores entries and remembers how to ask for them."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.ids: set[int] = set()
        self.texts: list[str] = ["x"]
        self.entries: dict[type, list[int]] = {}

    def add(self, entry: Any) -> int:
        entry_id = self._web._stored(entry)
        self.ids.add(entry_id)
        self.entries.setdefault(type(entry), []).append(entry_id)
        return entry_id

    def terms(self, offer: int, mark: str) -> None:
        self.add(Goal(offer_id=offer, code=f"goal{offer}", name=mark, payout=Decimal(1), revenue=Decimal(2)))
        self.add(LandingPage(offer_id=offer, name=mark, url="https://shop.example/"))
        self.add(Creative(offer_id=offer, name=mark, url="https://shop.example/b.png"))
        self.add(Cap(offer_id=offer, kind="click", period="day", amount=Decimal(5)))

    def of_both(self, offer: int, partner: int, mark: str, code: str) -> None:
        plain = mark.replace(" ", "")
        self.add(Link(code=code, partner_id=partner, offer_id=offer, parameters={"sub1": mark}))
        self.add(Coupon(offer_id=offer, partner_id=partner, code=plain[:60]))
        self.add(PayoutOverride(offer_id=offer, partner_id=partner, payout=Decimal(3)))
        self.add(Cap(offer_id=offer, partner_id=partner, kind="click", period="day", amount=Decimal(7)))
        self.texts.append(code)

    def fraud(self, partner: int, mark: str) -> None:
        whose = {"partner_id": partner}
        self.add(FraudRuleEntry(code="ip_velocity", settings={"per_minute": 50}, note=mark, **whose))
        self.add(PartnerMark(mark="fraud", note=mark, actor="user:1", **whose))
        # Two, so that each may be brought to another state.
        for n in BOTH:
            said = Dispute(conversion_id=f"{mark}{n}", opened_by=f"key:{mark}", opened_by_partner=True, **whose)
            dispute = self.add(said)
            told = {"dispute_id": dispute, "actor": f"key:{mark}", "text": mark}
            self.add(DisputeEvent(by_partner=True, state="open", **told))
            self.add(DisputeEvent(by_partner=False, internal=True, **told))

    def keeps(self, role: Role, mark: str, **whose: int) -> None:
        owned = {"owner": f"key:{mark}", "role": role, **whose}
        query = {"range": "last_7_days", "metrics": ["clicks"], "filters": [{"dimension": "sub1", "value": mark}]}
        report = self.add(SavedReport(name=mark, query=query, **owned))
        # Shared as widely as can be: with its own side, and with nobody of the others.
        for reader in ("partner", "advertiser"):
            with self._web.app.state.programs.writing() as session:
                session.add(SavedReportReader(report_id=report, reader=f"role:{reader}"))
        metric = f"metric_{role}_{report}"
        self.add(CustomMetric(name=metric, formula="clicks", unit="count", help=mark, **owned))
        self.texts.append(metric)
        when = {"every": "day", "at": "06:00", "timezone": "UTC", "format": "csv", "next_at": FAR}
        url = f"https://hooks.example/{mark}"
        self.add(ReportSchedule(report_id=report, target="webhook", url=url, **when, **owned))


def _offer(name: str, advertiser: int, visibility: str = "public") -> Offer:
    return Offer(
        name=name,
        advertiser_id=advertiser,
        status="active",
        visibility=visibility,
        destination="https://shop.example/?c={click_id}",
        currency="USD",
        payout=Decimal(1),
        revenue=Decimal(2),
        default_status="approved",
        deep_link_hosts=[],
        allow_override=False,
        fallback_url="",
    )


def _hook(mark: str, **whose: int) -> Hook:
    url = f"https://hooks.example/{mark}"
    return Hook(name=mark, kind="webhook", statuses=["approved"], method="POST", url=url, **whose)


def _key(name: str, prefix: str, **whose: Any) -> ApiKey:
    return ApiKey(name=name, prefix=prefix, secret_hash="0" * 64, scopes=[], **whose)


def _put_events(
    store: Any, offer: int, partner: int, advertiser: int, mark: str, beside: tuple[int, str]
) -> list[Event]:
    """Put what happened between a partner and an advertiser into the event store: a row of each table.

    Args:
        store: The event store.
        offer: Of all of it.
        partner: Whose click, impression and conversion these are.
        advertiser: Of the offer.
        mark: Of both.
        beside: Another partner, whose conversion hangs on the same click, and the mark of that; None for nobody.

    """
    millis = int(DAY.timestamp() * 1000)
    key = f"{partner}-{offer}"
    click, seen = (KEYS.mint(millis, offer) for _ in range(2))
    row = {"ts": millis, "offer_id": offer, "partner_id": partner, "advertiser_id": advertiser}
    event = {**row, "sub1": mark, "country": "DE", "verdict": "valid"}
    converted = {
        **event,
        "conversion_id": f"web-c-{key}",
        "click_id": click,
        "click_ts": millis,
        "status": "approved",
        "currency": "USD",
        "txn_id": mark,
        "payout": Decimal(1),
        "revenue": Decimal(2),
        "change_seq": 1,
        "changed_at": millis,
    }
    conversions = [converted]
    if beside is not None:
        partner_id, sub1 = beside
        theirs = {"partner_id": partner_id, "sub1": sub1, "txn_id": sub1, "conversion_id": f"web-o-{key}"}
        conversions.append(converted | theirs | {"attribution": "coupon"})
    attempts = [_attempt(one) for one in conversions]
    refused = {"ts": millis, "rejected_id": f"web-r-{key}", "click_id": click, "raw": mark.encode(), "reason": "x"}
    for table, rows in (
        ("clicks", [{**event, "click_id": click}]),
        ("impressions", [{**event, "click_id": seen}]),
        ("conversions", conversions),
        ("conversion_changes", conversions),
        ("outbound_attempts", attempts),
        ("rejected", [refused]),
    ):
        insert(store, table, rows_table(table, rows), f"web-property-{table}-{key}")
    return [
        Event("click", click, mark),
        Event("impression", seen, mark),
        *(Event("conversion", one["conversion_id"], one["sub1"]) for one in conversions),
        *(Event("message", one["message_id"], one["url"]) for one in attempts),
    ]


def _attempt(conversion: dict[str, Any]) -> dict[str, Any]:
    """Return the try to tell a partner of its conversion."""
    kept = ("ts", "offer_id", "partner_id", "advertiser_id", "conversion_id")
    mark = conversion["sub1"]
    return {
        **{name: conversion[name] for name in kept},
        "message_id": f"1_{conversion['conversion_id']}_{conversion['changed_at']}000",
        "attempt": 1,
        "hook_partner_id": conversion["partner_id"],
        "url": mark,
        "hook_kind": "postback",
        "method": "GET",
        "outcome": "delivered",
        "response_body": mark,
    }
