"""The sender: a thread with an event loop of its own that sends what is due and writes down what came of it.

Invariants: nothing that fails can end it before it is asked to; no more than a receiver's share is under way to it
at once (``receivers``); what was sent and not yet written down when the process dies is sent again, with the same
id; while results can't be written down nothing new is begun. Asked to end, it begins nothing more and waits a
moment for what is under way; what isn't finished then stays due.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver

from kernel import faults
from kernel.logging import log
from kernel.metrics import counter, gauge, observe
from tracker.outbound.attempts import OUTCOMES, gone, judge, tried
from tracker.outbound.delivery import deliver, outbound_session
from tracker.outbound.guard import Guard
from tracker.outbound.queue import DueMessage, Queue, Tried
from tracker.outbound.receivers import Receivers
from tracker.outbound.signing import signing_secrets
from tracker.routes import HookRoute
from tracker.snapshot import Snapshot

IDLE_SECONDS = 1.0
"""How long a message that nobody announced may lie."""
FAILURE_PAUSE_SECONDS = 1.0
GRACE_SECONDS = 3.0
"""For what is under way when asked to end; the supervisor gives a process ten seconds for everything."""
HOUSEKEEPING_SECONDS = 2.0


class Sender:
    """Sends the queue's messages until stopped."""

    def __init__(
        self,
        path: Path,
        program: Callable[[], Snapshot],
        guard: Guard,
        connections: int,
        resolver: Callable[[], AbstractResolver] | None = None,
    ) -> None:
        """Prepare.

        Args:
            path: The queue's file.
            program: Returns the current snapshot; called by the sender's thread only.
            guard: Judges each address.
            connections: Most messages under way at once.
            resolver: Makes what looks names up; default: the operating system.

        """
        self._path = path
        self._program = program
        self._guard = guard
        self._connections = connections
        self._resolver = resolver
        self._receivers = Receivers(connections)
        self._under_way: set[int] = set()
        """Numbers of the messages begun and not yet written down."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[Tried] = []
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._stopping = threading.Event()
        self._known: tuple[Snapshot | None, dict[int, HookRoute]] = (None, {})
        self._next_housekeeping = 0.0
        self._thread = threading.Thread(target=self._main, name="outbound", daemon=True)
        self._outcomes = {o: counter("clickledger_outbound_attempts_total", outcome=o) for o in OUTCOMES}
        self._waiting = gauge("clickledger_outbound_waiting")
        self._overdue = gauge("clickledger_outbound_overdue_seconds")

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now; safe from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            return  # it has ended

    def stop(self) -> None:
        """Ask to end; returns at once."""
        self._stopping.set()
        self.wake()

    def join(self, timeout: float) -> bool:
        """Wait for the end; tell whether it has come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._loop.close()

    async def _live(self) -> None:
        # One thread, so that the queue's connection has one user at a time.
        with ThreadPoolExecutor(1, thread_name_prefix="outbound-queue") as disk:
            while not self._stopping.is_set():
                try:
                    await self._send_until_stopped(disk)
                except Exception as why:  # noqa: BLE001 - a sender that ends silently is worse than one that repeats itself
                    log("outbound").error("sender_failed", exc_info=why)
                    await asyncio.sleep(FAILURE_PAUSE_SECONDS)

    async def _send_until_stopped(self, disk: ThreadPoolExecutor) -> None:
        queue = await self._loop.run_in_executor(disk, Queue, self._path)
        resolver = self._resolver() if self._resolver else None
        try:
            async with outbound_session(self._guard, self._connections, resolver) as session:
                try:
                    while not self._stopping.is_set():
                        await self._round(queue, disk, session)
                finally:
                    await self._finish(queue, disk)
        finally:
            await self._loop.run_in_executor(disk, queue.close)

    async def _round(self, queue: Queue, disk: ThreadPoolExecutor, session: aiohttp.ClientSession) -> None:
        """Write down what was finished, begin what is due, wait for something to happen."""
        self._wake.clear()
        if not await self._record(queue, disk):
            await asyncio.sleep(FAILURE_PAUSE_SECONDS)
            return
        now = time.time()
        due_at = await self._loop.run_in_executor(disk, queue.receivers)
        hooks = self._hooks()
        if hooks is not None:
            shares = self._receivers.shares({host: at for host, at in due_at.items() if at <= now}, now)
            if shares:
                under_way = frozenset(self._under_way)
                for due in await self._loop.run_in_executor(disk, queue.due, now, shares, under_way):
                    self._begin(due, hooks, session)
        await self._keep_house(queue, disk, due_at, now)
        await self._pause(due_at)

    def _begin(self, due: DueMessage, hooks: Mapping[int, HookRoute], session: aiohttp.ClientSession) -> None:
        self._under_way.add(due.number)
        hook = hooks.get(due.message.hook_id)
        if hook is None:
            self._results.append(gone(due, time.time()))
            self._outcomes["given_up"].n += 1
            self._wake.set()
            return
        self._receivers.began(due.host, time.time())
        task = self._loop.create_task(self._send(due, hook, session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, due: DueMessage, hook: HookRoute, session: aiohttp.ClientSession) -> None:
        """Try once and leave what came of it in ``_results``."""
        answered, seconds = False, 0.0
        try:
            answer = await deliver(session, due.message, *signing_secrets(hook, time.time_ns() // 1_000_000))
            answered, seconds = bool(answer.status) or answer.forbidden, answer.duration_ms / 1000
            judgement = judge(due, answer)
            self._results.append(tried(due, answer, judgement))
            self._outcomes[judgement.outcome].n += 1
            observe("clickledger_outbound_attempt_seconds", seconds)
        except Exception as why:  # noqa: BLE001 - it counts as under way, and stays due for the next start
            log("outbound").error("try_not_judged", message=due.message.id, exc_info=why)
        finally:
            self._receivers.ended(due.host, seconds, time.time(), answered=answered)
            self._wake.set()

    async def _record(self, queue: Queue, disk: ThreadPoolExecutor) -> bool:
        """Write down what came of the tries that are over; tell whether it could be."""
        results = self._results[:]
        if not results:
            return True
        try:
            faults.point("outbound.before_record")
            await self._loop.run_in_executor(disk, queue.record, results, time.time())
        except (sqlite3.Error, OSError) as why:
            log("outbound").error("results_not_written", results=len(results), why=str(why))
            return False
        del self._results[: len(results)]
        self._under_way.difference_update(result.number for result in results)
        return True

    async def _keep_house(
        self, queue: Queue, disk: ThreadPoolExecutor, due_at: Mapping[str, float], now: float
    ) -> None:
        self._overdue.value = max((now - at for at in due_at.values() if at <= now), default=0.0)
        if now < self._next_housekeeping:
            return
        self._next_housekeeping = now + HOUSEKEEPING_SECONDS
        self._receivers.forget(now)
        self._waiting.value = float(await self._loop.run_in_executor(disk, queue.waiting))
        await self._loop.run_in_executor(disk, queue.forget, now)

    async def _pause(self, due_at: Mapping[str, float]) -> None:
        """Wait until a try is over, a message is announced, or the next one is due."""
        now = time.time()
        turns = (max(at, self._receivers.wakes_at(host)) - now for host, at in due_at.items())
        # A receiver that is due and not served has its share under way; their end wakes us.
        seconds = min((turn for turn in turns if turn > 0), default=IDLE_SECONDS)
        try:
            await asyncio.wait_for(self._wake.wait(), min(seconds, IDLE_SECONDS))
        except TimeoutError:
            return

    async def _finish(self, queue: Queue, disk: ThreadPoolExecutor) -> None:
        """Wait a moment for what is under way, write down what came of it, and leave the rest due."""
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._record(queue, disk)
        # After a failure it goes on with what could not be written down; after the end that is sent again.
        self._under_way = {result.number for result in self._results}

    def _hooks(self) -> dict[int, HookRoute] | None:
        """Return the hooks by id, None while no program was ever seen: then nothing can be said of any."""
        snapshot = self._program()
        if snapshot.version == 0:
            return None
        if self._known[0] is not snapshot:
            self._known = (snapshot, {hook.id: hook for hook in snapshot.hooks})
        return self._known[1]
