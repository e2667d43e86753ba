"""What counting a click takes: the caps it belongs to at this moment, and the key of its duplicate policy.

Invariants: a plan holds for one offer as published, one partner and one moment's periods, and is made anew
when any of them changes; a visitor's address and labels are nowhere but in a keyed hash. What is counted
under one key is one ``CapCount``, shared by all plans that count it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from tracker import caps
from tracker.routes import CapRoute, DuplicateRoute, OfferRoute

MOST_COUNTS = 10_000
"""Counts a worker knows, the latest used; some 4 MB. One it forgot it learns from Redis with the next click."""
MOST_PLANS = 10_000
_NEVER = -math.inf


class VisitorAsk(NamedTuple):
    """Who clicks, as far as a duplicate policy may ask. '' for what isn't known."""

    ip: str
    user_agent: str
    device_id: str
    """idfa or gaid."""
    partner_click_id: str


class Admission(NamedTuple):
    """What counting says to a click."""

    reason: str
    """'' when it is admitted, else cap_click, cap_conversion, cap_payout, cap_revenue or duplicate."""
    duplicate: bool
    """A repetition by the offer's duplicate policy, admitted or not."""
    over_cap: bool
    """Admitted beyond a soft cap."""


@dataclass(slots=True, eq=False)
class CapCount:
    """One count: what Redis said last, and what this worker took without it."""

    key: str
    expires_at: int
    """Milliseconds since 1970; 0 for never."""
    is_clicks: bool
    """Counted by the edge; else set by the pipeline and only read here."""
    shared: float = 0
    """As Redis said last; with what is on its way there."""
    alone: int = 0
    """Taken since, while Redis was away."""
    read_at: float = _NEVER
    """``time.monotonic()`` of the last word from Redis."""
    used_at: float = _NEVER
    """``time.monotonic()`` of the last click that asked."""


class PlannedCap(NamedTuple):
    """A cap that a click has to pass."""

    counted: CapCount
    amount: float
    """Full from this count on."""
    hard: bool
    reason: str


@dataclass(slots=True, eq=False)
class Plan:
    """All that counting one click means."""

    offer: OfferRoute
    since: float
    until: float
    """Milliseconds since 1970 between which the periods stay these."""
    caps: tuple[PlannedCap, ...]
    has_click_caps: bool
    duplicates: DuplicateRoute | None
    window_ms: int
    sends_duplicates_away: bool


class Plans:
    """Plans and counts by offer, partner and moment; both forgotten when they are too many."""

    def __init__(self, secret: bytes) -> None:
        self._key = blake2b(secret, digest_size=32, person=b"duplicate key").digest()
        self._plans: dict[tuple[int, int], Plan] = {}
        self.counts: OrderedDict[str, CapCount] = OrderedDict()
        """The latest used last."""
        self._most_counts = MOST_COUNTS

    def plan(self, offer: OfferRoute, partner_id: int, now_ms: int) -> Plan:
        """Return what a click of this partner on this offer has to pass now."""
        known = self._plans.get((offer.id, partner_id))
        if known is not None and known.offer is offer and known.since <= now_ms < known.until:
            return known
        if len(self._plans) >= MOST_PLANS or len(self.counts) >= self._most_counts:
            self._forget()
        mine = [cap for cap in offer.caps if cap.partner_id in {0, partner_id}]
        starts = [start for cap in mine if (start := caps.period_start(cap, now_ms))]
        ends = [end for cap in mine if (end := caps.period_end(cap, now_ms))]
        policy = offer.duplicates
        plan = Plan(
            offer,
            max((start.timestamp() * 1000 for start in starts), default=-math.inf),
            min((end.timestamp() * 1000 for end in ends), default=math.inf),
            tuple(self._planned(cap, partner_id, now_ms) for cap in mine),
            any(cap.kind in caps.EDGE_KINDS for cap in mine),
            policy,
            max(policy.window_s, 1) * 1000 if policy else 0,
            policy is not None and policy.action == "trafficback",
        )
        self._plans[offer.id, partner_id] = plan
        return plan

    def used(self, count: CapCount) -> None:
        """Note that a count was used just now."""
        if count.key in self.counts:
            self.counts.move_to_end(count.key)

    def duplicate_key(self, plan: Plan, partner_id: int, ask: VisitorAsk) -> str:
        """Return the key under which a click's repetitions are known; '' when it can't be repeated."""
        policy = plan.duplicates
        if policy is None:
            return ""
        if policy.by == "visitor":
            who = f"{ask.ip}\0{ask.user_agent}" if ask.ip else ""
        elif policy.by == "ip":
            who = ask.ip
        else:
            who = ask.device_id if policy.by == "device_id" else ask.partner_click_id
        if not who:
            return ""
        owner = partner_id if policy.each_partner else 0
        text = f"{plan.offer.id}\0{owner}\0{policy.by}\0{who}".encode("utf-8", "surrogatepass")
        return f"clickledger:dup:{blake2b(text, digest_size=16, key=self._key).hexdigest()}"

    def _planned(self, cap: CapRoute, partner_id: int, now_ms: int) -> PlannedCap:
        key = caps.key(cap, partner_id, now_ms)
        count = self.counts.get(key)
        if count is None:
            count = CapCount(key, caps.expires_at_ms(cap, now_ms), cap.kind in caps.EDGE_KINDS)
            self.counts[key] = count
        return PlannedCap(count, _amount(cap), cap.hard, f"cap_{cap.kind}")

    def _forget(self) -> None:
        """Let go of the plans, which are made again, and of the older half of the counts."""
        self._plans.clear()
        for count in list(self.counts.values())[: len(self.counts) // 2]:
            # What Redis was not told yet is known nowhere else.
            if not count.alone:
                del self.counts[count.key]
        owed = sum(count.alone > 0 for count in self.counts.values())
        self._most_counts = max(MOST_COUNTS, 2 * owed)


def _amount(cap: CapRoute) -> float:
    try:
        amount = Decimal(cap.amount)
        # Clicks are whole: with 10.5 allowed, ten are.
        return int(amount) if cap.kind in caps.EDGE_KINDS else float(amount)
    except (ArithmeticError, ValueError):
        return math.inf  # the program's schemas admit no such amount; a click is not lost over one
