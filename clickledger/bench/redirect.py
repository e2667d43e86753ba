"""The tracked, durable redirect beside a bare one, nginx's, and whatever else is named.

Ours runs twice: once without rules, and once with a targeting, a cap and a duplicate policy on every offer and
a real Valkey that counts. All run at the same time but are loaded in turn, round after round, so that a busy
moment of the machine meets all of them, each after a second of warming up; ratios are taken within a round, and
their median counts. The same prepared requests go to each: paths and labels as in links, user agents and
addresses as in traffic. Afterwards the journals must hold every click that was answered.
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

from clickledger.bench import servers
from clickledger.bench.lines import Line
from clickledger.bench.neighbours import Neighbours
from clickledger.bench.programs import program
from clickledger.bench.traffic import FIRST_OCTETS, OFFERS, PARTNERS, agents
from clickledger.bench.wrk import Load, Prepared, load, require_wrk, write_script
from kernel.errors import ClickledgerError
from tracker.journal import DIRECTORY, JournalReader, journal_paths

ROUNDS = 9
SECONDS = 2.0
CONNECTIONS = 32
TARGET_SHARE = 0.45
"""Of the bare redirect's requests per second."""
TARGET_SHARE_WITH_RULES = 0.30
TARGET_P99_TIMES = 4.0
"""The bare redirect's 99th percentile."""
TARGET_EDGE_MIB = 150
_WARM_UP_SECONDS = 2.0
_WARM_AGAIN_SECONDS = 1.0
"""Before each measured load: what idled meanwhile had its memory and caches taken by the others."""
_PREPARED = 2_000
OURS, YARDSTICK = "clickledger edge, durable", "bare Starlette redirect"
RULED = "the same with targeting, cap and duplicate policy"


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
        data_dirs = {OURS: directory / "plain", RULED: directory / "ruled"}
        ours = running.enter_context(servers.edge(data_dirs[OURS], program()))
        yardstick = running.enter_context(servers.bare())
        pids = [yardstick.pid, ours.pid]
        loaded = {YARDSTICK: (yardstick.url, links), OURS: (ours.url, links)}
        try:
            pids.append(running.enter_context(servers.valkey(data_dirs[RULED])))
            ruled = running.enter_context(servers.edge(data_dirs[RULED], program(rules=True)))
            pids.append(ruled.pid)
            loaded[RULED] = (ruled.url, links)
        except ClickledgerError:
            # Without the embedded Valkey there is nothing to count in: that line is left out.
            del data_dirs[RULED]
        other = running.enter_context(servers.nginx(directory / "nginx"))
        if other is not None:
            pids.append(other.pid)
            loaded["nginx return 302"] = (other.url, links)
        loaded |= {url: (url, headers) for url in targets}

        runs: dict[str, list[Load]] = {name: [] for name in loaded}
        answered = dict.fromkeys(data_dirs, 0)

        def run(name: str, seconds: float) -> Load:
            url, script = loaded[name]
            result = load(url, script, connections=connections, seconds=seconds)
            if name in answered:
                answered[name] += result.requests
            return result

        for name in loaded:
            run(name, _WARM_UP_SECONDS)
        neighbours = Neighbours(pids)
        for _ in range(rounds):
            for name in loaded:
                run(name, _WARM_AGAIN_SECONDS)
                runs[name].append(neighbours.undisturbed(partial(run, name, seconds)))
        memory = servers.memory_mib(ours.pid)
        stored = {name: _stored(data_dirs[name], answered[name]) for name in data_dirs}
    return _summary(runs, connections, seconds) | {
        "repeated_because_disturbed": neighbours.disturbed,
        "answered": sum(answered.values()),
        "in_the_journal": sum(stored.values()),
        "edge_memory": memory | _limit(memory["highest_mib"], TARGET_EDGE_MIB),
    }


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's lines of the table."""
    made = []
    for each in found["servers"]:
        figures = f"{each['requests_per_second']:,}/s, p50 {each['p50_ms']} ms, p99 {each['p99_ms']} ms"
        failed = f", {each['failed']:,} failed" if each["failed"] else ""
        made.append(Line(each["server"], f"{figures}, {each['share_of_bare']} of the bare one's{failed}"))
    by_name = {each["server"]: each for each in found["servers"]}
    ours, memory = by_name[OURS], found["edge_memory"]
    made.append(_at_least("durable / bare, redirects", ours["share_of_bare"], TARGET_SHARE))
    if RULED in by_name:
        made.append(
            _at_least("with rules / bare, redirects", by_name[RULED]["share_of_bare"], TARGET_SHARE_WITH_RULES)
        )
    made += [
        Line("durable / bare, p99", f"{ours['p99_times_bare']}", f"<= {TARGET_P99_TIMES}",
             ours["p99_times_bare"] <= TARGET_P99_TIMES),
        Line("clicks answered / in the journal", f"{found['answered']:,} / {found['in_the_journal']:,}", "all",
             found["in_the_journal"] >= found["answered"]),
        Line("edge worker under load", f"{memory['highest_mib']} MiB", f"<= {memory['target_mib']}",
             memory["holds"]),
    ]  # fmt: skip
    return made


def _at_least(what: str, measured: float, target: float) -> Line:
    return Line(what, f"{measured}", f">= {target}", measured >= target)


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
    ruled = next((row for row in rows if row["server"] == RULED), None)
    return {
        "connections": connections,
        "rounds": len(yardstick),
        "seconds_each": seconds,
        "servers": rows,
        "target_share_of_bare": TARGET_SHARE,
        "target_share_of_bare_with_rules": TARGET_SHARE_WITH_RULES,
        "target_p99_times_bare": TARGET_P99_TIMES,
        "holds": bool(
            ours["share_of_bare"] >= TARGET_SHARE
            and ours["p99_times_bare"] <= TARGET_P99_TIMES
            and ours["failed"] == 0
            and (ruled is None or (ruled["share_of_bare"] >= TARGET_SHARE_WITH_RULES and ruled["failed"] == 0))
        ),
    }


def _limit(highest_mib: float, target: float) -> dict[str, Any]:
    return {"target_mib": target, "holds": highest_mib <= target}
