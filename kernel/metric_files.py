"""The files in which processes keep their metrics, below ``data_dir/metrics/<role>``.

A file holds one kind of metric of one process, ``<kind>_<pid>.db``; prometheus_client maps it into
memory. Invariants: a file's blocks are on the disk before it is mapped; a starting process takes over
the sums of an ended one, so they never shrink and files never pile up; levels (gauges) of an ended
process are removed. Process ids must mean the same to all of a role's processes: containers do not share
this directory.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final

from kernel.metric_names import METRICS
from kernel.settings import Settings

DIRECTORY: Final = "metrics"
"""Below the data directory; one folder for each role in it."""

_FILE_BYTES: Final = 1024 * 1024
"""What the library gives a file; room for some 4,000 series."""

_MODES: Final = sorted({metric.across_processes for metric in METRICS if metric.kind == "gauge"})


def make_room(directory: Path) -> None:
    """Make this process's files with every block in place, or take over an ended process's.

    The library maps sparse files into memory; a write to one on a full disk would end the process with
    SIGBUS, and a full disk is when the edge must go on answering. Taking over keeps sums from shrinking
    and files from piling up over restarts; a level of an ended process says nothing any more.
    """
    directory.mkdir(parents=True, exist_ok=True)
    own = os.getpid()
    for path in directory.glob("*.db"):
        kind, _, owner = path.stem.rpartition("_")
        if kind.startswith("gauge") and (int(owner) == own or _ended(int(owner))):
            path.unlink(missing_ok=True)
    for kind in ("counter", "histogram", *(f"gauge_{mode}" for mode in _MODES)):
        path = directory / f"{kind}_{own}.db"
        if not path.exists() and not _take_over(directory, kind, path):
            unfinished = path.with_suffix(".new")
            unfinished.write_bytes(bytes(_FILE_BYTES))
            unfinished.rename(path)


def _take_over(directory: Path, kind: str, path: Path) -> bool:
    for left in directory.glob(f"{kind}_*.db"):
        if _ended(int(left.stem.rpartition("_")[2])):
            try:
                left.rename(path)
            except FileNotFoundError:
                continue  # another process that starts now was faster
            return True
    return False


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Files:
    """Collects the files of every role."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def collect(self) -> Any:
        """Return the metrics of all files; prometheus_client calls this."""
        from prometheus_client.multiprocess import MultiProcessCollector

        while True:
            try:
                files = [str(path) for path in sorted(self._root.glob("*/*.db"))]
                return MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # untyped library
            except FileNotFoundError:
                # A role was just started anew and cleaned its folder; what is left is read again.
                continue


def clean(chosen: Settings, role: str | None = None) -> None:
    """Remove the values of an earlier boot: of one role, or of all. Only before its processes start."""
    root = chosen.data_dir / DIRECTORY
    shutil.rmtree(root / role if role else root, ignore_errors=True)


def forget(chosen: Settings, pid: int) -> None:
    """Remove the gauges of a process that ended; its counters stay, so that sums never shrink."""
    for path in (chosen.data_dir / DIRECTORY).glob(f"*/gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)
