"""The real service as a crash run sees it: something to kill by pid, to disturb by file and to start again.

Only processes of this run are ended: the supervisor this object started, and the children that supervisor
names in its run.json.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from clickledger.running import Running, read_run_file
from tests.support.running_service import END_SECONDS, START_SECONDS, RunningService
from tests.support.waiting import ended

T = TypeVar("T")

COME_BACK_SECONDS = 60.0
"""Within this a killed child must run again; the longest pause between restarts is a sixth of it."""
GONE_SECONDS = 10.0
"""Within this the children of a killed supervisor must have ended by themselves."""
END_WITHIN_SECONDS = 10.0
"""The service promises to end within this when asked to."""


class NotDoneError(Exception):
    """Something the service must do did not happen in time."""


class Victim(RunningService):
    """One service over all its lives."""

    def __init__(self, data_dir: Path, **chosen: object) -> None:
        super().__init__(data_dir, fault_injection=True, **chosen)
        self._faults = data_dir / "faults"
        self._dead: set[int] = set()

    def lives(self) -> bool:
        """Tell whether the supervisor runs."""
        return self.process is not None and self.process.poll() is None

    def children(self) -> dict[str, list[int]]:
        """Return the living children's pids by role, as the supervisor in charge names them."""
        running = read_run_file(self.data_dir)
        if running is None or not self.lives() or self.process is None or running.pid != self.process.pid:
            return {}
        return {
            role: [pid for pid in pids if pid not in self._dead and is_running(pid)]
            for role, pids in running.children.items()
        }

    def child(self, role: str) -> list[int]:
        """Return the pids of a role as soon as there are any."""
        return _wait(f"a running {role}", COME_BACK_SECONDS, lambda: self.children().get(role) or None)

    def kill(self, pid: int) -> None:
        """Kill a child without warning."""
        self._dead.add(pid)
        os.kill(pid, signal.SIGKILL)

    def freeze(self, pid: int) -> None:
        """Stop a child from answering until ``thaw``."""
        os.kill(pid, signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        """Let a frozen child go on, if it still is there."""
        if is_running(pid):
            os.kill(pid, signal.SIGCONT)

    def order(self, point: str, what: str) -> None:
        """Ask whoever comes to a fault point to ``kill`` itself or to ``fail``."""
        self._faults.mkdir(parents=True, exist_ok=True)
        fresh = self._faults.with_name(f"order.{point}")
        fresh.write_text(what)
        fresh.replace(self._faults / point)

    def withdraw(self, point: str) -> None:
        """Let a fault point be harmless again."""
        (self._faults / point).unlink(missing_ok=True)

    def kill_at(self, point: str) -> None:
        """Have the next process that comes to a fault point die there; it takes the order away as it dies."""
        self.order(point, "kill")
        path = self._faults / point
        _wait(f"a process to die at {point}", COME_BACK_SECONDS, lambda: not path.exists())

    def kill_supervisor(self) -> set[int]:
        """Kill the supervisor; return the children it leaves behind."""
        assert self.process is not None
        orphans = {pid for pids in self.children().values() for pid in pids}
        self.process.kill()
        ended(self.process)
        self._dead |= orphans
        return orphans

    def wait_gone(self, pids: set[int]) -> None:
        """Wait until orphans ended by themselves."""
        _wait(f"the orphans {sorted(pids)} to end", GONE_SECONDS, lambda: not any(map(is_running, pids)))

    def end_in_order(self) -> float:
        """Ask the service to end; return the seconds it took."""
        children = {pid for pids in self.children().values() for pid in pids}
        seconds = self.end()
        self._dead |= children
        if any(map(is_running, children)):
            raise NotDoneError("the service ended and left children behind")
        return seconds

    def start_again(self) -> Running:
        """Start it over the same data; return run.json."""
        self.spawn()

        def ready() -> Running | None:
            if not self.lives():
                raise NotDoneError(f"the service could not start again: {self.log()[-2000:]}")
            running = read_run_file(self.data_dir)
            return running if running and self.process and running.pid == self.process.pid else None

        return _wait("the service to start again", START_SECONDS, ready)

    def close(self) -> None:
        """End it by force if it still runs, and whatever it left."""
        for pid in self.children().get("valkey", []):
            self.thaw(pid)
        if self.process is not None and self.lives():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                ended(self.process)
        self.http.close()


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that waits for its parent to take note of its end does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _wait(what: str, seconds: float, condition: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise NotDoneError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.01)
    return answer
