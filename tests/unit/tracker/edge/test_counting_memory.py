"""What counting keeps in a worker's memory: bounded, shared between plans, made anew when the program changes."""

from __future__ import annotations

import asyncio

from tests.support.counting import NOON, REPEATED, SECRET, ask, clicks
from tests.support.offers import offer
from tracker.edge import counting_alone, counting_plan
from tracker.edge.counting import Counting, VisitorAsk
from tracker.edge.counting_plan import Plans
from tracker.routes import DuplicateRoute


def test_a_plan_is_used_again_until_offer_or_period_change():
    plans, capped = Plans(SECRET), offer(caps=(clicks(1),))
    first = plans.plan(capped, 1, NOON)
    assert plans.plan(capped, 1, NOON + 1) is first
    tomorrow = plans.plan(capped, 1, NOON + 86_400_000)
    assert tomorrow.caps[0].counted is not first.caps[0].counted
    assert plans.plan(capped, 1, NOON).caps[0].counted is first.caps[0].counted
    assert plans.plan(offer(caps=(clicks(2),)), 1, NOON).caps[0].amount == 2


def test_partners_share_the_count_of_a_cap_that_is_for_all():
    plans, capped = Plans(SECRET), offer(caps=(clicks(1, id=1), clicks(1, id=2, each_partner=True)))
    one, two = plans.plan(capped, 1, NOON), plans.plan(capped, 2, NOON)
    assert one.caps[0].counted is two.caps[0].counted
    assert one.caps[1].counted is not two.caps[1].counted


def test_counts_are_forgotten_when_they_are_too_many_but_not_what_redis_was_not_told(monkeypatch):
    monkeypatch.setattr(counting_plan, "MOST_COUNTS", 10)
    plans, capped = Plans(SECRET), offer(caps=(clicks(5, each_partner=True),))
    owed = plans.plan(capped, 1, NOON).caps[0].counted
    owed.alone = 1
    for partner in range(2, 500):
        plans.plan(capped, partner, NOON)
        assert len(plans.counts) <= 10
    assert plans.plan(capped, 1, NOON).caps[0].counted is owed


def test_the_oldest_visitors_are_forgotten_when_they_are_too_many(monkeypatch):
    monkeypatch.setattr(counting_alone, "REMEMBERED_VISITORS", 3)
    watched, counting = offer(duplicates=DuplicateRoute("mark", "ip", 60)), Counting(None, SECRET)

    async def asking():
        for n in range(4):
            await ask(counting, watched, ip=f"ip{n}")
        return [await ask(counting, watched, ip=f"ip{n}", count=False) for n in range(4)]

    first, *others = asyncio.run(asking())
    assert not first.duplicate
    assert others == [REPEATED] * 3
    assert len(counting._memory.to_tell) == 3


def test_a_duplicates_key_shows_nothing_of_the_visitor_and_depends_on_the_secret():
    plan_of = {secret: Plans(secret) for secret in (b"one", b"two")}
    watched, visitor = offer(duplicates=DuplicateRoute("mark", "ip", 60)), VisitorAsk("203.0.113.9", "UA", "", "")
    keys = {s: plans.duplicate_key(plans.plan(watched, 1, NOON), 1, visitor) for s, plans in plan_of.items()}
    assert keys[b"one"] != keys[b"two"]
    assert all(
        key.startswith("clickledger:dup:") and "203" not in key[:19] and len(key) == 48 for key in keys.values()
    )
