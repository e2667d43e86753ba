"""The roles as servers run them: apart, with a ClickHouse server (the front), a Valkey server, and two hosts.

One "host" has two edge workers and their pipeline over one data directory, the other the web role; they
share nothing but the stores and the secrets, as in docker-compose.yml and the systemd units.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import httpx2
import pytest

from clickledger.roles.starting import CANNOT_START_STATUS
from clickledger.service import Service
from kernel import heartbeat
from tests.support.running_service import END_SECONDS, START_SECONDS, eventually, free_ports
from tests.support.valkey import valkey_on_a_port
from tests.support.waiting import ended

pytestmark = pytest.mark.service

ADMIN_KEY = "cl_roles-apart-admin-key"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
}
ALL_TIME = {"from": "2020-01-01", "to": "2099-01-01"}


class Hosts:
    """Starts and stops single roles."""

    def __init__(self, root, clickhouse, valkey_port):
        self.root = root
        self.clickhouse = clickhouse
        self.edge_port, self.web_port = free_ports(2)
        self.edge_url, self.web_url = (f"http://127.0.0.1:{port}" for port in (self.edge_port, self.web_port))
        self.shared = {
            "CLICKLEDGER_CLICK_KEYS": f"0:{'5c' * 32}",
            "CLICKLEDGER_REDIS_URL": f"redis://127.0.0.1:{valkey_port}/0",
            "CLICKLEDGER_EDGE_PORT": str(self.edge_port),
            "CLICKLEDGER_WEB_PORT": str(self.web_port),
            "CLICKLEDGER_LOG_FORMAT": "json",
        }
        stores = {"CLICKLEDGER_CLICKHOUSE_URL": clickhouse.dsn("apart")}
        self.clicks_host = self.shared | {"CLICKLEDGER_DATA_DIR": str(root / "clicks")}
        self.pipeline_host = self.clicks_host | stores
        self.web_host = (
            self.shared
            | stores
            | {
                "CLICKLEDGER_DATA_DIR": str(root / "web"),
                "CLICKLEDGER_ADMIN_KEY": ADMIN_KEY,
                "CLICKLEDGER_CLICKHOUSE_READER_URL": clickhouse.dsn("apart", reader=True),
            }
        )
        self.processes = {}
        self.http = httpx2.Client(trust_env=False, timeout=30, headers=BROWSER)
        self.api = Service(self.web_url, ADMIN_KEY)

    def spawn(self, name, environment, *words):
        outside = {k: v for k, v in os.environ.items() if not k.startswith("CLICKLEDGER_")}
        with (self.root / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "clickledger", "serve", *words], env=outside | environment, stderr=log
            )
        return self.processes[name]

    def start_edges(self):
        for worker in ("edge0", "edge1"):
            self.spawn(worker, self.clicks_host, "edge", "--worker", worker)
        eventually("an edge that is ready", lambda: self.answers(f"{self.edge_url}/readyz"), START_SECONDS)

    def start_pipeline(self):
        since = heartbeat.age(self.root / "clicks", "pipeline")
        process = self.spawn("pipeline", self.pipeline_host, "pipeline")

        def came_round():
            assert process.poll() is None, self.log("pipeline")
            age = heartbeat.age(self.root / "clicks", "pipeline")
            return age is not None and (since is None or age < since)

        eventually("the pipeline's first round", came_round, START_SECONDS)

    def start_web(self):
        self.spawn("web", self.web_host, "web")
        eventually("a web role that is ready", lambda: self.answers(f"{self.web_url}/readyz"), START_SECONDS)

    def answers(self, url):
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} ended: {self.log(name)}"
        try:
            return self.http.get(url).status_code == 200
        except httpx2.HTTPError:
            return False

    def log(self, name):
        return (self.root / f"{name}.log").read_text(errors="replace")[-3000:]

    def kill(self, name):
        process = self.processes.pop(name)
        process.kill()
        ended(process)

    def end(self, name):
        process = self.processes.pop(name)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = ended(process, END_SECONDS)
        return status, time.monotonic() - begin

    def click(self, ids, **parameters):
        answer = self.http.get(f"{self.edge_url}/click", params={**ids, **parameters}, follow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"].partition("cid=")[2]

    def counted(self, sub1, metric="gross_clicks"):
        query = {**ALL_TIME, "dimensions": ["sub1"], "metrics": [metric]}
        rows = self.api.post("/api/v1/reports/query", query)["rows"]
        return {row["sub1"]: row[metric] for row in rows}.get(sub1, 0)

    def exported(self, sub1):
        """Return how often each click id of a label is stored."""
        parameters = {**ALL_TIME, "columns": "click_id,sub1", "format": "csv"}
        with self.api.stream("/api/v1/export/clicks", parameters) as answer:
            rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
        return Counter(row["click_id"] for row in rows if row["sub1"] == sub1)

    def close(self):
        for name in list(self.processes):
            self.kill(name)
        self.http.close()


@pytest.fixture(scope="module")
def valkey():
    with valkey_on_a_port() as server:
        yield server


@pytest.fixture(scope="module")
def hosts(tmp_path_factory, clickhouse_front, valkey):
    running = Hosts(tmp_path_factory.mktemp("hosts"), clickhouse_front, valkey.port)
    try:
        # Edges first: they start without anything to route by.
        running.start_edges()
        running.start_pipeline()
        running.start_web()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def ids(hosts):
    made = hosts.api.post(
        "/api/v1/programs/ensure",
        {
            "advertisers": [{"name": "Shop"}],
            "partners": [{"name": "Nora"}],
            "offers": [
                {
                    "name": "Shoes",
                    "advertiser": "Shop",
                    "destination": "https://shop.example/?cid={click_id}",
                    "payout": "1.50",
                    "currency": "USD",
                }
            ],
        },
    )
    found = {"offer_id": made["offers"]["Shoes"], "partner_id": made["partners"]["Nora"]}

    def routed():
        answer = hosts.http.get(
            f"{hosts.edge_url}/click", params={**found, "sub1": "probe"}, follow_redirects=False
        )
        return answer.status_code == 302

    # Two workers each take the snapshot for themselves; the probes reach either.
    eventually("the snapshot at the edges, over Redis", lambda: all(routed() for _ in range(10)))
    return found


def test_a_click_on_one_host_and_its_sale_are_in_the_report_of_the_other(hosts, ids):
    click_id = hosts.click(ids, sub1="road")
    answer = hosts.http.post(f"{hosts.edge_url}/postback", json={"click_id": click_id, "txn_id": "o-1"})
    assert answer.json()["status"] == "accepted"
    eventually("the click", lambda: hosts.counted("road") == 1)
    eventually("the sale", lambda: hosts.counted("road", "total_conversions") == 1)
    assert hosts.exported("road") == {click_id: 1}


def test_the_doctor_finds_no_problem_on_either_host_and_shows_no_secret(hosts):
    for environment in (hosts.pipeline_host, hosts.web_host):
        done = subprocess.run(
            [sys.executable, "-m", "clickledger", "doctor", "--json"],
            check=False,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        findings = json.loads(done.stdout)
        # How many files a process may open and how much room there is are this machine's matter.
        ours = [f for f in findings if f["check"] not in {"open files", "free space"}]
        assert [f for f in ours if f["level"] == "problem"] == []
        found = {f["check"]: f["message"] for f in ours}
        assert found["clickhouse"].startswith("server ")
        assert found["redis"].startswith("valkey ")
        assert found["edge port"] == f"clickledger answers on 127.0.0.1:{hosts.edge_port}"
        assert "5c5c" not in done.stdout
        assert ADMIN_KEY not in done.stdout


def test_clicks_go_on_while_clickhouse_is_down_and_the_pipeline_dies_and_each_is_stored_once(hosts, ids):
    acknowledged = [hosts.click(ids, sub1="outage", sub2=str(n)) for n in range(50)]
    with hosts.clickhouse.away():
        acknowledged += [hosts.click(ids, sub1="outage", sub2=str(n)) for n in range(50)]
        hosts.kill("pipeline")
        acknowledged += [hosts.click(ids, sub1="outage", sub2=str(n)) for n in range(50)]
        # A service manager would start it again and again; each time it says why it can't.
        refused = hosts.spawn("pipeline", hosts.pipeline_host, "pipeline")
        assert ended(refused) == CANNOT_START_STATUS
        assert "ClickHouse can't be reached; check CLICKLEDGER_CLICKHOUSE_URL." in hosts.log("pipeline")
    hosts.start_pipeline()
    assert len(set(acknowledged)) == 150
    eventually("all clicks of the outage", lambda: hosts.counted("outage") >= 150, 60)
    assert hosts.exported("outage") == dict.fromkeys(acknowledged, 1)
    assert hosts.counted("outage") == 150


def test_clicks_go_on_while_valkey_hangs(hosts, ids, valkey):
    os.kill(valkey._process.pid, signal.SIGSTOP)
    try:
        acknowledged = [hosts.click(ids, sub1="hung-cache", sub2=str(n)) for n in range(30)]
        eventually("the clicks, without a cache", lambda: hosts.counted("hung-cache") == 30, 60)
    finally:
        os.kill(valkey._process.pid, signal.SIGCONT)
    assert hosts.exported("hung-cache") == dict.fromkeys(acknowledged, 1)


def test_the_edges_answer_for_the_metrics_of_their_whole_host(hosts, ids):
    hosts.click(ids, sub1="metrics")

    def value(series):
        for line in hosts.http.get(f"{hosts.edge_url}/metrics").text.splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
        return None

    assert eventually("redirects in the metrics", lambda: value('clickledger_clicks_total{outcome="redirected"}'))
    assert eventually("rows in the metrics", lambda: value('clickledger_pipeline_rows_total{table="clicks"}'))
    eventually("an empty backlog", lambda: value("clickledger_journal_backlog_events") == 0)
    assert value("clickledger_snapshot_version") >= 1


def test_every_role_ends_in_time_when_it_is_asked_to(hosts, ids):
    click_id = hosts.click(ids, sub1="last")
    for name in ("edge0", "edge1", "pipeline"):
        status, seconds = hosts.end(name)
        assert status == 0, hosts.log(name)
        assert seconds < 10
    # The pipeline drained the journals before it ended.
    assert hosts.exported("last") == {click_id: 1}
    status, seconds = hosts.end("web")
    assert status == 0, hosts.log("web")
    assert seconds < 10
