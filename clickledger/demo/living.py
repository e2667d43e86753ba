"""The demo's process: stores its history, then what people do with such a program, then fresh traffic for good.

Invariants: it ends within a second of the demo's removal, with status 0; a stretch of history is stored once,
however often the process is killed (but for the moment between its storing and its being taken down); fresh
traffic stays below ten requests a second, and goes to this service's own edge alone.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clickledger.demo import history, state
from clickledger.demo.furnishing import furnish
from clickledger.demo.program import linked
from clickledger.demo.state import Demo
from clickledger.roles.starting import role, say_ready
from clickledger.running import local_url, read_run_file
from clickledger.service import Service
from clickledger.simulation import live, past
from clickledger.simulation.program import Program
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings

LOOK_S: Final = 0.3
"""How often it looks whether the demo was removed."""
ROUND_S: Final = 300
"""Seconds of fresh traffic planned at once."""
VISITORS: Final = 1
"""Of each partner within them, which with their further clicks makes one or two a minute."""
PAUSE_S: Final = 10.0
"""Before it goes on after the service refused something."""


def run_demo(chosen: Settings) -> None:
    """Keep the demo alive until asked to end, or until it is removed."""
    with role(chosen, "demo", "demo"):
        say_ready()
        threading.Thread(target=_end_when_removed, args=(chosen,), name="demo-watch", daemon=True).start()
        _wait_for_service(chosen)
        while state.is_there(chosen.data_dir):
            try:
                _live(chosen)
            except ClickledgerError as why:
                log("demo").warning("demo_waits", why=why.message)
                time.sleep(PAUSE_S)


def _end_when_removed(chosen: Settings) -> None:
    while state.is_there(chosen.data_dir):
        time.sleep(LOOK_S)
    os._exit(0)


def _wait_for_service(chosen: Settings) -> None:
    while read_run_file(chosen.data_dir) is None:
        time.sleep(LOOK_S)


def _live(chosen: Settings) -> None:
    service = Service.find(chosen)
    demo = state.read(chosen.data_dir)
    if demo is None:
        return
    program = _program(demo)
    _store_history(demo, program, service, chosen)
    if not demo.is_furnished:
        furnish(demo, service, chosen)
        with state.changing(chosen.data_dir) as changed:
            changed.is_furnished = True
    edge = local_url(chosen.edge_host, chosen.edge_port)
    while True:
        plan = history.some(secrets.randbits(32), ROUND_S * 1000, VISITORS)
        asyncio.run(live.send(plan, program, edge, ROUND_S, lambda _: None))


def _program(demo: Demo) -> Program:
    return Program(
        0,
        demo.partners,
        demo.offers,
        demo.version,
        secrets.token_hex(4),
        advertisers=demo.advertisers,
        currency=demo.currency,
        links=linked(demo),
    )


def _store_history(demo: Demo, program: Program, service: Service, chosen: Settings) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for first in range(demo.days, history.DAYS + 1, history.STRETCH):
        begin = today - timedelta(days=history.DAYS - first)
        begin_ms = round(begin.timestamp() * 1000)
        count = min(history.STRETCH, history.DAYS + 1 - first)
        plan = history.stretch(first, count, begin.date(), time.time_ns() // 1_000_000 - begin_ms)
        if plan.clicks:
            over_ms = count * history.DAY_MS
            past.send(plan, program, service, chosen, begin_ms, over_ms, 1, _nothing, _nothing)
        with state.changing(chosen.data_dir) as changed:
            changed.days = first + count


def _nothing(*_: Any) -> None:
    """Do nothing: nobody watches."""
