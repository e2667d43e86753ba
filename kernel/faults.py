"""Named points at which a crash test can kill or fail a process. Off unless the setting says so.

A point is hit by ``faults.point("journal.before_fsync")``. When fault injection is on and the file
``data_dir/faults/<name>`` exists, its content decides: ``kill`` removes the file and sends this process
SIGKILL, ``fail`` raises ``OSError`` for as long as the file exists. When it is off, a point costs one
attribute test, and points stand only where a batch passes, never on the path of a single request.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

_directory: Path | None = None

POINTS = (
    "journal.after_append",
    "journal.before_fsync",
    "journal.after_fsync",
    "pipeline.before_insert",
    "pipeline.insert",
    "pipeline.after_insert",
    "pipeline.before_checkpoint",
    "conversions.before_outbox",
    "conversions.after_outbox",
)
OUTBOUND_POINTS = ("outbound.before_record",)
"""Passed only where a hook is told of conversions."""
RESCORING_POINTS = ("rescoring.staged", "rescoring.committed", "rescoring.half_replaced", "rescoring.replaced")
"""Passed only where a range takes new verdicts."""


def enable(directory: Path) -> None:
    """Look for fault files in ``directory`` from now on."""
    global _directory  # noqa: PLW0603 - one switch per process, set once at start
    directory.mkdir(parents=True, exist_ok=True)
    _directory = directory


def point(name: str) -> None:
    """Die or fail here if a crash test asked for it."""
    if _directory is None:
        return
    path = _directory / name
    try:
        order = path.read_text().strip()
    except OSError:
        return
    if order == "kill":
        path.unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "fail":
        raise OSError(f"fault injected at {name}")
