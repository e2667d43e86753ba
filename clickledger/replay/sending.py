"""The second pass of a replay: many rows in flight, each click's conversion right after its click.

Invariants: workers share one reader, so memory does not grow with the log; a conversion is sent only
with the click id its click was answered with; when told to stop, what is in flight is finished and
counted, and nothing new is begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

from clickledger.replay.edge_client import EdgeClient
from clickledger.replay.errors import RATE_INVALID
from clickledger.replay.program import Program
from clickledger.replay.requests import click_headers, click_query, postback_query
from clickledger.replay.tally import Tally
from tracker.intake import LogRow

LATENESS_SECONDS = 0.25
"""A delay up to this is caught up with, so that the rate is met on the average."""
IN_FLIGHT = 64
"""Requests at a time: enough to keep two edge workers' group commits full."""


def clicks_per_second(rate: str) -> float:
    """Read a rate; infinity for ``max``.

    Raises:
        ClickledgerError: ``rate_invalid``.

    """
    if rate == "max":
        return float("inf")
    try:
        number = float(rate)
    except ValueError:
        raise RATE_INVALID.error() from None
    if not 0 < number < float("inf"):
        raise RATE_INVALID.error()
    return number


class Pace:
    """Gives each click its moment: evenly apart; time lost while the edge was away is not made up for."""

    def __init__(self, rate: float, stop: asyncio.Event) -> None:
        self._interval = 1 / rate
        self._stop = stop
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for the next free moment, or until everything stops."""
        if not self._interval:
            return
        now = time.monotonic()
        self._next = max(self._next, now - LATENESS_SECONDS)
        wait = self._next - now
        self._next += self._interval
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait)


async def send_rows(
    rows: Iterator[LogRow], program: Program, edge: EdgeClient, pace: Pace, tally: Tally, stop: asyncio.Event
) -> None:
    """Send every row's click and conversion, counting into ``tally``.

    Raises:
        ClickledgerError: the edge went away for good, or the file changed.

    """

    async def worker() -> None:
        for row in rows:
            await pace.turn()
            if stop.is_set():
                return
            try:
                await _send_row(row, program, edge, tally)
            except BaseException:
                stop.set()
                raise

    results = await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _send_row(row: LogRow, program: Program, edge: EdgeClient, tally: Tally) -> None:
    try:
        click = await edge.click(click_query(row, program.ids(row)), click_headers(row))
    except asyncio.CancelledError:
        # Ended at once with the request under way: it may have been counted.
        tally.clicks_sent += 1
        tally.unanswered += 1
        raise
    if click.outcome == "stopped":
        return
    tally.clicks_sent += 1
    if click.outcome == "redirected":
        tally.redirected += 1
    elif click.outcome == "refused":
        tally.refuse(click.why)
    else:
        tally.unanswered += 1
    if row.conversion_ts is None:
        return
    if not click.click_id:
        tally.unsent_conversions += 1
        return
    postback = await edge.postback(postback_query(row, click.click_id))
    if postback.outcome == "stopped":
        tally.unsent_conversions += 1
        return
    tally.conversions_sent += 1
    if postback.outcome == "accepted":
        tally.conversions_accepted += 1
    elif postback.outcome == "refused":
        tally.refuse(postback.why)
    else:
        tally.unanswered += 1
