"""What a foreign log's line becomes: one click, perhaps with its conversion, or a bad line.

Invariants: every text of a row is valid Unicode without control characters, so it can go into a header
or a query as it is; times are milliseconds since 1970, UTC; a bad line's text is short and printable, so
it can be shown on a terminal.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

SHOWN_CHARACTERS = 100
"""How much of a bad line is kept: enough to recognise it in the file."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Reports cover these years; a time outside of them is a broken clock or a wrong column."""


class LogRow(msgspec.Struct, frozen=True):
    """One click of a foreign log."""

    line: int
    """Line number in the file, from 1."""
    partner: str
    offer: str
    ip: str
    user_agent: str
    ts: int
    """When the log says the click was, in milliseconds since 1970, UTC."""
    referrer: str = ""
    accept_language: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Link parameters and their values, such as ``("sub1", "…")``."""
    conversion_ts: int | None = None
    """When the click converted, in milliseconds since 1970, UTC; None when it did not."""


class BadLine(msgspec.Struct, frozen=True):
    """A line that is not a click of its format."""

    line: int
    text: str
    """The line, shortened, with everything unprintable escaped."""
    why: str


def bad_line(line: int, text: str, why: str) -> BadLine:
    """Make a bad line that can be shown."""
    shown = text[:SHOWN_CHARACTERS]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
    return BadLine(line, f"{shown}…" if len(text) > SHOWN_CHARACTERS else shown, why)


def milliseconds(moment: datetime) -> int:
    """Return an aware time as milliseconds since 1970."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
