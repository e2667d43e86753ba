"""The road through the pipeline: a plan journalled with times of its own in the past, as an import is.

Invariants: a journal appears whole or not at all; click ids are minted with each click's own time; a conversion
never stands before its click. The same seed and first day give the same events; only ids differ: click ids carry
random bits and the service's key, transaction and customer ids begin with the run's own mark.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from clickledger.replay.errors import IMPORT_FAILED, IMPORT_UNSEEN
from clickledger.replay.importing import PIPELINE_PATH
from clickledger.replay.journalling import FRAME_EVENTS, publish, workplace
from clickledger.replay.program import DESTINATION_PREFIX
from clickledger.simulation.errors import SIMULATION_UNSTORED
from clickledger.simulation.program import AdminApi, Program
from clickledger.simulation.requests import click_query, postback_fields, postback_query
from fraud.simulation import Impression, Plan, SimulatedClick, SimulatedConversion, SimulatedEvent, by_time
from kernel.settings import Settings
from tracker.click_id import ClickIdKeys, load_keys
from tracker.events import Click, Postback, encode_event
from tracker.journal import SUFFIX, JournalFile

JOURNAL_PREFIX: Final = "import-simulated-"
"""Begins as an import's does, because that is what such a journal is to the pipeline."""
POLL_S: Final = 0.1
SEEN_S: Final = 120.0
"""How long a pipeline may take to notice a journal while it is busy with others."""
STORED_S: Final = 600.0
"""How long half a million events may take with room to spare."""
WAITING_S: Final = 60.0
"""How long shipped postbacks may take to become conversions."""

OnStored = Callable[[int], None]


def send(
    plan: Plan,
    program: Program,
    service: AdminApi,
    chosen: Settings,
    begin_ms: int,
    over_ms: int,
    slices: int,
    on_stored: OnStored,
    between: Callable[[], None],
) -> dict[int, str]:
    """Journal a plan slice by slice and wait until each is stored.

    Args:
        plan: The events.
        program: The ids of their names.
        service: The admin API.
        chosen: Settings; the data directory must be the service's.
        begin_ms: When the simulation begins, milliseconds since 1970.
        over_ms: Milliseconds that its clicks are spread over.
        slices: Parts of equal time; what is usual can be learned between them.
        on_stored: Told how many events are stored so far.
        between: Called after each slice but the last.

    Returns:
        The click ids by number.

    Raises:
        ClickledgerError: the data directory or the service made it impossible.

    """
    keys = load_keys(chosen)
    click_ids = {
        click.number: keys.mint(begin_ms + click.at, program.offers[click.offer]) for click in plan.clicks
    }
    run, stored = secrets.token_hex(6), 0
    parts = _sliced(plan, over_ms, slices)
    for number, events in enumerate(parts):
        name = f"{JOURNAL_PREFIX}{run}-{number}"
        encoded = [
            encode_event(
                _click(event, program, begin_ms + event.at, click_ids[event.number])
                if isinstance(event, SimulatedClick)
                else _impression(event.click, program, begin_ms + event.at, keys)
                if isinstance(event, Impression)
                else _postback(event, plan, program, begin_ms, click_ids[event.click])
            )
            for event in events
        ]
        _publish(encoded, name, chosen)
        _wait_stored(service, name, len(encoded))
        stored += len(encoded)
        on_stored(stored)
        if number + 1 < len(parts):
            between()
    return click_ids


def _sliced(plan: Plan, over_ms: int, slices: int) -> list[list[SimulatedEvent]]:
    """Return the events by time, cut into slices of equal time; what comes later is in the last. None is empty."""
    found: list[list[SimulatedEvent]] = [[] for _ in range(slices)]
    for event in by_time(plan.clicks, plan.conversions):
        found[min(event.at * slices // over_ms, slices - 1)].append(event)
    return [events for events in found if events]


def _publish(encoded: Sequence[bytes], name: str, chosen: Settings) -> None:
    with workplace(chosen.data_dir) as place:
        try:
            finished: Path = place / f"{name}{SUFFIX}"
            with closing(JournalFile(finished)) as journal:
                for start in range(0, len(encoded), FRAME_EVENTS):
                    journal.write(encoded[start : start + FRAME_EVENTS])
            publish(finished, chosen.data_dir)
        except (OSError, sqlite3.Error) as why:
            raise IMPORT_FAILED.error(f"The simulation's journal can't be written: {why}.") from why


def _wait_stored(service: AdminApi, name: str, events: int) -> None:
    """Wait until the pipeline shipped a journal and made conversions of its postbacks.

    Raises:
        ClickledgerError: ``import_unseen`` when no pipeline noticed it, ``simulation_unstored`` when it took too
            long.

    """
    begin = time.monotonic()
    while True:
        state = service.get(PIPELINE_PATH)
        shipped = _shipped(state, name, events)
        waited = time.monotonic() - begin
        if shipped is not None and shipped >= events:
            break
        if shipped is None and waited > SEEN_S:
            raise IMPORT_UNSEEN.error()
        if waited > STORED_S:
            raise SIMULATION_UNSTORED.error()
        time.sleep(POLL_S)
    begin = time.monotonic()
    # Whoever still waits after this is a live postback whose click is on another host.
    while state.get("postbacks_waiting") and time.monotonic() < begin + WAITING_S:
        time.sleep(POLL_S)
        state = service.get(PIPELINE_PATH)


def _shipped(state: dict[str, Any], name: str, events: int) -> int | None:
    for journal in state["journals"]:
        if journal["name"] == name:
            return int(journal["shipped"])
    # Known, and no longer there: it was shipped whole and deleted.
    return events if name in state["imported"] else None


def _click(click: SimulatedClick, program: Program, ts: int, click_id: str) -> Click:
    visitor = click.visitor
    return Click(
        click_id=click_id,
        ts=ts,
        offer_id=program.offers[click.offer],
        partner_id=program.partners[click.partner],
        advertiser_id=program.advertiser(click.offer),
        link_id=program.links.get((click.partner, click.offer), 0),
        trafficback_reason="",
        destination=DESTINATION_PREFIX + click_id,
        method=click.method,
        query=click_query(click, program).encode(),
        preset="",
        ip=visitor.ip,
        user_agent=visitor.user_agent,
        accept_language=visitor.accept_language,
        referrer=click.referrer,
        headers=visitor.headers,
    )


def _impression(click: SimulatedClick, program: Program, ts: int, keys: ClickIdKeys) -> Click:
    """Return the showing of the banner that was clicked."""
    event = _click(click, program, ts, keys.mint(ts, program.offers[click.offer]))
    return msgspec.structs.replace(event, kind="impression", destination="", method="GET")


def _postback(
    conversion: SimulatedConversion, plan: Plan, program: Program, begin_ms: int, click_id: str
) -> Postback:
    click = plan.clicks[conversion.click]
    return Postback(
        ts=begin_ms + conversion.at,
        fields=postback_fields(conversion, click_id, program),
        offer_id=program.offers[click.offer],
        method="GET",
        raw=postback_query(conversion, click_id, program).encode(),
        ip="",
        user_agent="",
    )
