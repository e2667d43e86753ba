"""Reports and exports over HTTP, as with a ClickHouse server (a front over chDB; see tests/support)."""

from __future__ import annotations

import csv
import io
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from pydantic import SecretStr

from kernel.auth import ADMIN, Principal
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import ReaderPool
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from reports.bindings import Statement
from reports.execute import execute
from reports.export.request import wanted
from reports.export.stream import stream
from reports.registry import METRICS
from reports.running import Running
from tests.integration.reports.conftest import Store, at
from tests.support.clickhouse_front import clickhouse_front
from tests.unit.reports.asking import Directory

__all__ = ["clickhouse_front"]

P = 970_000_001
HOSTILE = "'\"\\`\n\t\x00{from:String}&param_from=1#%s"


@pytest.fixture(scope="module")
def server(clickhouse_front):
    chosen = Settings(clickhouse_url=SecretStr(clickhouse_front.dsn()), report_max_seconds=5)
    client = clickhouse.connect(chosen)
    clickhouse.migrate(client)
    one = {"partner_id": P, "ts": at("2026-11-02T12:00:00"), "verdict": "valid", "sub1": HOSTILE}
    clicks = [{**one, "click_id": f"{n}", "ip": f"{n}", "fraud_reasons": ["x"][: n % 2]} for n in range(4)]
    clickhouse.insert(client, "clicks", rows_table("clicks", clicks), "reports-server-clicks")
    paid = {**one, "conversion_id": "1", "status": "approved", "currency": "USD", "payout": Decimal("1.5")}
    clickhouse.insert(client, "conversions", rows_table("conversions", [paid]), "reports-server-conversions")
    rejected = {"ts": at("2026-11-02T12:00:00"), "rejected_id": "1", "raw": b"\xff\x00"}
    clickhouse.insert(client, "rejected", rows_table("rejected", [rejected]), "reports-server-rejected")
    readers = ReaderPool(chosen, size=2)
    yield Store(client, readers, chosen)
    readers.close()
    client.close()


def test_a_report_is_the_same_over_http(server: Store):
    answer = server.ask(
        P,
        dimensions=["partner", "hour", "fraud_reason"],
        metrics=list(METRICS),
        timezone="Asia/Kolkata",
        totals=True,
        filters=[
            {"dimension": "sub1", "op": "in", "values": [HOSTILE, "x"]},
            {"metric": "gross_clicks", "op": "gte", "value": 1},
        ],
        sort=[{"by": "partner"}, {"by": "fraud_reason"}],
    )
    assert [(row["hour"], row["fraud_reason"], row["gross_clicks"], row["payout"]) for row in answer["rows"]] == [
        ("2026-11-02 17:00", "", 2, 1.5),
        ("2026-11-02 17:00", "x", 2, 0),
    ]
    assert (answer["totals"]["unique_ips"], answer["totals"]["payout"]) == (4, 1.5)


def test_every_shape_is_the_same_over_http(server: Store):
    rates = {"EUR": ((0, Decimal("1.25")),)}
    answer = server.ask(
        P,
        Directory(dated=rates, base="USD"),
        **{"from": "2026-11-01", "to": "2026-11-04"},
        dimensions=["day"],
        metrics=["gross_clicks", "payout", "my_own"],
        formulas=[{"name": "my_own", "formula": "payout / gross_clicks", "unit": "money"}],
        pivot="sub1",
        compare="previous_period",
        fill=True,
        totals=True,
        currency="EUR",
        timezone="Asia/Kolkata",
    )
    assert [row["day"] for row in answer["rows"]] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert [row["payout"][HOSTILE] for row in answer["rows"]] == [0, 1.2, 0]
    assert answer["totals"]["my_own"] == {HOSTILE: 0.3}
    assert answer["totals"]["my_own_before"] == {HOSTILE: None}


def test_an_export_is_the_same_over_http(server: Store):
    export = wanted(
        "clicks",
        {"from": "2026-11-02", "to": "2026-11-03", "columns": "click_id,sub1"},
        Principal("partner", partner_id=P),
    )
    body = b"".join(
        stream(export, Principal("partner", partner_id=P), readers=server.readers, chosen=server.chosen).pieces
    )
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert rows == [["click_id", "sub1"], *([str(n), HOSTILE] for n in range(4))]
    rejected = wanted("rejected", {"from": "2026-11-02", "to": "2026-11-03", "columns": "raw"}, ADMIN)
    assert (
        b"".join(stream(rejected, ADMIN, readers=server.readers, chosen=server.chosen).pieces)
        == b'raw\n"\\xff\\x00"\n'
    )


def test_what_the_server_refuses_has_the_same_codes(server: Store):
    with pytest.raises(ClickledgerError) as caught:
        server.ask(P, filters=[{"dimension": "sub1", "op": "matches", "value": "("}])
    assert caught.value.kind.code == "pattern_invalid"


def test_a_report_is_cancelled_over_http(server: Store):
    endless = Statement("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", {})
    patient = server.chosen.model_copy(update={"report_max_seconds": 60})
    readers = ReaderPool(patient, size=1)
    running, name = Running(patient), "http-report-1"
    with ThreadPoolExecutor(1) as pool, running.run(ADMIN, name) as run:
        asked = pool.submit(execute, [endless], readers, patient, run)
        # By its mark alone, as another process would.
        other = Running(server.chosen)
        while not (asked.done() or other.cancel(ADMIN, name)):
            time.sleep(0.02)
        with pytest.raises(ClickledgerError) as caught:
            asked.result(90)
    readers.close()
    assert caught.value.kind.code == "report_cancelled"


def test_a_server_that_dies_is_away_and_comes_back(server: Store, clickhouse_front):
    with clickhouse_front.away():
        with pytest.raises(ClickledgerError) as caught:
            server.ask(P)
        assert caught.value.kind.code == "store_away"
        export = wanted("clicks", {"from": "2026-11-02", "to": "2026-11-03"}, ADMIN)
        with pytest.raises(ClickledgerError) as caught:
            stream(export, ADMIN, readers=server.readers, chosen=server.chosen)
        assert caught.value.kind.code == "store_away"
    assert server.ask(P)["rows"] == [{"clicks": 4}]
