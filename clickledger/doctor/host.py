"""Checks of the machine: data directory, its file system and disk, file descriptors, clock."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from clickledger.doctor.finding import Finding, ok, problem, warning
from kernel.settings import Settings
from tracker.journal import DIRECTORY as JOURNALS

GIB: Final = 1024**3

LEAST_FREE: Final = 1 * GIB
"""Below this a burst of clicks during an outage of the event store can fill the disk within minutes."""
GOOD_FREE: Final = 10 * GIB

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "virtiofs", "vboxsf"}
)
"""An fsync there is the other side's promise, and SQLite's locks often are nobody's."""
MEMORY_FILE_SYSTEMS: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
CONTAINER_FILE_SYSTEMS: Final = frozenset({"overlay", "aufs"})

SLOW_FSYNC_SECONDS: Final = 0.05
"""Every visitor waits for a group commit; beyond this they notice."""
FSYNC_PROBES: Final = 8
PROBE_BYTES: Final = 4096

LEAST_OPEN_FILES: Final = 1024
GOOD_OPEN_FILES: Final = 16_384
"""A visitor's kept-alive connection is a descriptor."""

EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""clickledger is younger than nothing before this; a clock that says less was never set."""
CLOCK_TOLERANCE_SECONDS: Final = 5.0


def existing_ancestor(path: Path) -> Path:
    """Return the path, or the nearest directory above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def data_directory(chosen: Settings) -> Iterator[Finding]:
    """Check that the data directory can be written and has room."""
    name = "data directory"
    where = existing_ancestor(chosen.data_dir)
    if not where.is_dir():
        yield problem(name, f"{where} is not a directory", "Choose another CLICKLEDGER_DATA_DIR.")
        return
    try:
        with _probe(where) as descriptor:
            os.write(descriptor, b"x")
    except OSError as why:
        yield problem(
            name,
            f"{where} can't be written: {why.strerror}",
            f"Give it to the service's user with chown and chmod u+rwx {where}, or choose another "
            "CLICKLEDGER_DATA_DIR.",
        )
        return
    if where == chosen.data_dir:
        yield ok(name, f"{where} can be written")
    else:
        yield ok(name, f"{chosen.data_dir} will be made at the first start")
    usage = shutil.disk_usage(where)
    free = f"{usage.free / GIB:.1f} GiB free of {usage.total / GIB:.1f}"
    advice = (
        "Make room: journals grow there while the event store is away, and clicks are refused when it is full."
    )
    if usage.free < LEAST_FREE:
        yield problem("free space", free, advice)
    elif usage.free < GOOD_FREE:
        yield warning("free space", free, advice)
    else:
        yield ok("free space", free)


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    type: str


def mount_of(path: Path, table: str) -> Mount | None:
    """Return the mount that holds ``path`` by a Linux mountinfo table, None when none does."""
    best: Mount | None = None
    for line in table.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or not kind:
            continue
        # Spaces and the like are written as octal escapes.
        point = Path(fields[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace"))
        # Of two mounts on one point the later one covers the earlier.
        if path.is_relative_to(point) and (best is None or len(point.parts) >= len(best.point.parts)):
            best = Mount(point, kind[0])
    return best


def file_system(chosen: Settings) -> Iterator[Finding]:
    """Check that the data directory lies where an fsync means something."""
    name = "file system"
    try:
        table = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    except OSError:
        yield ok(name, "not known on this system", "Make sure the data directory is on a local disk.")
        return
    mount = mount_of(chosen.data_dir, table)
    yield judge_file_system(name, mount.type if mount else "unknown")


def judge_file_system(name: str, kind: str) -> Finding:
    """Return what a file system's type means for the journal."""
    if kind in NETWORK_FILE_SYSTEMS:
        return warning(
            name,
            f"the data directory is on {kind}, a network file system",
            "An fsync there may prove nothing and locks may not hold; use a local disk for CLICKLEDGER_DATA_DIR.",
        )
    if kind in MEMORY_FILE_SYSTEMS:
        return warning(
            name,
            f"the data directory is on {kind}: acknowledged clicks are lost with the power",
            "Use a disk for CLICKLEDGER_DATA_DIR.",
        )
    if kind in CONTAINER_FILE_SYSTEMS:
        return warning(
            name,
            f"the data directory is on {kind}: it goes when the container is removed",
            "Mount a volume at CLICKLEDGER_DATA_DIR.",
        )
    return ok(name, f"the data directory is on {kind}")


def fsync_speed(chosen: Settings) -> Iterator[Finding]:
    """Measure how long a write waits for the disk."""
    name = "fsync"
    seconds = []
    try:
        with _probe(existing_ancestor(chosen.data_dir)) as descriptor:
            for _ in range(FSYNC_PROBES):
                os.write(descriptor, bytes(PROBE_BYTES))
                begin = time.perf_counter()
                os.fsync(descriptor)
                seconds.append(time.perf_counter() - begin)
    except OSError as why:
        yield problem(name, f"could not be measured: {why.strerror}", "Make the data directory writable.")
        return
    typical = median(seconds)
    took = f"a 4 KiB write is on disk after {typical * 1000:.2f} ms"
    if typical > SLOW_FSYNC_SECONDS:
        yield warning(name, took, "Every redirect waits that long; use a faster disk for CLICKLEDGER_DATA_DIR.")
    else:
        yield ok(name, took)


def open_files(_chosen: Settings) -> Iterator[Finding]:
    """Check how many connections and files a process may hold open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield judge_open_files(soft, hard)


def judge_open_files(soft: int, hard: int) -> Finding:
    """Return what the limits on open files mean; -1 is no limit."""
    name, unlimited = "open files", resource.RLIM_INFINITY
    shown = "unlimited" if soft == unlimited else f"{soft}"
    advice = f"Raise it: ulimit -n {GOOD_OPEN_FILES}, or LimitNOFILE= in the systemd unit (hard limit: {hard})."
    if soft != unlimited and soft < LEAST_OPEN_FILES:
        return problem(name, f"a process may open {shown} files", advice)
    if soft != unlimited and soft < GOOD_OPEN_FILES:
        return warning(name, f"a process may open {shown} files: so many visitors at once", advice)
    return ok(name, f"a process may open {shown} files")


def clock(chosen: Settings) -> Iterator[Finding]:
    """Check that the clock was set and did not go backwards; click ids and attribution stand on it."""
    newest = max((_modified(p) for p in (chosen.data_dir / JOURNALS).glob("*")), default=0.0)
    yield judge_clock(time.time(), newest)


def judge_clock(now: float, newest: float) -> Finding:
    """Return what the time and the newest journal's time, both in seconds since 1970, mean."""
    name, advice = "clock", "Keep the clock right with chrony, systemd-timesyncd or the host's own service."
    shown = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    if now < EARLIEST.timestamp():
        return problem(name, f"it is not {shown}", advice)
    if newest > now + CLOCK_TOLERANCE_SECONDS:
        return warning(
            name, f"a journal is {newest - now:.0f} s younger than now, {shown}: the clock was set back", advice
        )
    return ok(name, f"it is {shown}")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0  # deleted by a running pipeline between listing and looking


class _probe:  # noqa: N801 - used like a function
    """A file in a directory for the length of a ``with`` block, as a descriptor."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f".doctor-{secrets.token_hex(4)}"

    def __enter__(self) -> int:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return self._descriptor

    def __exit__(self, *_raised: object) -> None:
        os.close(self._descriptor)
        self._path.unlink()
