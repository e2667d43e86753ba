"""The servers that are compared, each one process on loopback, started for a measurement and ended with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clickledger import children
from kernel.settings import Settings
from tracker import snapshot
from tracker.click_id import load_keys
from tracker.snapshot import Snapshot

START_SECONDS = 60.0
END_SECONDS = 20.0
_NGINX = """
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {place}/body;
  proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi;
  scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 302 https://shop.example/landing?cid=0123456789abcdef0123456789abcdef; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    pid: int


def free_port() -> int:
    """Return a port the kernel gave; closed again just before a server takes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def memory_mib(pid: int) -> dict[str, float]:
    """Return a process's resident memory now and at its highest, in MiB."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "resident_mib": round(int(fields["VmRSS"].split()[0]) / 1024, 1),
        "highest_mib": round(int(fields["VmHWM"].split()[0]) / 1024, 1),
    }


@contextmanager
def bare() -> Iterator[Server]:
    """Serve the bare redirect."""
    port = free_port()
    with _running([sys.executable, "-m", "clickledger.bench.bare", str(port)], port) as pid:
        yield Server(f"http://127.0.0.1:{port}/click", pid)


@contextmanager
def edge(data_dir: Path, program: Snapshot | None = None) -> Iterator[Server]:
    """Serve clicks with one edge worker of ours, its journal below ``data_dir``; no other role runs.

    Args:
        data_dir: Made here when it isn't there.
        program: What it shall know; None: what the directory holds.

    """
    data_dir.mkdir(parents=True, exist_ok=True)
    load_keys(Settings(data_dir=data_dir), create=True)
    if program is not None:
        snapshot.save(data_dir, snapshot.encode(program))
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CLICKLEDGER_")},
        "CLICKLEDGER_DATA_DIR": str(data_dir),
        "CLICKLEDGER_EDGE_PORT": str(port),
    }
    with _running([sys.executable, "-m", "clickledger.roles", "edge"], port, environment) as pid:
        yield Server(f"http://127.0.0.1:{port}/click", pid)


@contextmanager
def valkey(data_dir: Path) -> Iterator[int]:
    """Run the product's own Valkey where the roles of ``data_dir`` look for it; yields its process id.

    Raises:
        ClickledgerError: ``cannot_start`` when it isn't installed.

    """
    data_dir.mkdir(parents=True, exist_ok=True)
    child = children.valkey(Settings(data_dir=data_dir))
    try:
        child.start()
        deadline = time.monotonic() + START_SECONDS
        while not child.is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError("Valkey did not start")
            time.sleep(0.05)
        yield child.pid
    finally:
        child.ask_to_end()
        child.wait_end(time.monotonic() + END_SECONDS)


@contextmanager
def nginx(place: Path) -> Iterator[Server | None]:
    """Serve ``return 302`` with nginx; None when it isn't installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    place.mkdir(parents=True)
    port = free_port()
    config = place / "nginx.conf"
    config.write_text(_NGINX.format(place=place, port=port))
    with _running([program, "-p", str(place), "-c", str(config)], port) as pid:
        yield Server(f"http://127.0.0.1:{port}/click", pid)


@contextmanager
def _running(command: Sequence[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run a server until the block ends; yields its process id once it takes connections."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
