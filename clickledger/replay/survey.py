"""The first of two passes over a log: what is in it, before anything is sent.

Partners and offers must exist before their first click, and a progress bar needs to know its end. Only
distinct names are kept, so memory grows with the program, not with the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tracker.intake import BadLine, LogRow, read_log
from tracker.intake.errors import LOG_UNREADABLE

SHOWN_BAD_LINES = 20
"""Enough to see what is wrong with a file; the rest is counted."""


@dataclass(slots=True)
class Survey:
    """What a log holds."""

    partners: dict[str, None] = field(default_factory=dict)
    """Distinct names in the order of the log; the same for ``offers``."""
    offers: dict[str, None] = field(default_factory=dict)
    rows: int = 0
    conversions: int = 0
    bad_lines: int = 0


def require_file(path: Path) -> None:
    """Make sure that a log can be read, and read twice.

    Raises:
        ClickledgerError: ``log_unreadable``.

    """
    if not path.exists():
        raise LOG_UNREADABLE.error(f"{path} does not exist.")
    if not path.is_file():
        raise LOG_UNREADABLE.error(f"{path} is not a file that can be read twice; save it to a file first.")


def survey(path: Path, format_name: str, show: Callable[[str], None]) -> Survey:
    """Read the whole log once; show its first bad lines.

    Raises:
        ClickledgerError: the file can't be read twice, or is of another format.

    """
    require_file(path)
    found = Survey()
    for row in read_log(path, format_name):
        if isinstance(row, BadLine):
            found.bad_lines += 1
            if found.bad_lines <= SHOWN_BAD_LINES:
                show(f"line {row.line} skipped: {row.why}: {row.text}")
            continue
        found.rows += 1
        found.conversions += row.conversion_ts is not None
        found.partners[row.partner] = None
        found.offers[row.offer] = None
    if found.bad_lines > SHOWN_BAD_LINES:
        show(f"… and {found.bad_lines - SHOWN_BAD_LINES} more bad lines skipped")
    return found


def good_rows(path: Path, format_name: str) -> Iterator[LogRow]:
    """Yield the rows of the second pass; its bad lines were shown in the first."""
    return (row for row in read_log(path, format_name) if isinstance(row, LogRow))
