"""A simulation from beginning to end: plan, program, events, waiting until they are stored, reading verdicts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from clickledger.replay.importing import PIPELINE_PATH
from clickledger.replay.showing import Screen
from clickledger.simulation import live, past
from clickledger.simulation.errors import DAY_INVALID, SIMULATION_UNSTORED, SPAN_INVALID
from clickledger.simulation.program import AdminApi, Program, ensure
from clickledger.simulation.reading import read
from fraud.simulation import SCENARIOS, Judged, Measured, Plan, SimulatedConversion, Wanted, by_time, make_plan
from kernel.settings import Settings

Road = Literal["edge", "pipeline"]

STORED_S: Final = 60.0
"""How long what an edge acknowledged may take to be found through the API; usually a second."""
PAUSE_S: Final = 0.25
_DAY_MS: Final = 86_400_000
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d{1,7})([smhd])")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a simulation."""

    measured: Measured
    missing: int
    """Events that were taken and never found; 0 unless something is broken."""
    left_out: int
    refusals: dict[str, int]
    first_day: date
    elapsed_s: float
    lacking: dict[str, str] = field(default_factory=dict)
    """Scenarios that are found by lists alone -> the setting that should name one, and doesn't."""

    def as_json(self) -> dict[str, Any]:
        """Return the object the command ends with."""
        return {
            **self.measured.as_json(),
            "missing": self.missing,
            "left_out": self.left_out,
            "refusals": self.refusals,
            "lacking": self.lacking,
            "first_day": self.first_day.isoformat(),
            "elapsed_s": round(self.elapsed_s, 3),
        }


def seconds_of(text: str) -> int:
    """Read a span such as 90s, 30m, 6h or 3d.

    Raises:
        ClickledgerError: ``simulation_span_invalid``.

    """
    found = _SPAN.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise SPAN_INVALID.error()
    return int(found[1]) * _UNITS[found[2]]


def first_day(text: str, length_ms: int, now_ms: int) -> date:
    """Return the day a simulation of this length begins on: the given one, else the latest that all of it is past.

    Raises:
        ClickledgerError: ``simulation_day_invalid``.

    """
    latest = datetime.fromtimestamp((now_ms - length_ms - 1000) / 1000, UTC).date()
    if not text:
        return latest
    try:
        wanted = date.fromisoformat(text)
    except ValueError as why:
        raise DAY_INVALID.error() from why
    if not date(2000, 1, 1) <= wanted <= latest:
        raise DAY_INVALID.error(f"--from must be a day from 2000-01-01 to {latest}: all of it has to be past.")
    return wanted


def simulate(
    wanted: Wanted,
    road: Road,
    service: AdminApi,
    chosen: Settings,
    screen: Screen,
    *,
    edge_url: Callable[[], str],
    from_day: str = "",
    slices: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Result:
    """Run a simulation and measure what the service made of it.

    Args:
        wanted: What is simulated.
        road: Through the edge as requests, or through the pipeline with times in the past.
        service: The admin API.
        chosen: Settings; for the pipeline the data directory must be the service's.
        screen: Shows how far it is.
        edge_url: Says where the edge is.
        from_day: Day the past begins on, '' for the latest possible one; for the pipeline only.
        slices: Parts that the past is stored in, one after the other.
        between: Called between two of them.

    Raises:
        ClickledgerError: what was asked for or the service made it impossible.

    """
    started = time.monotonic()
    plan = make_plan(wanted)
    now_ms = time.time_ns() // 1_000_000
    begins = first_day(from_day, plan.length_ms, now_ms) if road == "pipeline" else date.min
    if road == "edge" and (from_day or wanted.over_s > live.LONGEST_S):
        raise SPAN_INVALID.error(
            f"Through the edge it happens now: leave --from out and give --over up to {live.LONGEST_S}s, or use "
            "--through pipeline."
        )
    program = ensure(service, plan)
    screen.say(
        f"{len(plan.clicks):,} clicks and {len(plan.conversions):,} conversions of {len(plan.partners)} partners"
    )
    total = len(by_time(plan.clicks, plan.conversions))
    if road == "pipeline":
        begin_ms = int(datetime(begins.year, begins.month, begins.day, tzinfo=UTC).timestamp() * 1000)
        with screen.bar("events stored", total) as bar:
            click_ids = past.send(
                plan, program, service, chosen, begin_ms, wanted.over_s * 1000, slices, bar.at, between
            )
        sent = live.Sent(click_ids, list(plan.conversions))
        span = (begin_ms, begin_ms + plan.length_ms)
    else:
        with screen.bar("events sent", total) as bar:
            sent = asyncio.run(live.send(plan, program, edge_url(), wanted.over_s, bar.at))
        # The edge's clock is this machine's or nearly so.
        span = (now_ms - 60_000, time.time_ns() // 1_000_000 + 60_000)
        begins = datetime.fromtimestamp(now_ms / 1000, UTC).date()
    found, missing = _read_stored(service, program, plan, sent.click_ids, sent.conversions, span)
    return Result(
        Measured.of(found),
        missing,
        sent.left_out,
        dict(sent.refusals),
        begins,
        time.monotonic() - started,
        _lacking(wanted, chosen),
    )


def _lacking(wanted: Wanted, chosen: Settings) -> dict[str, str]:
    """Return the scenarios whose lists this command's settings, the service's most likely, don't name."""
    needed = {name: SCENARIOS[name].found_by_list for name in wanted.scenarios}
    return {
        name: f"CLICKLEDGER_{setting.upper()}"
        for name, setting in needed.items()
        if setting and getattr(chosen, setting) is None and (chosen.geoip_anonymous_ip is None or "ref" in setting)
    }


def _read_stored(
    service: AdminApi,
    program: Program,
    plan: Plan,
    click_ids: dict[int, str],
    conversions: list[SimulatedConversion],
    span: tuple[int, int],
) -> tuple[list[Judged], int]:
    """Read until every event that was taken is found.

    Raises:
        ClickledgerError: ``simulation_unstored`` when some are not found in time.

    """
    deadline = time.monotonic() + STORED_S
    while True:
        # What is acknowledged is in a journal; until those are shipped there is no use in reading.
        while _backlog(service) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        found, missing = read(service, program, plan, click_ids, conversions, span)
        if not missing:
            return found, 0
        if time.monotonic() > deadline:
            raise SIMULATION_UNSTORED.error(f"{missing:,} simulated events were taken and are not stored.")
        time.sleep(PAUSE_S)


def _backlog(service: AdminApi) -> int:
    state = service.get(PIPELINE_PATH)
    unshipped = sum(int(one["events"]) - int(one["shipped"]) for one in state["journals"])
    return unshipped + int(state.get("postbacks_waiting", 0))
