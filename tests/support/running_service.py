"""The whole service in child processes, for tests that use it as a person does."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from clickledger.running import Running, read_run_file
from clickledger.service import Service
from tests.support.waiting import ended

START_SECONDS = 90
"""A loaded machine with two cores may need most of it."""
END_SECONDS = 30


# Below the range the kernel hands out to outgoing connections, and a part of it for each test process:
# a port must still be free a moment later, when the service that was told of it starts.
_PORTS_PER_PROCESS = 2_000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_CANDIDATES = itertools.cycle(
    range(20_000 + _WORKER % 6 * _PORTS_PER_PROCESS, 20_000 + (_WORKER % 6 + 1) * _PORTS_PER_PROCESS)
)
# Two runs of the suite side by side begin at different places.
for _ in range(os.getpid() * 7 % _PORTS_PER_PROCESS):
    next(_CANDIDATES)


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on and no other test process is given."""
    ports: list[int] = []
    while len(ports) < count:
        port = next(_CANDIDATES)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        ports.append(port)
    return ports


def eventually(what: str, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return the first true answer of ``condition``; fail naming what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


class RunningService:
    """One ``clickledger up`` on ports and a data directory of its own."""

    def __init__(self, data_dir: Path, **chosen: Any) -> None:
        self.data_dir = data_dir
        edge, web = free_ports(2)
        values = {"data_dir": data_dir, "edge_port": edge, "web_port": web, "edge_workers": 2, **chosen}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CLICKLEDGER_")}
        self.environment |= {f"CLICKLEDGER_{name.upper()}": str(value) for name, value in values.items()}
        self.edge_url = f"http://127.0.0.1:{edge}"
        self.web_url = f"http://127.0.0.1:{web}"
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx2.Client(trust_env=False, timeout=30)

    def start(self) -> Running:
        """Start it and wait until it is ready."""
        self.spawn()
        return eventually("run.json of this process", self._ready, START_SECONDS)

    def spawn(self) -> None:
        """Start it without waiting."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "clickledger", "up"], env=self.environment, stdout=log, stderr=log
            )

    def _ready(self) -> Running | None:
        assert self.process is not None
        assert self.process.poll() is None, f"the service ended: {self.log()[-2000:]}"
        running = read_run_file(self.data_dir)
        return running if running and running.pid == self.process.pid else None

    def log(self) -> str:
        """Return what it and its children wrote."""
        return (self.data_dir / "service.log").read_text(errors="replace")

    def running(self) -> Running:
        """Return run.json as it is now."""
        found = read_run_file(self.data_dir)
        assert found is not None
        return found

    def end(self) -> float:
        """Ask it to end; return the seconds that took."""
        assert self.process is not None
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        ended(self.process, END_SECONDS)
        return time.monotonic() - begin

    def api(self) -> Service:
        """Return the admin API."""
        return Service(self.web_url, (self.data_dir / "admin.key").read_text().strip())

    def command(self, *words: Any, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a clickledger command against it."""
        done = subprocess.run(
            [sys.executable, "-m", "clickledger", *map(str, words)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def click(self, path: str, **headers: str) -> httpx2.Response:
        """Click a link as a person's browser does."""
        browser = {
            "User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/141.0.0.0 Mobile Safari/537.36",
            "Accept-Language": "de-DE,de;q=0.9",
        }
        return self.http.get(self.edge_url + path, headers=browser | headers, follow_redirects=False)

    def report(self, **query: Any) -> list[dict[str, Any]]:
        """Ask for a report over all time."""
        body = {"from": "2020-01-01", "to": "2099-01-01", **query}
        rows: list[dict[str, Any]] = self.api().post("/api/v1/reports/query", body)["rows"]
        return rows

    def close(self) -> None:
        """End it by force if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                ended(self.process)
        self.http.close()


def make_program(service: RunningService) -> dict[str, int]:
    """Make an advertiser, a partner, an offer and a link by the command line; return their ids."""
    ids = {}
    for kind, words in {
        "advertiser": ("Shop",),
        "partner": ("Nora",),
        "offer": (
            "Shoes", "--advertiser", "Shop", "--url", "https://shop.example/?cid={click_id}",
            "--payout", "1.50", "--revenue", "2", "--currency", "EUR",
        ),
        "link": ("--partner", "Nora", "--offer", "Shoes", "--code", "nora1", "--param", "sub1=spring"),
    }.items():  # fmt: skip
        ids[kind] = json.loads(service.command(kind, "create", *words, "--json").stdout)["id"]
    return ids
