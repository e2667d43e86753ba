"""Lets the embedded engine forget deduplication tokens whose rows it never got to keep.

An insert makes a part under a temporary name, writes its token into the table's deduplication log and then
gives the part its own name. A process killed between the last two leaves a token without rows: tried again,
the insert is taken for a repetition and its rows are lost. So before the engine opens its directory, the
tokens of parts that aren't there are taken out of the logs.

Invariants: only for a directory no engine has open; a token goes only if its part is newer than every part
the table has. Blocks are numbered upwards in each table, so such a part can't have been merged into another
one, and one that was dropped on purpose is kept known by what was written after it. A line that isn't
understood stays.

A replicated table writes token and part in one transaction and doesn't need this.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from kernel.logging import log

_LOGS = "store/*/*/deduplication_logs"
"""Below the engine's directory: one directory of logs per table, beside the table's parts."""
_PART = re.compile(r"[^_]+_(?P<least>\d+)_(?P<most>\d+)_\d+(_\d+)?")
"""Partition, least and greatest block, level, and the mutation, if any."""
_ADDED = "1"
"""First field of a line: the part was added, with the token in the third field. 2: it was dropped."""


def forget_lost_tokens(directory: Path) -> int:
    """Take the tokens of parts that were never kept out of the deduplication logs.

    Args:
        directory: The embedded engine's directory, which no process has open.

    Returns:
        How many were forgotten.

    Raises:
        OSError: the directory can't be read or written.

    """
    forgotten = 0
    for logs in directory.glob(_LOGS):
        newest = max(
            (int(found["most"]) for part in logs.parent.iterdir() if (found := _PART.fullmatch(part.name))),
            default=0,
        )
        for path in logs.glob("deduplication_log_*.txt"):
            forgotten += _forget_newer(path, newest, directory / "deduplication_log.fresh")
    if forgotten:
        log("event_store").warning("lost_inserts_will_be_repeated", parts=forgotten)
    return forgotten


def _forget_newer(path: Path, newest: int, fresh: Path) -> int:
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not _is_lost(line, newest)]
    if len(kept) == len(lines):
        return 0
    # Not beside the logs: the engine takes every name there for a log's.
    with fresh.open("w") as file:
        file.writelines(kept)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return len(lines) - len(kept)


def _is_lost(line: str, newest: int) -> bool:
    operation, _, rest = line.partition("\t")
    part = _PART.fullmatch(rest.partition("\t")[0])
    return operation == _ADDED and part is not None and int(part["least"]) > newest
