"""How much memory this process holds while something is done."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def watched_memory() -> Iterator[dict[str, int]]:
    """Watch this process's resident memory, in MiB: ``before`` the block and at its ``highest``."""

    def resident() -> int:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 2**20

    memory = {"before": resident(), "highest": 0}
    ending = threading.Event()

    def watch() -> None:
        while not ending.wait(0.02):
            memory["highest"] = max(memory["highest"], resident())

    thread = threading.Thread(target=watch, name="memory")
    thread.start()
    try:
        yield memory
    finally:
        ending.set()
        thread.join()
