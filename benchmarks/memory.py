"""Resident memory and report times of the real service with five million clicks stored.

The clicks are made inside the embedded engine (through the same tables and rollup the pipeline writes),
then ``clickledger up`` runs on them: clicks go through the edge, reports are asked, memory is read.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from benchmarks import freshness
from clickledger.bench.lines import Line
from clickledger.bench.servers import free_port, memory_mib
from clickledger.running import read_run_file
from clickledger.service import Service

CLICKS = 5_000_000
TARGET_BACKEND_MIB = 1_536
TARGET_EDGE_MIB = 150
START_SECONDS = 60
REPORTS: dict[str, dict[str, Any]] = {
    "by partner": {"dimensions": ["partner"], "metrics": ["clicks", "unique_clicks", "invalid_rate"]},
    "by day and country": {"dimensions": ["day", "country"], "metrics": ["gross_clicks", "clicks"]},
    "by sub id, raw": {
        "dimensions": ["partner", "sub1"],
        "metrics": ["gross_clicks", "unique_ips"],
        "limit": 1000,
    },
}


def measure() -> dict[str, Any]:
    """Fill a store, run the service on it, measure memory, freshness and report times."""
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        data_dir = Path(place) / "data"
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "benchmarks.stored", str(data_dir), str(CLICKS)], check=True, timeout=1800
        )
        filled = time.perf_counter() - begin
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CLICKLEDGER_")}
        environment |= {
            "CLICKLEDGER_DATA_DIR": str(data_dir),
            "CLICKLEDGER_EDGE_PORT": str(free_port()),
            "CLICKLEDGER_WEB_PORT": str(free_port()),
            "CLICKLEDGER_DEMO": "true",
        }
        service = subprocess.Popen(
            [sys.executable, "-m", "clickledger", "up"], env=environment, stderr=subprocess.DEVNULL
        )
        try:
            return {"clicks_stored": CLICKS, "filled_in_s": round(filled, 1), **_observe(data_dir, service)}
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's lines of the table."""
    fresh, backend, edge = found["freshness"], found["backend_mib"], found["edge_worker_mib"]
    return [
        Line(f"backend with {found['clicks_stored']:,} clicks", f"{backend} MiB", f"<= {TARGET_BACKEND_MIB}",
             backend <= TARGET_BACKEND_MIB),
        Line("edge worker beside it", f"{edge} MiB", f"<= {TARGET_EDGE_MIB}", edge <= TARGET_EDGE_MIB),
        Line(f"click to report at {fresh['reached_rate']:,}/s", f"p50 {fresh['p50_s']} s, p99 {fresh['p99_s']} s",
             f"p99 <= {fresh['target_p99_s']} s", fresh["holds"]),
        Line("ready after start", f"{found['ready_in_s']} s"),
        *(Line(f"report {name} ({report['source']})", f"{report['ms']} ms")
          for name, report in found["reports"].items()),
    ]  # fmt: skip


def _observe(data_dir: Path, service: subprocess.Popen[bytes]) -> dict[str, Any]:
    begin = time.monotonic()
    while (running := read_run_file(data_dir)) is None:
        if service.poll() is not None or time.monotonic() > begin + START_SECONDS:
            raise RuntimeError("the service did not start")
        time.sleep(0.02)
    ready = time.monotonic() - begin
    key = (data_dir / "admin.key").read_text().strip()
    api = Service(running.web_url, key)
    while httpx2.get(f"{running.edge_url}/c/demo", trust_env=False, follow_redirects=False).status_code != 302:
        time.sleep(0.1)
    times = {}
    for name, query in REPORTS.items():
        body = {"from": "2020-01-01", "to": "2099-01-01", **query}
        best = min(_timed(api, body) for _ in range(3))
        times[name] = {"ms": round(best[0] * 1000), "source": best[1]}
    fresh = asyncio.run(freshness.measure(running.edge_url, running.web_url, key, "/c/demo"))
    backend = memory_mib(running.children["backend"][0])["highest_mib"]
    edge = max(memory_mib(pid)["highest_mib"] for pid in running.children["edge"])
    return {
        "ready_in_s": round(ready, 2),
        "reports": times,
        "freshness": fresh,
        "backend_mib": backend,
        "target_backend_mib": TARGET_BACKEND_MIB,
        "edge_worker_mib": edge,
        "target_edge_worker_mib": TARGET_EDGE_MIB,
        "holds": backend <= TARGET_BACKEND_MIB and edge <= TARGET_EDGE_MIB and fresh["holds"],
    }


def _timed(api: Service, body: dict[str, Any]) -> tuple[float, str]:
    begin = time.perf_counter()
    answer = api.post("/api/v1/reports/query", body)
    return time.perf_counter() - begin, str(answer["meta"]["source"])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=1) + "\n")
