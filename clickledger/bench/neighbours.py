"""What other processes of this machine did meanwhile: a measurement they disturbed is made again."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

DISTURBED_PROCESSORS = 0.25
"""Work of others, in processors, from which on a measurement is made again."""
TRIES = 5
_QUIET_SECONDS = 5.0
"""Longest wait for a quiet moment before a try."""
_GLANCE_SECONDS = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")
_STAT = Path("/proc/stat")


class Neighbours:
    """Watches everything that runs on this machine but us, our finished children, and our servers."""

    def __init__(self, servers: Iterable[int]) -> None:
        """Tell which processes are ours, by their ids."""
        self._servers = tuple(servers)
        self.disturbed = 0
        """Measurements that were made again."""

    def undisturbed(self, measure: Callable[[], Result]) -> Result:
        """Return the first result nobody disturbed, or the last after ``TRIES``."""
        for _ in range(TRIES):
            self._wait_for_quiet()
            begin, moment = self._others(), time.monotonic()
            result = measure()
            if (self._others() - begin) / (time.monotonic() - moment) < DISTURBED_PROCESSORS:
                return result
            self.disturbed += 1
        return result

    def _wait_for_quiet(self) -> None:
        deadline = time.monotonic() + _QUIET_SECONDS
        while time.monotonic() < deadline:
            begin = self._others()
            time.sleep(_GLANCE_SECONDS)
            if (self._others() - begin) / _GLANCE_SECONDS < DISTURBED_PROCESSORS:
                return

    def _others(self) -> float:
        """Return the seconds of processor time others took since the machine started; 0 where it isn't told."""
        if not _STAT.exists():
            return 0.0
        user, nice, system, _idle, _waiting, *interrupts = map(
            int, _STAT.read_text().split("\n", 1)[0].split()[1:9]
        )
        seconds = (user + nice + system + sum(interrupts)) / _TICKS
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            used = resource.getrusage(who)
            seconds -= used.ru_utime + used.ru_stime
        for pid in self._servers:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds -= (int(fields[11]) + int(fields[12])) / _TICKS
        return seconds
