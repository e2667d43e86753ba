"""The formats of foreign logs that can be read, by name. A new format is one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.intake.access_log import read_access_log
from tracker.intake.errors import LOG_FORMAT_UNKNOWN
from tracker.intake.lines import ReadLine, read_lines
from tracker.intake.rows import BadLine, LogRow
from tracker.intake.talkingdata import read_talkingdata


@dataclass(frozen=True, slots=True)
class LogFormat:
    """One format of log."""

    name: str
    help: str
    read: Callable[[Iterable[ReadLine]], Iterator[LogRow | BadLine]]


FORMATS: dict[str, LogFormat] = {
    known.name: known
    for known in (
        LogFormat("talkingdata", "TalkingData's ad click CSV, with installs as conversions", read_talkingdata),
        LogFormat("access-log", "Apache's and nginx's combined log format", read_access_log),
    )
}


def log_format(name: str) -> LogFormat:
    """Return the format of that name.

    Raises:
        ClickledgerError: ``log_format_unknown``, naming the known ones.

    """
    if name not in FORMATS:
        raise LOG_FORMAT_UNKNOWN.error(f"There is no log format {name!r}; known are {', '.join(FORMATS)}.")
    return FORMATS[name]


def read_log(path: Path, name: str) -> Iterator[LogRow | BadLine]:
    """Yield a log's rows and bad lines in the order of the file, in bounded memory.

    Args:
        path: The file, gzipped or not.
        name: The format's name.

    Raises:
        ClickledgerError: an unknown format, an unreadable file, or a file of another format.

    """
    return log_format(name).read(read_lines(path))
