"""A real log through the whole running service: what the file says is what the report says."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from clickledger.running import read_run_file
from clickledger.service import Service
from kernel.settings import Settings
from tests.support.running_service import free_ports

pytestmark = [pytest.mark.realdata, pytest.mark.service]

ROWS = 5_000
START_SECONDS = 60
REPORT_SECONDS = 60


@pytest.fixture(scope="module")
def head(realdata, tmp_path_factory):
    """The first rows of the dense log, gzipped under a name that does not say so."""
    path = tmp_path_factory.mktemp("log") / "head.csv"
    with gzip.open(realdata / "clicks" / "talkingdata_dense_1131_1151.csv.gz", "rt") as log:
        path.write_bytes(gzip.compress("".join(itertools.islice(log, ROWS + 1)).encode()))
    return path


@pytest.fixture(scope="module")
def rows(head):
    """The file's lines as dictionaries, read without any of the code under test."""
    names, *lines = gzip.decompress(head.read_bytes()).decode().splitlines()
    return [dict(zip(names.split(","), line.split(","), strict=True)) for line in lines]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A running service; the environment in which commands find it."""
    data_dir = tmp_path_factory.mktemp("service")
    edge_port, web_port = free_ports(2)
    chosen = {"DATA_DIR": data_dir, "EDGE_PORT": edge_port, "WEB_PORT": web_port, "EDGE_WORKERS": 2}
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLICKLEDGER_")}
    environ |= {f"CLICKLEDGER_{name}": str(value) for name, value in chosen.items()}
    log = (data_dir / "service.log").open("w")
    service = subprocess.Popen([sys.executable, "-m", "clickledger", "up"], env=environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while read_run_file(data_dir) is None:
            assert service.poll() is None, f"the service ended: {(data_dir / 'service.log').read_text()[-2000:]}"
            assert time.monotonic() < deadline, "waited for run.json"
            time.sleep(0.05)
        yield environ
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(30)
        log.close()


def run(environ, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "clickledger", *map(str, arguments)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def report(environ, start, end, **wanted):
    service = Service.find(Settings(data_dir=environ["CLICKLEDGER_DATA_DIR"]))
    query = {"from": start, "to": end, "limit": 10_000, **wanted}
    return service.post("/api/v1/reports/query", query)["rows"]


def report_once_complete(environ, start, end, clicks, conversions):
    """Wait until the report's sums are those of the file, then return it by partner and offer."""
    deadline = time.monotonic() + REPORT_SECONDS
    metrics = ["gross_clicks", "total_conversions"]
    while True:
        sums = report(environ, start, end, dimensions=[], metrics=metrics)
        if sums == [{"gross_clicks": clicks, "total_conversions": conversions}]:
            return report(environ, start, end, dimensions=["partner", "offer"], metrics=metrics)
        assert time.monotonic() < deadline, f"waited for {clicks} and {conversions} in the report: {sums}"
        time.sleep(0.1)


def counted(rows):
    """Return what the report must say: clicks and conversions by partner and offer."""
    clicks = Counter((f"channel-{row['channel']}", f"app-{row['app']}") for row in rows)
    conversions = Counter(
        (f"channel-{row['channel']}", f"app-{row['app']}") for row in rows if row["is_attributed"] == "1"
    )
    return clicks, conversions


def reported(rows):
    clicks = Counter({(r["partner"], r["offer"]): r["gross_clicks"] for r in rows})
    conversions = Counter({(r["partner"], r["offer"]): r["total_conversions"] for r in rows})
    return clicks, +conversions


def test_a_replayed_log_is_in_the_report_click_by_click(environment, head, rows):
    result = run(environment, "replay", head, "--format", "talkingdata", "--json")
    attributed = sum(row["is_attributed"] == "1" for row in rows)
    assert attributed > 0
    assert (result["clicks_sent"], result["redirected"]) == (ROWS, ROWS)
    assert (result["conversions_sent"], result["conversions_accepted"]) == (attributed, attributed)
    assert (result["refused"], result["unanswered"], result["bad_lines"]) == (0, 0, 0)
    found = report_once_complete(environment, "2020-01-01", "2099-01-01", ROWS, attributed)
    assert reported(found) == counted(rows)


def test_an_imported_log_is_in_the_report_of_its_own_day(environment, head, rows):
    result = run(environment, "import", head, "--format", "talkingdata", "--json")
    attributed = sum(row["is_attributed"] == "1" for row in rows)
    assert (result["clicks"], result["conversions"], result["bad_lines"]) == (ROWS, attributed, 0)
    found = report_once_complete(environment, "2017-11-07", "2017-11-09", ROWS, attributed)
    assert reported(found) == counted(rows)
    by_minute = report(environment, "2017-11-07", "2017-11-09", dimensions=["minute"], metrics=["gross_clicks"])
    minutes = Counter(row["click_time"][:16] for row in rows)
    assert {r["minute"][:16].replace("T", " "): r["gross_clicks"] for r in by_minute} == minutes


def test_the_same_file_is_not_imported_twice(environment, head):
    command = [sys.executable, "-m", "clickledger", "import", str(head), "--format", "talkingdata"]
    # The first one is refused too when another test was first; what matters is what the next one is told.
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "imported before" in done.stderr
    assert done.stdout == ""
