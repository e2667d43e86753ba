"""What a program of ten thousand offers and five thousand partners costs an edge: memory, swaps, freshness.

Memory: two edges, one with a small program and one with the big one, get clicks spread over everything they
know; what the second holds more is what the program adds. Swaps: the big one's snapshot is replaced again and
again while requests go on; their longest delay is compared with that of a run without, pair by pair. Freshness:
rows are changed in the program's database as another host would, and an edge is asked until it acts on it.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

import partners
from clickledger.bench import servers
from clickledger.bench.lines import Line
from clickledger.bench.neighbours import Neighbours
from clickledger.bench.programs import DESTINATION, NEVER_REACHED, offer, program
from clickledger.bench.traffic import FIRST_OCTETS, agents
from clickledger.bench.wrk import Prepared, load, require_wrk, write_script
from kernel import logging, sql
from kernel.settings import Settings
from partners import models
from tracker import snapshot
from tracker.publish import Publisher

OFFERS, PARTNERS = 10_000, 5_000
TARGET_ADDED_MIB = 60
TARGET_DELAY_MS = 20.0
TARGET_FRESH_S = 1.0
PAIRS = 5
SECONDS = 3.0
CONNECTIONS = 8
"""Few, so that a request's delay is the server's and not its turn in a full queue."""
SWAP_SECONDS = 0.3
"""Between two snapshots; an edge looks four times a second."""
CHANGED = 20
"""Offers that a snapshot changes."""
CHANGES = 20
_LOOK_SECONDS = 0.005
_PATIENCE_SECONDS = 20.0


def measure() -> dict[str, Any]:
    """Measure all three.

    Raises:
        WrkMissingError: wrk isn't installed.

    """
    require_wrk()
    # The publisher runs in this process; results alone go to stdout.
    logging.configure(Settings(log_level="warning"), "bench")
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        directory = Path(place)
        small = _memory(directory / "small")
        with _edge(directory / "big", OFFERS, PARTNERS) as edge:
            big = _visited(edge)
            pairs = list(_pairs(directory / "big", edge))
            after = servers.memory_mib(edge.server.pid)
        fresh = _freshness(directory / "fresh")
    added = round(big["highest_mib"] - small["highest_mib"], 1)
    more = round(median(swapped - quiet for quiet, swapped in pairs), 1)
    return {
        "offers": OFFERS,
        "partners": PARTNERS,
        "edge_mib": small,
        "edge_with_program_mib": big,
        "edge_after_swaps_mib": after,
        "added_mib": added,
        "target_added_mib": TARGET_ADDED_MIB,
        "longest_ms": [[round(quiet, 1), round(swapped, 1)] for quiet, swapped in pairs],
        "swaps_delay_ms": more,
        "target_swaps_delay_ms": TARGET_DELAY_MS,
        **fresh,
        "target_fresh_s": TARGET_FRESH_S,
        "holds": added < TARGET_ADDED_MIB and more <= TARGET_DELAY_MS and fresh["fresh_max_s"] <= TARGET_FRESH_S,
    }


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's lines of the table."""
    added, more, fresh = found["added_mib"], found["swaps_delay_ms"], found["fresh_max_s"]
    size = f"{found['offers']:,} offers, {found['partners']:,} partners"
    return [
        Line(f"{size}: memory of an edge", f"+ {added} MiB", f"< {TARGET_ADDED_MIB}", added < TARGET_ADDED_MIB),
        Line("longest request while they are swapped", f"+ {more} ms", f"<= {TARGET_DELAY_MS:g}",
             more <= TARGET_DELAY_MS),
        Line("a change of theirs, from commit to edge", f"p50 {found['fresh_p50_s']} s, max {fresh} s",
             f"<= {TARGET_FRESH_S:g} s", fresh <= TARGET_FRESH_S),
        Line("published for the first time", f"{found['first_publish_s']} s"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Edge:
    """A running edge, its Valkey, and clicks on everything it knows."""

    server: servers.Server
    valkey: int
    clicks: Path


def _memory(data_dir: Path) -> dict[str, float]:
    """Return what an edge with a small program takes under the same load."""
    with _edge(data_dir, 10, 10) as edge:
        return _visited(edge)


def _visited(edge: _Edge) -> dict[str, float]:
    """Return an edge's memory once every prepared click has come at least twice."""
    sent = 0
    while sent < 2 * OFFERS:
        sent += load(edge.server.url, edge.clicks, connections=32, seconds=SECONDS).requests
    return servers.memory_mib(edge.server.pid)


@contextmanager
def _edge(data_dir: Path, offers: int, partners_known: int) -> Iterator[_Edge]:
    known = program(offers, partners_known, rules=True)
    with servers.valkey(data_dir) as valkey, servers.edge(data_dir, known) as server:
        clicks = write_script(data_dir / "clicks.lua", list(_clicks(offers, partners_known)))
        yield _Edge(server, valkey, clicks)


def _clicks(offers: int, partners_known: int) -> Iterator[Prepared]:
    random = Random(11)
    known = agents(random)
    for n in range(OFFERS):
        path = f"/click?offer_id={n % offers + 1}&partner_id={n % partners_known + 1}&sub1=c{n % 400}"
        address = f"{random.choice(FIRST_OCTETS)}.{random.randint(0, 255)}.{random.randint(0, 255)}.17"
        yield Prepared({"User-Agent": random.choice(known), "X-Forwarded-For": address}, path)


def _pairs(data_dir: Path, edge: _Edge) -> Iterator[tuple[float, float]]:
    """Yield the longest requests, in milliseconds, of runs without swaps and with them."""
    wire = snapshot.wrap(program(OFFERS, PARTNERS, rules=True))
    neighbours = Neighbours([edge.server.pid, edge.valkey])

    def longest() -> float:
        return load(edge.server.url, edge.clicks, connections=CONNECTIONS, seconds=SECONDS).highest_ms

    def swapped() -> float:
        done = threading.Event()
        swapping = threading.Thread(target=_swap, args=(data_dir, wire, done))
        swapping.start()
        try:
            found = longest()
        finally:
            done.set()
            swapping.join()
        _wait_for_version(edge.server, wire.version)
        return found

    for _ in range(PAIRS):
        yield neighbours.undisturbed(longest), neighbours.undisturbed(swapped)


def _swap(data_dir: Path, wire: snapshot.Wire, done: threading.Event) -> None:
    """Publish newer and newer snapshots, each with some offers renamed."""
    while not done.wait(SWAP_SECONDS):
        wire.version += 1
        first = wire.version * CHANGED % OFFERS
        for n in range(first + 1, first + CHANGED + 1):
            renamed = msgspec.structs.replace(offer(n, rules=True), name=f"offer {n} since {wire.version}")
            wire.offers[n] = snapshot.encode_route(renamed)
        snapshot.save(data_dir, snapshot.encode_wire(wire))


def _wait_for_version(server: servers.Server, version: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _ask(server, "/readyz")[1].get("snapshot_version") != version:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the edge did not take version {version}")
        time.sleep(0.02)


def _ask(server: servers.Server, path: str) -> tuple[str, dict[str, Any]]:
    """Return the Location of an answer, or its JSON body."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        location, body = answer.getheader("location") or "", answer.read()
    finally:
        connection.close()
    return location, json.loads(body) if body.startswith(b"{") else {}


def _freshness(data_dir: Path) -> dict[str, float]:
    """Return how long a committed change takes to an edge, in seconds; the publisher only sees the database."""
    chosen = Settings(data_dir=data_dir)
    sessions = sql.connect(chosen)
    partners.migrate(sessions)
    with sessions.writing() as session:
        _fill(session)
    publisher = Publisher(chosen, sessions, None)
    begin = time.monotonic()
    publisher.publish_if_changed()
    first = time.monotonic() - begin
    with servers.valkey(data_dir), servers.edge(data_dir) as server, _publishing(publisher):
        times = sorted(_one_change(sessions, server, n) for n in range(1, CHANGES + 1))
    sessions.close()
    return {
        "first_publish_s": round(first, 2),
        "fresh_p50_s": round(times[len(times) // 2], 3),
        "fresh_max_s": round(times[-1], 3),
    }


@contextmanager
def _publishing(publisher: Publisher) -> Iterator[None]:
    """Publish on a thread until the block ends, as the web role does."""
    loop = asyncio.new_event_loop()
    keeping = loop.create_task(publisher.keep_published())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(keeping.cancel)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.gather(keeping, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _one_change(sessions: sql.Sessions, server: servers.Server, n: int) -> float:
    """Change an offer's destination; return the seconds from the commit until clicks go there."""
    time.sleep(Random(n).random() * 0.5)
    page = f"https://shop.example/changed/{n}"
    with sessions.writing() as session:
        changes = {"destination": page, "revision": models.Offer.revision + 1, "updated_at": datetime.now(UTC)}
        session.execute(update(models.Offer).where(models.Offer.id == n).values(changes))
        session.execute(update(models.Program).values(version=models.Program.version + 1))
    begin = time.monotonic()
    while _ask(server, f"/click?offer_id={n}&partner_id=1")[0] != page:
        if time.monotonic() - begin > _PATIENCE_SECONDS:
            raise RuntimeError(f"the edge did not hear of change {n}")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - begin


def _fill(session: Session) -> None:
    """Make as many offers and partners, each offer with a goal, a cap, a page and an override."""
    ids = range(1, OFFERS + 1)
    tariff = {"payout": Decimal(1), "revenue": Decimal(2)}
    session.execute(insert(models.Advertiser).values(id=1, name="shop", postback_token="", require_token=False))
    session.execute(
        insert(models.Partner),
        [{"id": n, "name": f"partner {n}", "status": "approved", "fallback_url": ""}
         for n in range(1, PARTNERS + 1)],
    )  # fmt: skip
    plain = {"advertiser_id": 1, "status": "active", "currency": "USD", "default_status": "approved",
             "deep_link_hosts": [], "allow_override": False, "fallback_url": "",
             "targeting": {"country": {"deny": ["AQ", "KP"]}},
             "duplicates": {"action": "mark", "by": "visitor", "window_s": 60}}  # fmt: skip
    session.execute(
        insert(models.Offer),
        [{"id": n, "name": f"offer {n}", "destination": DESTINATION.format(n=n), **plain, **tariff} for n in ids],
    )
    session.execute(insert(models.Goal), [{"offer_id": n, "code": "sale", "name": "Sale", **tariff} for n in ids])
    amount = Decimal(NEVER_REACHED)
    session.execute(
        insert(models.Cap), [{"offer_id": n, "kind": "conversion", "period": "day", "amount": amount} for n in ids]
    )
    session.execute(
        insert(models.PayoutOverride),
        [{"offer_id": n, "partner_id": n % PARTNERS + 1, "payout": Decimal(3)} for n in ids],
    )
