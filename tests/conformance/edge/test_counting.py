"""Counting in Redis and counting alone give the same answers: one suite for both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.counting import (
    ADMITTED,
    FULL,
    NOON,
    OVER_CAP,
    REPEATED,
    SECRET,
    SENT_AWAY,
    ask,
    ask_together,
    clicks,
    client,
)
from tests.support.offers import offer
from tracker.edge.counting import Admission, Counting
from tracker.routes import CapRoute, DuplicateRoute

DAY_MS = 86_400_000
Asking = Callable[[Counting], Awaitable[Any]]


@pytest.fixture(params=["redis", "alone"])
def counted(request: pytest.FixtureRequest) -> Callable[[Asking], Any]:
    """Run questions against a new counting, by the implementation of the parameter."""
    if request.param == "alone":
        return lambda asking: asyncio.run(_run(asking, None))
    request.getfixturevalue("valkey")
    socket = request.getfixturevalue("valkey_socket")
    return lambda asking: asyncio.run(_run(asking, socket))


async def _run(asking: Asking, socket: Any) -> Any:
    redis = client(socket) if socket else None
    counting = Counting(redis, SECRET)
    try:
        return await asking(counting)
    finally:
        assert counting.degraded == (redis is None)
        await counting.stop()
        if redis is not None:
            await redis.aclose()


def test_a_hard_cap_admits_its_amount(counted):
    capped = offer(caps=(clicks(3),))

    async def five(counting):
        return [await ask(counting, capped) for _ in range(5)]

    assert counted(five) == [ADMITTED] * 3 + [FULL] * 2


def test_of_many_clicks_at_one_moment_a_hard_cap_admits_its_amount_in_their_order(counted):
    capped = offer(caps=(clicks(30),))
    assert counted(lambda c: ask_together(c, capped, 100)) == [ADMITTED] * 30 + [FULL] * 70


def test_a_soft_cap_marks_and_refuses_nothing(counted):
    capped = offer(caps=(clicks(2, hard=False),))
    assert counted(lambda c: ask_together(c, capped, 4)) == [ADMITTED] * 2 + [OVER_CAP] * 2


@pytest.mark.parametrize(("amount", "admits"), [("0", 0), ("0.9", 0), ("2.5", 2), ("2.000000", 2)])
def test_clicks_are_whole(counted, amount, admits):
    capped = offer(caps=(clicks(amount),))
    assert counted(lambda c: ask_together(c, capped, 4)) == [ADMITTED] * admits + [FULL] * (4 - admits)


def test_a_click_that_one_cap_refuses_takes_of_no_other(counted):
    narrow, wide = clicks(1, id=1), clicks(3, id=2)

    async def asking(counting):
        both = [await ask(counting, offer(caps=(wide, narrow))) for _ in range(5)]
        return both, [await ask(counting, offer(caps=(wide,))) for _ in range(3)]

    both, after = counted(asking)
    assert both == [ADMITTED] + [FULL] * 4
    assert after == [ADMITTED] * 2 + [FULL]


def test_a_click_beyond_a_soft_cap_counts_towards_it_and_the_others(counted):
    caps = (clicks(1, id=1, hard=False), clicks(2, id=2))
    assert counted(lambda c: ask_together(c, offer(caps=caps), 3)) == [ADMITTED, OVER_CAP, FULL]


def test_looking_takes_nothing(counted):
    watched = offer(caps=(clicks(1),), duplicates=DuplicateRoute("trafficback", "ip", 60))

    async def asking(counting):
        looks = [await ask(counting, watched, count=False) for _ in range(3)]
        first = await ask(counting, watched)
        return [*looks, first, await ask(counting, watched, count=False)]

    assert counted(asking) == [ADMITTED] * 4 + [FULL]


def test_looking_sees_a_repetition(counted):
    watched = offer(duplicates=DuplicateRoute("trafficback", "ip", 60))

    async def asking(counting):
        return [await ask(counting, watched, count=count) for count in (False, True, False, True)]

    assert counted(asking) == [ADMITTED, ADMITTED, SENT_AWAY, SENT_AWAY]


def test_every_partner_has_a_cap_for_itself(counted):
    capped = offer(caps=(clicks(1, each_partner=True),))

    async def asking(counting):
        return [await ask(counting, capped, partner=partner) for partner in (1, 2, 1, 2)]

    assert counted(asking) == [ADMITTED, ADMITTED, FULL, FULL]


def test_a_partners_cap_concerns_nobody_else(counted):
    capped = offer(caps=(clicks(1, partner_id=2),))

    async def asking(counting):
        return [await ask(counting, capped, partner=partner) for partner in (1, 2, 1, 2)]

    assert counted(asking) == [ADMITTED, ADMITTED, ADMITTED, FULL]


@pytest.mark.parametrize(("period", "again_in_days"), [("day", 1), ("week", 7), ("month", 10), ("total", None)])
def test_a_cap_counts_anew_in_its_next_period(counted, period, again_in_days):
    capped = offer(caps=(clicks(1, period),))
    days = (0, 0, 1, 7, 10, 400)

    async def asking(counting):
        return [await ask(counting, capped, at=NOON + day * DAY_MS) for day in days]

    expected = [ADMITTED, FULL]
    periods = {"day": [0, 1, 7, 10, 400], "week": [0, 7, 400], "month": [0, 10, 400], "total": [0]}[period]
    expected += [ADMITTED if day in periods else FULL for day in days[2:]]
    assert counted(asking) == expected
    assert again_in_days is None or again_in_days in periods


def test_a_day_begins_at_the_caps_own_midnight(counted):
    capped = offer(caps=(clicks(1, timezone="Pacific/Auckland"),))
    midnight = 4_093_761_600_000  # 2099-09-23 00:00 there, 12:00 UTC

    async def asking(counting):
        return [await ask(counting, capped, at=midnight + ms) for ms in (-2, -1, 0, 1)]

    assert counted(asking) == [ADMITTED, FULL, ADMITTED, FULL]


def test_a_repetition_within_the_window_is_marked_and_counts(counted):
    watched = offer(caps=(clicks(3),), duplicates=DuplicateRoute("mark", "visitor", 60))

    async def asking(counting):
        return [await ask(counting, watched, at=NOON + s * 1000) for s in (0, 59, 60, 61)]

    assert counted(asking) == [ADMITTED, REPEATED, ADMITTED, FULL]


def test_a_repetition_that_is_sent_away_takes_of_no_cap(counted):
    watched = offer(caps=(clicks(2),), duplicates=DuplicateRoute("trafficback", "visitor", 60))

    async def asking(counting):
        return [await ask(counting, watched, ip=ip) for ip in ("a", "a", "b", "c")]

    assert counted(asking) == [ADMITTED, SENT_AWAY, ADMITTED, FULL]


def test_a_click_that_a_cap_refused_is_no_first_visit(counted):
    refused = offer(caps=(clicks(0),), duplicates=DuplicateRoute("trafficback", "ip", 60))
    opened = offer(duplicates=DuplicateRoute("trafficback", "ip", 60))

    async def asking(counting):
        return [await ask(counting, o) for o in (refused, opened, opened)]

    assert counted(asking) == [FULL, ADMITTED, SENT_AWAY]


@pytest.mark.parametrize(
    ("by", "repeats", "others"),
    [
        ("visitor", {}, [{"ip": "198.51.100.1"}, {"agent": "Other/1.0"}]),
        ("ip", {"agent": "Other/1.0"}, [{"ip": "198.51.100.1"}]),
        ("device_id", {"ip": "198.51.100.1"}, [{"device": "d2"}]),
        ("partner_click_id", {"ip": "198.51.100.1"}, [{"click": "c2"}]),
    ],
)
def test_each_policy_knows_a_visitor_by_its_own(counted, by, repeats, others):
    watched = offer(duplicates=DuplicateRoute("mark", by, 60))
    known = {"device": "d1", "click": "c1"}

    async def asking(counting):
        return [await ask(counting, watched, **(known | how)) for how in ({}, repeats, *others)]

    assert counted(asking) == [ADMITTED, REPEATED] + [ADMITTED] * len(others)


@pytest.mark.parametrize("by", ["visitor", "ip", "device_id", "partner_click_id"])
def test_who_cannot_be_known_is_no_repetition(counted, by):
    watched = offer(duplicates=DuplicateRoute("trafficback", by, 60))

    async def asking(counting):
        return [await ask(counting, watched, ip="", device="", click="") for _ in range(3)]

    assert counted(asking) == [ADMITTED] * 3


@pytest.mark.parametrize(("each_partner", "second"), [(False, REPEATED), (True, ADMITTED)])
def test_another_partners_click_is_a_repetition_unless_each_has_its_own(counted, each_partner, second):
    watched = offer(duplicates=DuplicateRoute("mark", "ip", 60, each_partner))

    async def asking(counting):
        return [await ask(counting, watched, partner=partner) for partner in (1, 2)]

    assert counted(asking) == [ADMITTED, second]


def test_another_offers_click_is_no_repetition(counted):
    policy = DuplicateRoute("mark", "ip", 60)

    async def asking(counting):
        return [await ask(counting, offer(id=number, duplicates=policy)) for number in (1, 2)]

    assert counted(asking) == [ADMITTED, ADMITTED]


def test_a_changed_cap_holds_from_the_next_click(counted):
    async def asking(counting):
        return [await ask(counting, offer(caps=(clicks(n),))) for n in (1, 1, 2, 2)]

    assert counted(asking) == [ADMITTED, FULL, ADMITTED, FULL]


def test_an_amount_nobody_can_read_limits_nothing(counted):
    capped = offer(caps=(CapRoute(1, "click", "day", "many"), CapRoute(2, "payout", "day", "NaN")))
    assert counted(lambda c: ask_together(c, capped, 3)) == [ADMITTED] * 3


def test_clicks_on_many_offers_at_one_moment_do_not_mix(counted):
    offers = [offer(id=n, caps=(clicks(n, id=n),)) for n in range(1, 8)]

    async def asking(counting):
        return await asyncio.gather(*[ask_together(counting, o, 8) for o in offers])

    answers: list[list[Admission]] = counted(asking)
    assert answers == [[ADMITTED] * n + [FULL] * (8 - n) for n in range(1, 8)]
