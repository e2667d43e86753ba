"""From what rules speak of to what is blocked: which things, for which partner and offer, until when.

Invariants: a label is blocked for the partner that wrote it alone, since another's label of the same text is
another source; the place of the rule entry that says ``block`` is the place of the block; no private address is
ever blocked and no network with a trusted proxy in it, or one wrong rule would lock everybody out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from fraud.entries import BlockWhat, RuleEntry
from fraud.rules import Rulebook
from fraud.rules.catalogue import RULES, SCORE
from kernel.clickhouse.client import ReaderPool
from partners.models import BlockKind
from tracker.fraud_blocks import sql

Networks: TypeAlias = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]

_NEVER: Final = 101
"""A score that no event has."""
_LABELS: Final = frozenset({"source", "sub1"})
_KINDS: Final[Mapping[BlockWhat, BlockKind]] = {
    "source": "source",
    "sub1": "sub1",
    "partner": "partner",
    "prefix": "network",
    "address": "network",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """What the blocklist can hold one entry of."""

    kind: BlockKind
    value: str
    offer_id: int
    """0: on every offer."""
    partner_id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Why and how long a thing is to be blocked."""

    thing: Thing
    code: str
    minutes: int
    events: int
    last: datetime
    """When the newest event came that the rule speaks of."""

    @property
    def until(self) -> datetime:
        """When the block ends."""
        return self.last + timedelta(minutes=self.minutes)


def blocking(book: Rulebook) -> tuple[RuleEntry, ...]:
    """Return the entries that block."""
    return tuple(entry for entry in book.entries if entry.action == "block")


def find(readers: ReaderPool, book: Rulebook, since: datetime, trusted: Networks) -> list[Wanted]:
    """Return what the rules of a book would block for events since a moment, most events first; blocks.

    Raises:
        DriverError, OSError: the event store is away.

    """
    entries = blocking(book)
    found: list[Wanted] = []
    with readers.reader() as client:
        for what in sorted({entry.block for entry in entries if entry.block}):
            codes = {entry.code for entry in entries if entry.block == what}
            for table, subjects in _TABLES.items():
                asked = sorted(code for code in codes if RULES[code].subject in subjects)
                score = _least_score(book) if SCORE in codes else _NEVER
                if not asked:
                    continue
                parameters = {"since": since, "codes": [c for c in asked if c != SCORE], "score": score}
                answer = client.query(sql.found(table, what), parameters=parameters)
                rows = (dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows)
                found += _wanted(rows, what, book, trusted)
    return merged(found)


def merged(found: Iterable[Wanted]) -> list[Wanted]:
    """Return each thing once, as long as any rule wants it blocked; those of the most events first."""
    longest: dict[Thing, Wanted] = {}
    for one in found:
        known = longest.get(one.thing)
        if known is None or one.until > known.until:
            longest[one.thing] = one
    return sorted(longest.values(), key=lambda one: (-one.events, one.thing.kind, one.thing.value))


def _wanted(
    rows: Iterable[Mapping[str, Any]], what: BlockWhat, book: Rulebook, trusted: Networks
) -> Iterable[Wanted]:
    for row in rows:
        code, partner_id, offer_id = row["code"], row["partner_id"], row["offer_id"]
        resolved = book.resolve(code, partner_id, offer_id)
        action = resolved.action
        if action.action != "block" or action.block != what or not resolved.enabled:
            continue
        if code == SCORE and row["score"] < getattr(resolved.settings, "threshold", _NEVER):
            continue
        thing = _thing(what, row["value"], partner_id, _speaker(book, code, partner_id, offer_id), trusted)
        if thing is not None:
            yield Wanted(thing, code, action.minutes, row["events"], row["last"].replace(tzinfo=UTC))


def _thing(what: BlockWhat, value: str, partner_id: int, speaker: RuleEntry, trusted: Networks) -> Thing | None:
    """Return what to block; None for what must never be."""
    kind = _KINDS[what]
    if kind == "network":
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return None
        if not network.is_global or any(
            one.version == network.version and one.overlaps(network) for one in trusted
        ):
            return None
        value = str(network)
    if what == "partner":
        return Thing(kind, value, speaker.offer_id, 0)
    return Thing(kind, value, speaker.offer_id, partner_id if what in _LABELS else speaker.partner_id)


def _speaker(book: Rulebook, code: str, partner_id: int, offer_id: int) -> RuleEntry:
    """Return the entry that has the last word about what follows."""
    places = {(one.partner_id, one.offer_id): one for one in book.entries if one.code == code and one.action}
    road = ((partner_id, offer_id), (partner_id, 0), (0, offer_id), (0, 0))
    return next(places[place] for place in road if place in places)


def _least_score(book: Rulebook) -> int:
    places = {(0, 0), *((one.partner_id, one.offer_id) for one in book.entries if one.code == SCORE)}
    return min(getattr(book.settings(SCORE, *place), "threshold", _NEVER) for place in places)


_TABLES: Final[Mapping[sql.Table, frozenset[str]]] = {
    "clicks": frozenset({"request", "click", "score"}),
    "conversions": frozenset({"conversion", "score"}),
}
"""Where each rule's subject is found: a conversion repeats its click's reasons, which were seen with the click."""
