"""How much counts towards caps and step prices: read from the store for a batch, then carried along with it.

A bucket is what is counted together: an offer's conversions in a span of time, of one partner, of one goal or of
all. Conversions count in the span they were first received in, while they are approved, pending, or only waiting
for the end of their hold period; self-tests and adjustments never do. Money is counted in the offer's currency, at
the rate of the conversion's day; what has no rate can't be added up and is left out. What clicks and impressions
earned by themselves counts towards caps on money.

Invariant: on one pipeline the counts are exact, because the store holds all that was decided before a batch
begins, and within it every decision is counted before the next is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from tracker import caps
from tracker.conversion_state import ConversionState
from tracker.pipeline import sql
from tracker.rates import Rates, utc_day
from tracker.routes import CapRoute, OfferRoute
from tracker.tariff import END_OF_TIME, EVENT_MODELS, period_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together."""

    offer_id: int
    first_ms: int
    end_ms: int
    """The first millisecond that isn't in it any more."""
    partner_id: int = 0
    """0: everybody's."""
    goal: str | None = None
    """None: all goals together."""
    each_partner: bool = False
    """Counted for every partner apart."""
    currency: str = ""
    """What money is counted in."""
    events: str = ""
    """click or impression: what they earned by themselves counts, too."""

    def owner(self, partner_id: int) -> int:
        """Return under which partner an event of this partner is counted; 0 when all are together."""
        return partner_id if self.each_partner else 0


@dataclass(slots=True)
class Tally:
    """How much there is in a bucket."""

    conversion: Decimal = ZERO
    payout: Decimal = ZERO
    revenue: Decimal = ZERO

    def of(self, kind: str) -> Decimal:
        """Return the count that a kind of cap looks at."""
        return {"conversion": self.conversion, "payout": self.payout, "revenue": self.revenue}[kind]


def pipeline_caps(offer: OfferRoute) -> Iterator[CapRoute]:
    """Yield the caps of an offer that are not counted by the edge."""
    return (cap for cap in offer.caps if cap.kind not in caps.EDGE_KINDS)


def cap_bucket(offer: OfferRoute, cap: CapRoute, ts: int) -> Bucket:
    """Return what a cap counts in the period that a moment (milliseconds since 1970) lies in."""
    start, end = caps.period_start(cap, ts), caps.period_end(cap, ts)
    money = cap.kind != "conversion"
    by_event = EVENT_MODELS.get(offer.goals[""].tariff.model, "") if money and not cap.goal else ""
    return Bucket(
        offer.id,
        int(start.timestamp() * 1000) if start else 0,
        int(end.timestamp() * 1000) if end else END_OF_TIME,
        cap.partner_id,
        cap.goal,
        cap.each_partner and not cap.partner_id,
        offer.currency if money else "",
        by_event,
    )


def steps_bucket(offer_id: int, goal: str, period: str, ts: int) -> Bucket:
    """Return what a step price counts: every partner's conversions on a goal in a period of UTC."""
    first, end = period_of(period, ts)
    return Bucket(offer_id, first, end, goal=goal, each_partner=True)


class Counts:
    """The buckets of a batch, with all that the store holds of them and all that was decided since."""

    def __init__(self, store: Client, buckets: Iterable[Bucket], rates: Rates) -> None:
        """Read the buckets.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        self._rates = rates
        self.tallies: dict[tuple[Bucket, int], Tally] = {}
        """By bucket and partner, 0 where partners are counted together; none for nothing."""
        wanted = list(dict.fromkeys(buckets))
        if not wanted:
            return
        self._add(wanted, _ask(store, sql.CONVERSIONS_COUNTED, wanted))
        for event, statement in (("click", sql.CLICKS_PAID), ("impression", sql.IMPRESSIONS_PAID)):
            paid = [bucket for bucket in wanted if bucket.events == event]
            if paid:
                self._add(paid, _ask(store, statement, paid))

    def of(self, bucket: Bucket, partner_id: int) -> Tally:
        """Return the tally that an event of a partner belongs to; changing it counts."""
        return self.tallies.setdefault((bucket, bucket.owner(partner_id)), Tally())

    def money(self, state: ConversionState, ts: int, currency: str) -> Tally:
        """Return what one conversion counts, whatever its status.

        Args:
            state: With its money.
            ts: When it was first received: its day gives the rate.
            currency: What to count in, '' for no money.

        """
        if not currency:
            return Tally(Decimal(1))
        return Tally(
            Decimal(1),
            self._rates.convert(state.payout, state.currency, currency, utc_day(ts)) or ZERO,
            self._rates.convert(state.revenue, state.currency, currency, utc_day(ts)) or ZERO,
        )

    def change(
        self,
        buckets: Iterable[Bucket],
        partner_id: int,
        ts: int,
        before: ConversionState | None,
        after: ConversionState,
    ) -> None:
        """Count a decision: what the conversion counted before is taken away, what it counts now is added."""
        for bucket in buckets:
            tally = self.of(bucket, partner_id)
            for state, sign in ((before, -1), (after, 1)):
                if state is not None and state.counts:
                    one = self.money(state, ts, bucket.currency)
                    tally.conversion += sign * one.conversion
                    tally.payout += sign * one.payout
                    tally.revenue += sign * one.revenue

    def _add(self, buckets: Sequence[Bucket], rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            bucket = buckets[row["n"] - 1]
            tally = self.tallies.setdefault((bucket, row["owner"]), Tally())
            tally.conversion += row["number"]
            if bucket.currency:
                for name, sum_ in (("payout", row["payouts"]), ("revenue", row["revenues"])):
                    ours = self._rates.convert(sum_, row["currency"], bucket.currency, row["day"])
                    setattr(tally, name, getattr(tally, name) + (ours or ZERO))


def _ask(store: Client, statement: str, buckets: Sequence[Bucket]) -> list[dict[str, Any]]:
    """Return the rows of a question about buckets, which travel as parallel arrays."""
    answer = store.query_arrow(
        statement,
        parameters={
            "offers": [b.offer_id for b in buckets],
            "firsts": [b.first_ms for b in buckets],
            "ends": [b.end_ms for b in buckets],
            "partners": [b.partner_id for b in buckets],
            "every_goal": [int(b.goal is None) for b in buckets],
            "goals": [b.goal or "" for b in buckets],
            "each": [int(b.each_partner) for b in buckets],
            "first": min(b.first_ms for b in buckets),
        },
        use_strings=True,
    )
    rows: list[dict[str, Any]] = answer.to_pylist()
    return rows
