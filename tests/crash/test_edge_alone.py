"""An edge with nothing beside it: no event store, no Redis, no program database, only its data directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx2
import pytest

from tests.support.running_service import START_SECONDS, RunningService, eventually, make_program
from tests.support.waiting import ended

pytestmark = pytest.mark.service

STORES = ("clickhouse", "program.db", "program.db-wal", "program.db-shm", "valkey", "pipeline.db")
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
CLICKS = 40


@pytest.fixture
def service(tmp_path):
    service = RunningService(tmp_path / "data")
    yield service
    service.close()


def answers(url):
    try:
        return httpx2.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx2.HTTPError:
        return False


def test_an_edge_with_every_store_gone_redirects_and_nothing_it_acknowledged_is_lost(service, tmp_path):
    service.start()
    ids = make_program(service)
    service.end()
    aside = tmp_path / "aside"
    aside.mkdir()
    for name in STORES:
        if (service.data_dir / name).exists():
            (service.data_dir / name).rename(aside / name)

    edge = subprocess.Popen(
        [sys.executable, "-m", "clickledger", "serve", "edge"], env=service.environment, stderr=subprocess.DEVNULL
    )
    try:
        eventually("the edge to answer", lambda: answers(f"{service.edge_url}/readyz"), START_SECONDS)
        found = []
        for n in range(CLICKS):
            link = f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}&sub1=alone-{n}"
            answer = service.click(link, **BROWSER)
            assert answer.status_code == 302
            found.append(answer.headers["location"].partition("cid=")[2])
        sale = service.http.get(
            f"{service.edge_url}/postback", params={"click_id": found[0], "txn_id": "t", "amount": "9"}
        )
        assert (sale.status_code, sale.json()["status"], sale.json()["provisional"]) == (200, "accepted", True)
        forged = service.http.get(f"{service.edge_url}/postback", params={"click_id": found[0][::-1]})
        assert forged.status_code == 403
        assert not any((service.data_dir / name).exists() for name in STORES)
    finally:
        os.kill(edge.pid, signal.SIGKILL)
        ended(edge)

    for path in aside.iterdir():
        path.rename(service.data_dir / path.name)
    service.start()
    rows = eventually(
        "the clicks and the sale in the report",
        lambda: [
            row
            for row in service.report(dimensions=["partner"], metrics=["gross_clicks", "total_conversions"])
            if (row["gross_clicks"], row["total_conversions"]) == (CLICKS, 1)
        ],
    )
    assert rows[0]["partner"] == "Nora"
    span = ("--from", "2020-01-01", "--to", "2099-01-01")
    exported = service.command(
        "export", "clicks", *span, "--columns", "click_id", "--format", "csv"
    ).stdout.split()
    assert sorted(line.strip('"') for line in exported[1:]) == sorted(found)
