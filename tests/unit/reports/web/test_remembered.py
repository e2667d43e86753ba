"""Answers that may be a little old: whose they are, and when they are made anew."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from kernel.errors import STORE_AWAY, ClickledgerError
from reports.web.remembered import FRESH_SECONDS, STALE_SECONDS, Remembered
from reports.web.viewer import viewer


def visit(partner=None, zone="UTC", role="partner"):
    who = SimpleNamespace(role=role, partner_id=partner, advertiser_id=None, scopes=frozenset({"reports:read"}))
    return SimpleNamespace(who=who, viewer=viewer({}, {"zone": zone}))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Asked:
    """Answers with how often it was asked; may be told to wait or to fail."""

    def __init__(self):
        self.times, self.fails = 0, False
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, _visit):
        self.times += 1
        mine = self.times
        await self.go.wait()
        if self.fails:
            raise STORE_AWAY.error()
        return mine


def test_it_is_asked_once_for_all_who_wait_and_anew_beside_an_answer_that_is_old():
    async def story():
        clock, asked = Clock(), Asked()
        known = Remembered(clock)
        asked.go.clear()
        waiting = [asyncio.create_task(known.of(visit(1), "x", asked)) for _ in range(3)]
        await asyncio.sleep(0)
        asked.go.set()
        assert await asyncio.gather(*waiting) == [1, 1, 1]
        clock.now = FRESH_SECONDS
        assert (await known.of(visit(1), "x", asked), asked.times) == (1, 1)
        clock.now += 1
        assert await known.of(visit(1), "x", asked) == 1
        await asyncio.wait(list(known._making.values()))
        assert (await known.of(visit(1), "x", asked), asked.times) == (2, 2)
        clock.now += STALE_SECONDS + 1
        assert await known.of(visit(1), "x", asked) == 3

    asyncio.run(story())


def test_nobody_is_shown_another_s_answer():
    async def story():
        asked, known = Asked(), Remembered()
        others = [visit(1), visit(2), visit(1, "Asia/Kolkata"), visit(None, role="manager"), visit(None)]
        assert [await known.of(one, "x", asked) for one in others] == [1, 2, 3, 4, 5]
        assert await known.of(visit(1), "y", asked) == 6
        assert await known.of(visit(2), "x", asked) == 2

    asyncio.run(story())


def test_a_failure_is_told_to_the_first_and_the_old_answer_outlives_one():
    async def story():
        clock, asked = Clock(), Asked()
        known = Remembered(clock)
        asked.fails = True
        with pytest.raises(ClickledgerError):
            await known.of(visit(1), "x", asked)
        asked.fails = False
        assert await known.of(visit(1), "x", asked) == 2
        asked.fails, clock.now = True, FRESH_SECONDS + 1
        assert await known.of(visit(1), "x", asked) == 2
        await asyncio.wait(list(known._making.values()))
        assert await known.of(visit(1), "x", asked) == 2

    asyncio.run(story())
