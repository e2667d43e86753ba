"""How every role's process begins: logs, metrics, faults, and its tie to the supervisor.

A supervised process says through a pipe when it is ready, or in one sentence why it can't start, and
ends at once when its supervisor is gone: whatever it was doing is safe in a journal or was never
acknowledged.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator

from kernel import faults, logging, metrics
from kernel.errors import ClickledgerError
from kernel.settings import Settings

READY_FD = "CLICKLEDGER_SUPERVISED_FD"
"""Environment variable: the pipe's descriptor in a supervised process."""
SUPERVISOR_PID = "CLICKLEDGER_SUPERVISED_BY"
"""Environment variable: whose child a supervised process is."""
READY = b"ready\n"
CANNOT_START_STATUS = 78
"""Exit status of a process that can't start and said why (EX_CONFIG in sysexits.h)."""
_WATCH_SECONDS = 0.2


@contextlib.contextmanager
def role(chosen: Settings, name: str, folder: str) -> Iterator[None]:
    """Run a role's process inside this block.

    Args:
        chosen: The settings.
        name: On every log line, like edge0.
        folder: The role's folder of metrics.

    """
    logging.configure(chosen, name)
    if chosen.fault_injection:
        faults.enable(chosen.data_dir / "faults")
    watch_supervisor()
    try:
        metrics.start(chosen, folder)
        yield
    except ClickledgerError as why:
        _tell(f"{why.message}\n".encode())
        sys.stderr.write(f"{name}: {why.message}\n")
        sys.exit(CANNOT_START_STATUS)
    except OSError as why:
        sentence = f"{name} can't start: {why}."
        _tell(f"{sentence}\n".encode())
        sys.stderr.write(f"{sentence}\n")
        sys.exit(CANNOT_START_STATUS)
    finally:
        metrics.stop()


def settle_memory() -> None:
    """Take what is loaded now out of the garbage collector's sight, and let it look less often.

    Events and rows are made and dropped by the ten thousand and form no cycles; at the default
    thresholds a quarter of the pipeline's time went into looking at them (measured on batches of 20,000).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def say_ready() -> None:
    """Tell the supervisor, if there is one, that this process serves."""
    _tell(READY)


def _tell(message: bytes) -> None:
    descriptor = os.environ.pop(READY_FD, "")
    if descriptor:
        # A supervisor that was killed meanwhile reads nothing; the watch ends this process, not an error.
        with contextlib.suppress(BrokenPipeError), os.fdopen(int(descriptor), "wb") as pipe:
            pipe.write(message)


def watch_supervisor() -> None:
    """End this process when its supervisor is gone."""
    supervisor = int(os.environ.get(SUPERVISOR_PID, "0"))
    if not supervisor:
        return

    def watch() -> None:
        while os.getppid() == supervisor:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()
