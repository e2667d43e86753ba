"""The road through the edge: a plan sent as real requests, each at its own moment from now on.

Invariants: addresses stand in X-Forwarded-For, which an edge takes from its trusted proxies only (loopback is one
by default); a click is sent at most once; what would come after the simulation's end is left out and counted, as
nobody waits days for it; a conversion is sent only with the click id its click was answered with.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from clickledger.replay.edge_client import EdgeClient
from clickledger.simulation.program import Program
from clickledger.simulation.requests import click_headers, click_query, postback_query
from fraud.simulation import Impression, Plan, SimulatedClick, SimulatedConversion, SimulatedEvent, by_time

IN_FLIGHT: Final = 64
LONGEST_S: Final = 3600
"""An hour: what takes longer belongs on the road through the pipeline."""
AFTER_S: Final = 10
"""How long after the last click conversions are still waited for."""


@dataclass(slots=True)
class Sent:
    """What was sent, and with which ids."""

    click_ids: dict[int, str] = field(default_factory=dict)
    conversions: list[SimulatedConversion] = field(default_factory=list)
    """Those whose postback was accepted."""
    left_out: int = 0
    """Conversions whose time would come after the simulation's end."""
    refusals: Counter[str] = field(default_factory=Counter)


async def send(plan: Plan, program: Program, edge_url: str, over_s: int, on_sent: Callable[[int], None]) -> Sent:
    """Send a plan's events at their moments.

    Args:
        plan: The events.
        program: The ids of their names; the edge is waited for until it knows them.
        edge_url: Where the edge is.
        over_s: Seconds that the clicks are spread over.
        on_sent: Told how many events are sent so far.

    Returns:
        What was sent.

    Raises:
        ClickledgerError: the edge can't be reached, or doesn't learn of the program.

    """
    sent = Sent()
    end_ms = (over_s + AFTER_S) * 1000
    due = [event for event in plan.conversions if event.at <= end_ms]
    sent.left_out = len(plan.conversions) - len(due)
    answered: dict[int, asyncio.Future[str]] = {}
    loop = asyncio.get_running_loop()
    async with EdgeClient(edge_url, IN_FLIGHT, asyncio.Event()) as edge:
        await edge.wait_ready(program.version)
        sender = _Sender(edge, program, sent, answered, on_sent)
        slots = asyncio.Semaphore(IN_FLIGHT)
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for event in by_time(plan.clicks, due):
                wait = event.at / 1000 - (time.monotonic() - begin)
                if wait > 0:
                    await asyncio.sleep(wait)
                if isinstance(event, SimulatedClick):
                    answered[event.number] = loop.create_future()
                await slots.acquire()
                task = group.create_task(sender.send(event))
                task.add_done_callback(lambda _: slots.release())
    return sent


class _Sender:
    """Sends events and takes down what became of them."""

    def __init__(
        self,
        edge: EdgeClient,
        program: Program,
        sent: Sent,
        answered: dict[int, asyncio.Future[str]],
        on_sent: Callable[[int], None],
    ) -> None:
        self._edge = edge
        self._program = program
        self._sent = sent
        self._answered = answered
        self._on_sent = on_sent
        self._count = 0

    async def send(self, event: SimulatedEvent) -> None:
        if isinstance(event, SimulatedClick):
            await self._click(event)
        elif isinstance(event, Impression):
            shown = event.click
            answer = await self._edge.impression(click_query(shown, self._program), click_headers(shown))
            if answer.outcome != "accepted":
                self._sent.refusals[answer.why or answer.outcome] += 1
        else:
            await self._convert(event)
        self._count += 1
        self._on_sent(self._count)

    async def _click(self, click: SimulatedClick) -> None:
        given = ""
        try:
            answer = await self._edge.click(
                click_query(click, self._program), click_headers(click), method=click.method
            )
            given = answer.click_id
            if given:
                self._sent.click_ids[click.number] = given
            else:
                self._sent.refusals[answer.why or answer.outcome] += 1
        finally:
            self._answered[click.number].set_result(given)

    async def _convert(self, conversion: SimulatedConversion) -> None:
        click_id = await self._answered[conversion.click]
        if not click_id:
            return
        answer = await self._edge.postback(postback_query(conversion, click_id, self._program))
        if answer.outcome == "accepted":
            self._sent.conversions.append(conversion)
        else:
            self._sent.refusals[answer.why or answer.outcome] += 1
