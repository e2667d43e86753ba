"""What a batch of postbacks comes to: each is applied to its conversion, priced, judged, held against caps.

Invariants: one after the other in the order they were received; whatever is wrong with one becomes a ``rejected``
row with its reason; what a conversion counts towards caps and steps is counted before the next one is looked at;
a self-test's conversion is decided like any other and counts nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from kernel.errors import ErrorKind
from tracker import caps
from tracker.conversion_life import apply, approved_by_hand, beyond_cap, held_by_rules
from tracker.conversion_state import ConversionState, adjustment_conversion_id, id_of
from tracker.errors import (
    CLICK_NOT_FOUND,
    CONVERSION_TOO_EARLY,
    CONVERSION_UNKNOWN,
    NOT_ATTRIBUTED,
    OFFER_UNKNOWN,
    OUTSIDE_WINDOW,
    TRANSITION_NOT_ALLOWED,
)
from tracker.events import OUR_OWN, Adjustment, Postback
from tracker.pipeline.conversion_quality import UNJUDGED, Qualities, count_followed
from tracker.pipeline.conversion_rows import KnownConversion, Owner, adjustment_row, conversion_row
from tracker.pipeline.counting import Bucket, Counts, cap_bucket, pipeline_caps, steps_bucket
from tracker.pipeline.entries import WaitingPostback
from tracker.rates import Rates
from tracker.routes import OfferRoute
from tracker.snapshot import Snapshot
from tracker.tariff import Terms, terms_for

Moved = tuple[OfferRoute, int, int]
"""Offer, partner and first receipt of a conversion that was decided on."""


def key_of(event: Postback | Adjustment) -> str:
    """Return the id of the conversion an event makes or changes."""
    return adjustment_conversion_id(event.adjustment_id) if isinstance(event, Adjustment) else id_of(event)


@dataclass(slots=True)
class Decided:
    """What a batch comes to."""

    done: list[int] = field(default_factory=list)
    """Inbox ids that are processed."""
    later: list[tuple[float, int]] = field(default_factory=list)
    """(next try in seconds since 1970, inbox id) of those that wait."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, ConversionState | None] = field(default_factory=dict)
    """What the conversions are now; None for one that an edge may know and that there is not."""
    moved: list[Moved] = field(default_factory=list)

    def reject(
        self, entry: WaitingPostback, event: Postback | Adjustment | None, kind: ErrorKind, detail: str
    ) -> None:
        """Keep an event that makes no conversion, with its reason."""
        row = {
            "rejected_id": entry.origin,
            "ts": entry.ts,
            "kind": "adjustment" if isinstance(event, Adjustment) else "postback",
            "reason": kind.code,
            "detail": detail,
        }
        if isinstance(event, Postback):
            row |= {
                "click_id": event.fields.click_id,
                "method": event.method,
                "ip": event.ip,
                "raw": event.raw,
            }
        else:
            row["raw"] = entry.body
        self.rejected.append(row)


