"""Waits that end: each names what it waited for.

A test never waits without a limit for another thread or process, which may have died before it did its part. The
limits are for a machine on which much else runs; a quiet one needs a hundredth of them.
"""

from __future__ import annotations

import select
import subprocess
import threading
from typing import Any

PATIENCE_SECONDS = 60.0


def join(*threads: threading.Thread, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until threads have ended."""
    for thread in threads:
        thread.join(seconds)
        assert not thread.is_alive(), f"waited {seconds:.0f} s for the thread {thread.name} to end"


def ended(process: subprocess.Popen[Any], seconds: float = PATIENCE_SECONDS) -> int:
    """Wait until a process has ended and return its status; one that doesn't is killed and a failure."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(seconds)
        raise AssertionError(f"waited {seconds:.0f} s for {process.args} to end") from None


def line_of(process: subprocess.Popen[str], what: str, seconds: float = PATIENCE_SECONDS) -> str:
    """Return the next line of a process's output; '' when it has ended.

    Nothing may be left of what was read before: the pipe is asked, not the text that lies before it.
    """
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], seconds)
    assert readable, f"waited {seconds:.0f} s for {what}"
    return process.stdout.readline()
