"""How long the service takes for the overview's page over 20 million clicks, as a manager sees it.

``python -m benchmarks.overview DIRECTORY CLICKS`` measures one store in a process of its own, as JSON: the whole
web role, with a program of as many partners and offers as the store has, asked for ``/`` by a session's cookie. It
is the evening of the store's last day but one, since the store is of a fixed quarter.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from pydantic import SecretStr
from starlette.testclient import TestClient

from benchmarks.reports_store import BEGIN, DAYS, open_store
from clickledger.bench.lines import Line
from kernel.clickhouse.client import EMBEDDED_DIRECTORY
from kernel.settings import Settings
from reports.web.cookies import SESSION
from reports.web.viewer import Viewer

CLICKS = 20_000_000
TARGET_MS = 150
ROUNDS = 15
KEY = "cl_a-key-made-up-for-the-bench"
PARTNERS, OFFERS, ADVERTISERS = 600, 300, 60
EVENING = BEGIN + timedelta(days=DAYS - 2, hours=19, minutes=30)
SECONDS = 3_600


def measure(data: Path | None = None, clicks: int = CLICKS) -> dict[str, Any]:
    """Measure in a process of its own.

    Args:
        data: Where the store is kept for the next run; None: nowhere.
        clicks: Of the store.

    """
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        directory = (data or Path(place)) / f"reports-{clicks}"
        words = [sys.executable, "-m", "benchmarks.overview", str(directory), str(clicks)]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=SECONDS)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's lines of the table."""
    what = f"overview page, {found['clicks']:,} clicks"
    return [Line(what, f"{found['median_ms']:.0f} ms", f"<= {TARGET_MS} ms", found["holds"])]


def ask(directory: Path, clicks: int) -> dict[str, Any]:
    """Open the page again and again over a store; return the times."""
    from clickledger.roles.web import web_app

    open_store(directory, clicks).close()
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        own = Path(place)
        (own / EMBEDDED_DIRECTORY).symlink_to((directory / EMBEDDED_DIRECTORY).resolve())
        chosen = Settings(
            data_dir=own,
            admin_key=SecretStr(KEY),
            click_keys=SecretStr(f"0:{'5c' * 32}"),
            redis_url=SecretStr(f"unix://{own}/nobody.sock"),
        )
        with (
            mock.patch.object(Viewer, "now", _evening),
            web_app(chosen, None) as app,
            TestClient(app) as client,
        ):
            _make_program(client)
            times, worked, size = [], [], 0
            for _ in range(ROUNDS + 2):
                began, busy = time.perf_counter(), time.process_time()
                answer = client.get("/", headers={"Cookie": f"{SESSION}={KEY}", "Accept-Language": "de-DE"})
                times.append((time.perf_counter() - began) * 1000)
                worked.append((time.process_time() - busy) * 1000)
                if answer.status_code != 200 or "tile" not in answer.text:
                    raise RuntimeError(f"the overview answered {answer.status_code}: {answer.text[:300]}")
                size = len(answer.content)
    # The first ones read templates and fill the store's caches, as the first of a day do.
    warm = times[2:]
    median = statistics.median(warm)
    return {
        "clicks": clicks,
        "first_ms": round(times[0], 1),
        "median_ms": round(median, 1),
        "slowest_ms": round(max(warm), 1),
        "processor_ms": round(statistics.median(worked[2:]), 1),
        "bytes": size,
        "holds": median <= TARGET_MS,
    }


def _evening(viewer: Viewer) -> datetime:
    return EVENING.astimezone(viewer.zone)


def _make_program(client: TestClient) -> None:
    """Make partners and offers of the ids that the store's clicks have."""
    headers = {"Authorization": f"Bearer {KEY}"}
    wanted = {
        "advertisers": [{"name": f"Shop {n}"} for n in range(1, ADVERTISERS + 1)],
        "partners": [{"name": f"Partner {n}"} for n in range(1, PARTNERS + 1)],
        "offers": [
            {
                "name": f"Offer {n}",
                "advertiser": f"Shop {1 + n % ADVERTISERS}",
                "destination": "https://shop.example/",
            }
            for n in range(1, OFFERS + 1)
        ],
    }
    answer = client.post("/api/v1/programs/ensure", json=wanted, headers=headers)
    if answer.status_code >= 300:
        raise RuntimeError(f"the program wasn't made: {answer.text[:500]}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ask(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
