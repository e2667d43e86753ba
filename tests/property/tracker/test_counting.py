"""Whatever is asked in whatever order, counting decides as a model of a few lines does, in Redis and alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.counting import NOON, SECRET, client
from tests.support.offers import offer
from tests.support.valkey import valkey, valkey_socket
from tracker.edge.counting import Admission, Counting, VisitorAsk
from tracker.routes import CapRoute, DuplicateRoute, OfferRoute

__all__ = ["valkey", "valkey_socket"]

PARTNERS = (1, 2, 3)
caps = st.builds(
    CapRoute,
    id=st.integers(1, 4),
    kind=st.just("click"),
    period=st.sampled_from(["day", "week", "month", "total"]),
    amount=st.integers(0, 6).map(str),
    timezone=st.sampled_from(["UTC", "Pacific/Auckland", "America/St_Johns", "Europe/Berlin"]),
    hard=st.booleans(),
    partner_id=st.sampled_from([0, 0, 1]),
    each_partner=st.booleans(),
)
policies = st.builds(
    DuplicateRoute,
    action=st.sampled_from(["mark", "trafficback"]),
    by=st.sampled_from(["visitor", "ip", "device_id", "partner_click_id"]),
    window_s=st.sampled_from([60, 86_400]),
    each_partner=st.booleans(),
)
asks = st.tuples(
    st.integers(0, 1),
    st.sampled_from(PARTNERS),
    st.builds(VisitorAsk, *[st.sampled_from(["", "x", "x", "y"]) for _ in range(4)]),
    st.sampled_from([0, 0, 1, 59_999, 60_000, 3_600_000, 20_000_000, 300_000_000]),
    st.sampled_from([True, True, True, False]),
)


class Model:
    """Counts as a person would explain it."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[object, ...]] = Counter()
        self.seen: dict[tuple[object, ...], int] = {}

    def admit(self, offer: OfferRoute, partner: int, ask: VisitorAsk, now: int, count: bool) -> Admission:
        mine = [cap for cap in offer.caps if cap.partner_id in {0, partner}]
        full = [cap for cap in mine if self.taken[self._slot(cap, partner, now)] >= int(cap.amount)]
        if any(cap.hard for cap in full):
            return Admission("cap_click", duplicate=False, over_cap=False)
        again, visitor = False, self._visitor(offer, partner, ask)
        if visitor is not None:
            again = now < self.seen.get(visitor, now)
            if again and offer.duplicates.action == "trafficback":
                return Admission("duplicate", duplicate=True, over_cap=False)
            if count and not again:
                self.seen[visitor] = now + offer.duplicates.window_s * 1000
        if count:
            self.taken.update(self._slot(cap, partner, now) for cap in mine)
        return Admission("", again, bool(full))

    @staticmethod
    def _slot(cap: CapRoute, partner: int, now: int) -> tuple[object, ...]:
        day = datetime.fromtimestamp(now / 1000, ZoneInfo(cap.timezone)).date()
        first = {
            "day": day,
            "week": day - timedelta(days=day.weekday()),
            "month": day.replace(day=1),
            "total": None,
        }[cap.period]
        return cap.id, cap.period, first, partner if cap.each_partner else 0

    @staticmethod
    def _visitor(offer: OfferRoute, partner: int, ask: VisitorAsk) -> tuple[object, ...] | None:
        policy = offer.duplicates
        if policy is None:
            return None
        if policy.by == "visitor":
            who = (ask.ip, ask.user_agent) if ask.ip else None
        else:
            who = {"ip": ask.ip, "device_id": ask.device_id, "partner_click_id": ask.partner_click_id}[policy.by]
        return (offer.id, policy.by, partner if policy.each_partner else 0, who) if who else None


def _unique_ids(drawn: list[CapRoute]) -> tuple[CapRoute, ...]:
    return tuple({cap.id: cap for cap in drawn}.values())


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "redis"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    offered=st.tuples(*[st.tuples(st.lists(caps, max_size=3), st.none() | policies) for _ in range(2)]),
    together=st.lists(st.lists(asks, min_size=1, max_size=8), max_size=6),
)
def test_counting_decides_as_the_model_does(shared, offered, together, valkey, valkey_socket):
    valkey.flushall()
    # A cap belongs to one offer: the second's have ids of their own.
    offers = [
        offer(
            id=n + 1,
            caps=tuple(CapRoute(*[c.id + 10 * n, *list(_fields(c))[1:]]) for c in _unique_ids(drawn)),
            duplicates=policy,
        )
        for n, (drawn, policy) in enumerate(offered)
    ]

    async def run() -> tuple[list[Admission], list[Admission]]:
        redis = client(valkey_socket) if shared else None
        counting, model, now = Counting(redis, SECRET), Model(), NOON
        decided, expected = [], []
        for moment in together:
            calls = []
            for which, partner, who, later, count in moment:
                now += later
                calls.append((offers[which], partner, who, now, count))
            decided += await asyncio.gather(
                *[counting.admit(o, partner, who, at, count=count) for o, partner, who, at, count in calls]
            )
            expected += [model.admit(*call) for call in calls]
        await counting.stop()
        if redis is not None:
            await redis.aclose()
        return decided, expected

    decided, expected = asyncio.run(run())
    assert decided == expected


def _fields(cap: CapRoute) -> list[object]:
    return [getattr(cap, name) for name in cap.__struct_fields__]
