"""A replay from beginning to end: survey, program, edge, sending, and the counts it ends with."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from clickledger.replay.edge_client import EdgeClient
from clickledger.replay.program import AdminApi, ensure
from clickledger.replay.sending import IN_FLIGHT, Pace, clicks_per_second, send_rows
from clickledger.replay.showing import Bar, Screen
from clickledger.replay.survey import Survey, good_rows, require_file, survey
from clickledger.replay.tally import Tally
from tracker.intake import log_format

REDRAW_SECONDS = 0.2


class Replay:
    """One run over one file. ``run`` may be interrupted at any moment; ``result`` holds what was done."""

    def __init__(self, path: Path, format_name: str, rate: str, screen: Screen) -> None:
        """Check what was asked for.

        Raises:
            ClickledgerError: ``rate_invalid``, ``log_format_unknown`` or ``log_unreadable``.

        """
        log_format(format_name)
        require_file(path)
        self._path = path
        self._format = format_name
        self._rate = clicks_per_second(rate)
        self._screen = screen
        self._started = time.monotonic()
        self.tally = Tally()

    def result(self) -> dict[str, Any]:
        """Return the counts so far."""
        return self.tally.as_json(time.monotonic() - self._started)

    def run(self, service: AdminApi, edge_url: str) -> None:
        """Send the whole log.

        Raises:
            ClickledgerError: the file, the service or the edge made it impossible to go on.

        """
        try:
            self._screen.say(f"Reading {self._path} …")
            found = survey(self._path, self._format, self._screen.say)
            self.tally.bad_lines = found.bad_lines
            asyncio.run(self._send(service, edge_url, found))
        except KeyboardInterrupt:
            self.tally.interrupted = True

    async def _send(self, service: AdminApi, edge_url: str, found: Survey) -> None:
        program = ensure(service, found)
        stop = asyncio.Event()
        async with EdgeClient(edge_url, IN_FLIGHT, stop) as edge:
            await edge.wait_ready(program.version)
            self._end_on_signals(stop)
            rows = good_rows(self._path, self._format)
            self._started = time.monotonic()
            with self._screen.bar("clicks", found.rows) as bar:
                drawing = asyncio.create_task(self._draw(bar))
                try:
                    await send_rows(rows, program, edge, Pace(self._rate, stop), self.tally, stop)
                finally:
                    drawing.cancel()
                    with suppress(asyncio.CancelledError):
                        await drawing
                    bar.at(self.tally.clicks_sent, self._note())

    def _end_on_signals(self, stop: asyncio.Event) -> None:
        """End calmly at the first Ctrl-C or SIGTERM, at once at the second."""
        loop = asyncio.get_running_loop()

        def end() -> None:
            self.tally.interrupted = True
            stop.set()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            self._screen.say("Finishing what is under way …")

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)

    async def _draw(self, bar: Bar) -> None:
        while True:
            bar.at(self.tally.clicks_sent, self._note())
            await asyncio.sleep(REDRAW_SECONDS)

    def _note(self) -> str:
        so_far = self.tally
        counts = {
            "conversions": so_far.conversions_accepted,
            "refused": so_far.refused,
            "unanswered": so_far.unanswered,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
