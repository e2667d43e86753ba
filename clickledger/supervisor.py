"""``clickledger up``: one process that starts, watches and ends the others.

Children: a Valkey server on a unix socket (unless a Redis is configured), the backend, the edge workers, and
what else is asked for once those answer.

Invariants:

- One supervisor per data directory, held by a lock that ends with the process.
- A child that dies is started again, with a growing pause, also when the disk is full or no process can be
  made; one that can't start at first ends the whole with its own sentence. Children end by themselves when
  the supervisor is gone.
- Ending is in the order of the data: edges first (nothing new is acknowledged), then the backend (ships
  what is left), then Valkey; within ``END_SECONDS``, whatever happens.
- ``run.json`` appears only when everything answers.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import httpx2

from clickledger.children import Child, StartFailedError, backend, edges, valkey
from clickledger.running import Running, local_url, remove_run_file, write_run_file
from kernel import metrics
from kernel.auth import admin_key
from kernel.errors import CANNOT_START
from kernel.logging import log
from kernel.settings import Settings
from tracker.click_id import load_keys

LOCK_FILE = "supervisor.lock"
END_SECONDS = 10.0
_PATIENCE = {"demo": 0.1, "edge": 2.0, "backend": 7.0, "valkey": 0.8}
"""Seconds each role gets to end by itself; together less than ``END_SECONDS``."""
_TICK_SECONDS = 0.05
READY_SECONDS = 60.0
_PORT_SECONDS = 3.0
"""After an unclean end, the predecessors' children may hold the ports for a moment."""


class Supervisor:
    """Runs the whole service of one data directory."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._children: list[Child] = []
        self._ending = False
        self._lock = -1

    def start(self) -> None:
        """Start everything and return when it answers.

        Raises:
            ClickledgerError: ``cannot_start`` with the reason; whatever was started is ended again.

        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)
        self._take_directory()
        chosen = self._settings
        try:
            for name, host, port in (
                ("edge", chosen.edge_host, chosen.edge_port),
                ("web", chosen.web_host, chosen.web_port),
            ):
                _check_port(name, host, port)
            admin_key(chosen, create=True)
            load_keys(chosen, create=True)
            metrics.clean(chosen)
            if not chosen.redis_url.get_secret_value():
                self._children.append(valkey(chosen))
            self._children += [backend(chosen), *edges(chosen)]
            for child in self._children:
                child.start()
            self._wait_ready()
        except BaseException:
            self.end()
            raise
        self._write_run_file()

    def _take_directory(self) -> None:
        directory = self._settings.data_dir
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _try_writing(directory)
        except OSError as why:
            raise CANNOT_START.error(f"The data directory {directory} can't be written: {why.strerror}.") from why
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as why:
            raise CANNOT_START.error(
                f"The data directory {directory} is in use by another clickledger; stop it or choose "
                "another with --data-dir."
            ) from why

    def add(self, children: Sequence[Child]) -> None:
        """Start more children; nothing waits until they are ready."""
        for child in children:
            child.start()
            self._children.append(child)
        if children:
            self._write_run_file()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        for child in self._children:
            while not child.is_ready():
                if self._ending:
                    raise CANNOT_START.error("Asked to end while starting.")
                if time.monotonic() > deadline:
                    raise CANNOT_START.error(f"{child.name} did not become ready within {READY_SECONDS:.0f} s.")
                time.sleep(_TICK_SECONDS)
        for url in (
            f"{local_url(self._settings.edge_host, self._settings.edge_port)}/readyz",
            f"{local_url(self._settings.web_host, self._settings.web_port)}/readyz",
        ):
            _wait_answer(url, deadline)

    def _write_run_file(self) -> None:
        children: dict[str, list[int]] = {}
        for child in self._children:
            if child.pid:
                children.setdefault(child.role, []).append(child.pid)
        chosen = self._settings
        running = Running(chosen.edge_url, chosen.web_url, os.getpid(), children, version("clickledger"))
        write_run_file(chosen.data_dir, running)

    def watch(self) -> None:
        """Start again what dies, until asked to end."""
        untold = ""
        while not self._ending:
            changed = [child.tend(time.monotonic()) for child in self._children]
            if any(changed) or untold:
                why = self._tell()
                if why != untold and why:
                    log("supervisor").warning("run_file_not_written", why=why)
                untold = why
            time.sleep(_TICK_SECONDS)

    def _tell(self) -> str:
        """Write run.json; return why that failed: a full disk must not end what still runs."""
        try:
            self._write_run_file()
        except OSError as why:
            return str(why)
        return ""

    def _asked_to_end(self, _number: int, _frame: object) -> None:
        self._ending = True

    def end(self) -> None:
        """End every child in order, by force where asking is not enough."""
        self._ending = True
        deadline = time.monotonic() + END_SECONDS
        for role, patience in _PATIENCE.items():
            own = [child for child in self._children if child.role == role]
            for child in own:
                child.ask_to_end()
            until = min(time.monotonic() + patience, deadline)
            for child in own:
                child.wait_end(until)
        remove_run_file(self._settings.data_dir)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def run(chosen: Settings, on_ready: Callable[[], Sequence[Child]]) -> None:
    """Run the service until asked to end.

    Args:
        chosen: The settings.
        on_ready: Called when everything answers; returns more children to start and look after.

    Raises:
        ClickledgerError: ``cannot_start``.

    """
    supervisor = Supervisor(chosen)
    try:
        supervisor.start()
    except StartFailedError as why:
        raise CANNOT_START.error(str(why)) from why
    try:
        supervisor.add(on_ready())
        supervisor.watch()
    finally:
        log("supervisor").info("ending")
        supervisor.end()


def _try_writing(directory: Path) -> None:
    trial = directory / f".writable.{os.getpid()}"
    trial.write_bytes(b"")
    trial.unlink()


def _check_port(name: str, host: str, port: int) -> None:
    """Find out whether a port is free; the workers share theirs, so they would not notice a stranger of ours."""
    deadline = time.monotonic() + _PORT_SECONDS
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as why:
                if time.monotonic() > deadline:
                    raise CANNOT_START.error(
                        f"Port {port} of {host or 'this machine'} can't be used for the {name} role "
                        f"({why.strerror}); choose another with --{name}-port."
                    ) from why
            else:
                return
        time.sleep(0.1)


def _wait_answer(url: str, deadline: float) -> None:
    with httpx2.Client(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(_TICK_SECONDS)
    raise CANNOT_START.error(f"{url} did not answer in time.")
