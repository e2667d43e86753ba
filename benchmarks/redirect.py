"""The tracked, durable redirect beside a bare one, nginx's, and whatever else is named.

All run at the same time but are loaded in turn, round after round, so that a busy moment of the machine
meets all of them; ratios are taken within a round, and their median counts. The same prepared requests go
to each: paths and labels as in links, user agents and addresses as in traffic. Afterwards the journal must
hold every click that was answered.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks import servers
from benchmarks.neighbours import Neighbours
from benchmarks.traffic import FIRST_OCTETS, OFFERS, PARTNERS, agents
from benchmarks.wrk import Load, Prepared, load, require_wrk, write_script
from tracker.journal import DIRECTORY, JournalReader, journal_paths

ROUNDS = 9
SECONDS = 2.0
CONNECTIONS = 32
TARGET_SHARE = 0.45
"""Of the bare redirect's requests per second."""
TARGET_P99_TIMES = 4.0
"""The bare redirect's 99th percentile."""
TARGET_EDGE_MIB = 150
_WARM_UP_SECONDS = 2.0
_PREPARED = 2_000
OURS, YARDSTICK = "clickledger edge, durable", "bare Starlette redirect"


def measure(
    *,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    connections: int = CONNECTIONS,
    targets: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Load all servers in turn.

    Args:
        rounds: How often each is loaded.
        seconds: How long each time.
        connections: Kept open, each with one request under way.
        targets: URLs of other redirect services to load as well, with path and query.

    Raises:
        WrkMissingError: wrk isn't installed.

    """
    require_wrk()
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place, ExitStack() as running:
        directory = Path(place)
        links = write_script(directory / "links.lua", _requests(Random(7), with_paths=True))
        headers = write_script(directory / "headers.lua", _requests(Random(7), with_paths=False))
        data_dir = directory / "data"
        ours = running.enter_context(servers.edge(data_dir))
        yardstick = running.enter_context(servers.bare())
        loaded = {YARDSTICK: (yardstick.url, links), OURS: (ours.url, links)}
        other = running.enter_context(servers.nginx(directory / "nginx"))
        if other is not None:
            loaded["nginx return 302"] = (other.url, links)
        loaded |= {url: (url, headers) for url in targets}

        runs: dict[str, list[Load]] = {name: [] for name in loaded}
        answered = 0

        def run(name: str, seconds: float) -> Load:
            nonlocal answered
            url, script = loaded[name]
            result = load(url, script, connections=connections, seconds=seconds)
            answered += result.requests if name == OURS else 0
            return result

        for name in loaded:
            run(name, _WARM_UP_SECONDS)
        neighbours = Neighbours([yardstick.pid, ours.pid, *([other.pid] if other else [])])
        for _ in range(rounds):
            for name in loaded:
                runs[name].append(neighbours.undisturbed(partial(run, name, seconds)))
        memory = servers.memory_mib(ours.pid)
        stored = _stored(data_dir, answered)
    return _summary(runs, connections, seconds) | {
        "repeated_because_disturbed": neighbours.disturbed,
        "answered": answered,
        "in_the_journal": stored,
        "edge_memory": memory | _limit(memory["highest_mib"], TARGET_EDGE_MIB),
    }


def _requests(random: Random, *, with_paths: bool) -> list[Prepared]:
    """Draw requests: a few partners and offers get most of them, agents and addresses repeat."""
    known = agents(random)
    made = []
    for _ in range(_PREPARED):
        partner = min(int(random.paretovariate(1.1)), PARTNERS)
        offer = min(int(random.paretovariate(1.2)), OFFERS)
        path = (
            f"/click?offer_id={offer}&partner_id={partner}&sub1=c{random.randint(1, 400)}"
            f"&sub2={random.randint(1, 40)}&source=s{random.randint(1, 25)}"
        )
        last = min(int(random.paretovariate(0.6)), 255)
        headers = {
            "User-Agent": known[min(int(random.paretovariate(0.7)), len(known)) - 1],
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": random.choice(("en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.8", "pt-BR,pt;q=0.9")),
            "Accept-Encoding": "gzip, deflate, br",
            "X-Forwarded-For": f"{random.choice(FIRST_OCTETS)}.{random.randint(0, 255)}.{last}.17",
        }
        made.append(Prepared(headers, path if with_paths else None))
    return made


def _stored(data_dir: Path, answered: int) -> int:
    """Return how many events lie in the journals, once all that were answered do.

    Raises:
        RuntimeError: some don't: the redirect is not durable.

    """
    deadline = time.monotonic() + 10
    while True:
        stored = 0
        for path in journal_paths(data_dir / DIRECTORY):
            reader = JournalReader(path)
            stored += reader.backlog(1)
            reader.close()
        if stored >= answered:
            return stored
        if time.monotonic() > deadline:
            raise RuntimeError(f"{answered} clicks were answered, but only {stored} lie in the journal")
        time.sleep(0.1)


def _summary(runs: dict[str, list[Load]], connections: int, seconds: float) -> dict[str, Any]:
    yardstick = runs[YARDSTICK]
    rows: list[dict[str, Any]] = []
    for name, loads in runs.items():
        shares = sorted(run.per_second / bare.per_second for run, bare in zip(loads, yardstick, strict=True))
        times = sorted(run.p99_ms / bare.p99_ms for run, bare in zip(loads, yardstick, strict=True))
        rows.append(
            {
                "server": name,
                "requests_per_second": round(median(run.per_second for run in loads)),
                "p50_ms": round(median(run.p50_ms for run in loads), 2),
                "p99_ms": round(median(run.p99_ms for run in loads), 2),
                "failed": sum(run.failed for run in loads),
                "share_of_bare": round(median(shares), 3),
                "share_of_bare_range": [round(shares[0], 3), round(shares[-1], 3)],
                "p99_times_bare": round(median(times), 2),
                "p99_times_bare_range": [round(times[0], 2), round(times[-1], 2)],
            }
        )
    ours = next(row for row in rows if row["server"] == OURS)
    return {
        "connections": connections,
        "rounds": len(yardstick),
        "seconds_each": seconds,
        "servers": rows,
        "target_share_of_bare": TARGET_SHARE,
        "target_p99_times_bare": TARGET_P99_TIMES,
        "holds": bool(
            ours["share_of_bare"] >= TARGET_SHARE
            and ours["p99_times_bare"] <= TARGET_P99_TIMES
            and ours["failed"] == 0
        ),
    }


def _limit(highest_mib: float, target: float) -> dict[str, Any]:
    return {"target_mib": target, "holds": highest_mib <= target}
