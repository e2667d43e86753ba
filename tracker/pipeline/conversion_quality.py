"""A conversion's quality: verdict, score, reasons and what follows from them, before it is first stored.

Invariants: self-tests, adjustments and what we send ourselves are never judged; the whole batch costs one
question to the store, and none when nothing in it is new; a rule that breaks is left out, so that no postback is
lost by it. A later postback finds only those reasons again that depend on what it changed; the rest stays, and
what once followed is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from fraud.conversions import (
    DEPEND_ON,
    Conversion,
    Follows,
    find,
    findings_of,
    shared,
    weigh,
)
from fraud.engine import guarded
from fraud.findings import Finding
from fraud.rules.book import Rulebook
from fraud.usual.conversions import NOTHING_USUAL, UsualConversions
from kernel.metrics import counter
from tracker.conversion_state import ConversionState, id_of
from tracker.events import OUR_OWN, Postback
from tracker.pipeline.conversion_facts import facts_of_conversion
from tracker.pipeline.conversion_rows import KnownConversion, Owner
from tracker.snapshot import Snapshot
from tracker.visitor import Place


class JudgedBy(NamedTuple):
    """What conversions are judged by."""

    book: Rulebook
    usual: UsualConversions


_BUILT_IN = JudgedBy(Rulebook.of(()), NOTHING_USUAL)
_NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Qualities:
    """What was found on the conversions of a batch."""

    in_force: JudgedBy = _BUILT_IN
    found: Mapping[int, list[Finding]] = field(default_factory=dict)
    """By id() of the postback; absent for what isn't judged."""

    def first(self, postback: Postback, owner: Owner) -> tuple[Owner, Follows]:
        """Return a new conversion's owner with its verdict, and what follows from it."""
        own = self.found.get(id(postback))
        if own is None:
            return owner, ""
        findings = {one.code: one for one in (*_stored(owner), *own)}
        return self._with(owner, list(findings.values()))

    def later(self, postback: Postback, owner: Owner, before: ConversionState, after: ConversionState) -> Owner:
        """Return the owner with its verdict after what a later postback changed."""
        changed = {
            code
            for name, codes in DEPEND_ON.items()
            if getattr(before, name) != getattr(after, name)
            for code in codes
        }
        if not changed or id(postback) not in self.found:
            return owner
        stored = _stored(owner)
        fresh = [one for one in self.found[id(postback)] if one.code in changed]
        findings = [one for one in stored if one.code not in changed] + fresh
        if sorted(findings) == sorted(stored):
            return owner
        return self._with(owner, findings)[0]

    def _with(self, owner: Owner, findings: list[Finding]) -> tuple[Owner, Follows]:
        percentile = int(owner.dimensions.get("model_score", 0))
        judged = weigh(findings, self.in_force.book, owner.partner_id, owner.offer_id, percentile)
        verdict, reasons, category, score = judged.judgement
        return replace(
            owner,
            dimensions={
                **owner.dimensions,
                "verdict": verdict,
                "fraud_reasons": list(reasons),
                "fraud_facts": list(judged.facts),
                "fraud_category": category,
                "fraud_score": score,
                "rules_version": self.in_force.book.version,
            },
        ), judged.follows


UNJUDGED = Qualities()


class ConversionQuality:
    """Examines batches of postbacks."""

    def __init__(
        self,
        store: Client,
        in_force: Callable[[], JudgedBy] = lambda: _BUILT_IN,
        place: Callable[[str], Place] = lambda _: _NOWHERE,
    ) -> None:
        """Keep what to ask.

        Args:
            store: The event store.
            in_force: Returns what conversions are judged by now.
            place: Returns where an address is; must not raise.

        """
        self._store = store
        self._in_force = in_force
        self._place = place

    def examine(
        self,
        postbacks: Iterable[tuple[Postback, Owner | None]],
        known: Mapping[str, KnownConversion],
        snapshot: Snapshot,
    ) -> Qualities:
        """Return what is found on the conversions that postbacks make or change.

        Args:
            postbacks: In the order they were received, with whose conversion each is unless it is known.
            known: The conversions that are stored, by id.
            snapshot: The program.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        events: list[Postback] = []
        batch: list[Conversion] = []
        for postback, new_owner in postbacks:
            before = known.get(id_of(postback))
            owner = before.owner if before else new_owner
            if owner is None or owner.is_test or postback.source in OUR_OWN:
                continue
            if before is None or _may_change(postback):
                events.append(postback)
                batch.append(facts_of_conversion(postback, owner, before, snapshot, self._place))
        if not batch:
            return Qualities(self._in_force())
        in_force = self._in_force()
        with_others = shared(self._store, batch)
        return Qualities(
            in_force,
            {
                id(postback): guarded("conversions", partial(find, one, having, in_force.usual, in_force.book), [])
                for postback, one, having in zip(events, batch, with_others, strict=True)
            },
        )


def count_followed(follows: Follows) -> None:
    """Count a conversion that rules held or rejected."""
    if follows:
        counter("clickledger_fraud_conversions_total", action=follows).n += 1


def _stored(owner: Owner) -> list[Finding]:
    """Return the reasons of the click, or of the conversion as it is stored."""
    dimensions = owner.dimensions
    return findings_of(dimensions.get("fraud_reasons") or (), dimensions.get("fraud_facts") or ())


def _may_change(postback: Postback) -> bool:
    fields = postback.fields
    named = (fields.amount, fields.currency, fields.customer_id, fields.coupon, fields.conversion_ip)
    return any(named)
