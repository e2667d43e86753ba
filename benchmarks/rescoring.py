"""Clicks per second judged again and written anew: a proposal, its difference, and taking its place.

Every click gets another rules version, so all of them are proposed, copied and kept in history: the most there is
to do. What the pipeline stored is real output of its steps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TARGET_CLICKS_PER_SECOND = 20_000
CLICKS = 200_000
BATCH = 20_000
_POLL_SECONDS = 0.02


def measure() -> dict[str, Any]:
    """Measure in a process of its own, so that memory and engine are fresh.

    Raises:
        RuntimeError: it came to no end; the message says why.

    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rescoring"], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _run() -> dict[str, Any]:
    from msgspec import structs

    from clickledger.bench.programs import program
    from clickledger.bench.traffic import clicks
    from clickledger.roles import past
    from fraud.past import Span
    from kernel.clickhouse import client as clickhouse
    from kernel.settings import Settings
    from tracker import snapshot
    from tracker.click_id import load_keys
    from tracker.pipeline.steps import EnrichmentTools, MemoryUniqueWindow, enrich
    from tracker.routes import FraudRuleRoute

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # whoever measures beside it may be bound to one core
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        chosen = Settings(data_dir=Path(place))
        keys = load_keys(chosen, create=True)
        store = clickhouse.connect(chosen)
        clickhouse.migrate(store)
        rule = FraudRuleRoute(code="ip_velocity", settings={"per_minute": 59})
        snapshot.save(chosen.data_dir, snapshot.encode(structs.replace(program(), fraud_rules=(rule,))))
        tools = EnrichmentTools.open(chosen, MemoryUniqueWindow(24))
        first_ts = time.time_ns() // 1_000_000 - 3 * CLICKS
        events = list(clicks(keys, CLICKS, first_ts, seed=3))
        for begin in range(0, CLICKS, BATCH):
            rows = enrich(events[begin : begin + BATCH], "edge0", tools)
            clickhouse.insert(store, "clicks", rows, f"bench-{begin}")
        tools.close()
        rescorings = past.rescorings(chosen, lambda work: work())
        today = datetime.now(UTC).date()
        span = Span(today - timedelta(days=1), today + timedelta(days=1))
        begun, cpu = time.perf_counter(), time.process_time()
        asked = rescorings.propose(span, "bench").id
        record = _ended(lambda: rescorings.get(asked))
        proposed = time.perf_counter() - begun
        rescorings.apply(asked, "bench")
        record = _ended(lambda: rescorings.get(asked))
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
        rescorings.close()
        store.close()
    if record.state != "applied" or record.changed.get("click") != CLICKS:
        raise RuntimeError(f"{record.state}: {record.problem} {record.changed}")
    rate = CLICKS / seconds
    return {
        "clicks": CLICKS,
        "seconds": round(seconds, 2),
        "proposing_seconds": round(proposed, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "clicks_per_second": round(rate),
        "line": (
            "re-scoring",
            f"{rate:,.0f} clicks/s",
            f">= {TARGET_CLICKS_PER_SECOND:,}",
            rate >= TARGET_CLICKS_PER_SECOND,
        ),
        "holds": rate >= TARGET_CLICKS_PER_SECOND,
    }


def _ended(ask: Callable[[], Any]) -> Any:
    while (record := ask()).state in {"computing", "applying", "committed"}:
        time.sleep(_POLL_SECONDS)
    return record


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()) + "\n")