class Decisions:
    """Decides the postbacks of a batch."""

    def __init__(
        self,
        snapshot: Snapshot,
        window_ms: int,
        known: dict[str, KnownConversion],
        qualities: Qualities = UNJUDGED,
    ) -> None:
        """Begin.

        Args:
            snapshot: The program.
            window_ms: How long after a click a conversion counts, unless its offer says otherwise.
            known: The conversions the batch may change, by id; those it makes are added.
            qualities: What fraud rules found on them.

        """
        self._qualities = qualities
        self._snapshot = snapshot
        self._window_ms = window_ms
        self._known = known
        self.rates = Rates(snapshot.base_currency, snapshot.rates)
        self.decided = Decided()

    def buckets(self, postbacks: Iterable[tuple[Postback, Owner | None]]) -> list[Bucket]:
        """Return all that these postbacks may count towards."""
        found: dict[Bucket, None] = {}
        for postback, new_owner in postbacks:
            before = self._known.get(key_of(postback))
            owner = before.owner if before else new_owner
            offer = self._snapshot.offers.get(owner.offer_id) if owner else None
            if owner is None or offer is None or owner.is_test:
                continue
            terms = self._terms(offer, owner, postback.fields.goal)
            found |= dict.fromkeys(
                _buckets(offer, owner, postback.fields.goal, terms, before.ts if before else postback.ts)
            )
        return list(found)

    def take(self, postback: Postback, new_owner: Owner | None, counts: Counts) -> None:
        """Decide one postback.

        Args:
            postback: The next one.
            new_owner: Whose conversion it is, unless it is known already; None when that was not found.
            counts: How much counts by now; changed by what is decided.

        Raises:
            ClickledgerError: why it makes and changes nothing.

        """
        key = id_of(postback)
        before = self._known.get(key)
        if before is not None and postback.source == "hold":
            self._store(key, postback, before.owner, before, apply(before.state, postback, _NO_TERMS))
            return
        owner = before.owner if before else new_owner
        if owner is None:
            raise _why_unknown(postback).error()
        offer = self._snapshot.offers.get(owner.offer_id)
        if offer is None:
            raise OFFER_UNKNOWN.error()
        if before is None:
            self._check_time(postback, owner, offer)
        elif postback.is_test and not owner.is_test:
            raise TRANSITION_NOT_ALLOWED.error("A self-test can't change a conversion that counts.")
        ts = before.ts if before else postback.ts
        terms = self._terms(offer, owner, postback.fields.goal)
        buckets = _buckets(offer, owner, postback.fields.goal, terms, ts)
        if before is None and terms.steps_period:
            so_far = counts.of(buckets[0], owner.partner_id).conversion
            terms = replace(terms, number=int(so_far) + 1)
        outcome, state = apply(before.state if before else None, postback, terms)
        if outcome == "refused":
            raise TRANSITION_NOT_ALLOWED.error()
        if not owner.is_test:
            owner, state = self._judged(postback, owner, before, state)
            state = self._within_caps(postback, owner, offer, counts, before, state)
            if before is not None and state == before.state:
                outcome = "duplicate"
            else:
                counts.change(buckets, owner.partner_id, ts, before.state if before else None, state)
                self.decided.moved.append((offer, owner.partner_id, ts))
        self._store(key, postback, owner, before, (outcome, state))

    def adjust(self, adjustment: Adjustment) -> None:
        """Book money that was added or taken by hand, unless it is booked already.

        Raises:
            decimal.InvalidOperation: its money isn't decimal.

        """
        key = adjustment_conversion_id(adjustment.adjustment_id)
        if key in self._known:
            return
        row = adjustment_row(key, adjustment, time.time_ns() // 1000)
        owner = Owner(row, "", adjustment.ts, "adjustment")
        state = ConversionState("approved", row["payout"], "", row["payout"], row["revenue"], row["currency"])
        self._known[key] = KnownConversion(state, adjustment.ts, row["change_seq"], owner)
        self.decided.rows.append(row)

    def _store(
        self,
        key: str,
        postback: Postback,
        owner: Owner,
        before: KnownConversion | None,
        result: tuple[str, ConversionState],
    ) -> None:
        outcome, state = result
        self.decided.states[key] = state
        if outcome == "duplicate":
            return
        # Grows with every change, also when clocks of two hosts disagree.
        change_seq = max(time.time_ns() // 1000, before.change_seq + 1 if before else 0)
        after = KnownConversion(state, before.ts if before else postback.ts, change_seq, owner)
        self._known[key] = after
        self.decided.rows.append(conversion_row(key, postback, after, outcome))

    def _judged(
        self, postback: Postback, owner: Owner, before: KnownConversion | None, state: ConversionState
    ) -> tuple[Owner, ConversionState]:
        """Return whose it is with its verdict, and its state after what follows; a person's approval stands."""
        if before is not None:
            return self._qualities.later(postback, owner, before.state, state), state
        owner, follows = self._qualities.first(postback, owner)
        if approved_by_hand(postback):
            return owner, state
        count_followed(follows)
        return owner, held_by_rules(state, follows)

    def _terms(self, offer: OfferRoute, owner: Owner, goal: str) -> Terms:
        partner = self._snapshot.partners.get(owner.partner_id)
        return terms_for(
            offer,
            goal,
            self.rates,
            partner_id=owner.partner_id,
            tier_id=partner.tier_id if partner else 0,
            country=str(owner.dimensions.get("country", "")),
        )

    def _check_time(self, postback: Postback, owner: Owner, offer: OfferRoute) -> None:
        if owner.attribution == "coupon":
            return
        window_ms = offer.attribution_window_s * 1000 or self._window_ms
        if owner.attribution == "view":
            window_ms = offer.view_window_s * 1000
            if not window_ms:
                raise NOT_ATTRIBUTED.error("The offer pays for no views; send the id of a click.")
        ctit_ms = postback.ts - owner.click_ms
        if ctit_ms > window_ms:
            raise OUTSIDE_WINDOW.error()
        # Without a shortest time, a click of a host whose clock is ahead is none too early.
        if offer.min_conversion_s and ctit_ms < offer.min_conversion_s * 1000:
            raise CONVERSION_TOO_EARLY.error()

    def _within_caps(
        self,
        postback: Postback,
        owner: Owner,
        offer: OfferRoute,
        counts: Counts,
        before: KnownConversion | None,
        state: ConversionState,
    ) -> ConversionState:
        """Reject or hold what begins to count now and goes beyond a cap, unless somebody approves it by hand."""
        if not state.counts or (before is not None and before.state.counts) or approved_by_hand(postback):
            return state
        ts = before.ts if before else postback.ts
        reached = []
        for cap in pipeline_caps(offer):
            if caps.counts(cap, owner.partner_id, postback.fields.goal):
                bucket = cap_bucket(offer, cap, ts)
                used = counts.of(bucket, owner.partner_id).of(cap.kind)
                more = counts.money(state, ts, bucket.currency).of(cap.kind)
                # What adds nothing goes beyond nothing.
                if more and used + more > Decimal(cap.amount):
                    reached.append(cap)
        return beyond_cap(state, hard=any(cap.hard for cap in reached)) if reached else state


_NO_TERMS = Terms("")
"""A release asks for no price."""


def _buckets(offer: OfferRoute, owner: Owner, goal: str, terms: Terms, ts: int) -> Sequence[Bucket]:
    """Return what a conversion counts towards; the steps' bucket first, if its price has steps."""
    steps = [steps_bucket(offer.id, goal, terms.steps_period, ts)] if terms.steps_period else []
    limits = [
        cap_bucket(offer, cap, ts) for cap in pipeline_caps(offer) if caps.counts(cap, owner.partner_id, goal)
    ]
    # A hard and a soft cap of the same kind count the same: it is counted once.
    return list(dict.fromkeys([*steps, *limits]))


def _why_unknown(postback: Postback) -> ErrorKind:
    if postback.source in OUR_OWN:
        return CONVERSION_UNKNOWN
    return CLICK_NOT_FOUND if postback.fields.click_id else NOT_ATTRIBUTED
