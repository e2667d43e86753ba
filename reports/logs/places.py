"""Places in a log: the cursor behind a row, and the moment that a click id bears.

Invariants: a cursor names a row by its time and id, so rows that arrive meanwhile move no page; what can't be a
cursor or a click id is refused with a sentence. A click id's signature is the tracker's to check: an id that was
made up is simply not found.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reports.logs.errors import CLICK_ID_UNREADABLE, CURSOR_INVALID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 4_102_444_800_000
"""The year 2100: what claims to be later is no time."""
_MAX_ID = 200
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_UUID_VERSION = 7
_UUID_VARIANT = 0b10


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a log."""

    ts: datetime
    id: str


def cursor_of(place: Place) -> str:
    """Return the text that names a place."""
    text = f"{milliseconds(place.ts)}:{place.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """Return the place a cursor names.

    Raises:
        ClickledgerError: ``cursor_invalid``.

    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        ms, key = text.split(":", 1)
        if not (ms.isascii() and ms.isdigit()) or "\x00" in key:
            raise ValueError(ms)  # noqa: TRY301 - one sentence for everything that can be wrong with it
        moment = int(ms[: len(str(_LAST_MS)) + 1])
    except (binascii.Error, ValueError) as why:
        raise CURSOR_INVALID.error() from why
    if moment > _LAST_MS or len(key) > _MAX_ID:
        raise CURSOR_INVALID.error()
    return Place(at(moment), key)


def clicked_at(click_id: str) -> datetime:
    """Return when a click was received, as its id says: the first 48 bits are milliseconds since 1970.

    Raises:
        ClickledgerError: ``click_id_unreadable``.

    """
    if not _CLICK_ID.fullmatch(click_id):
        raise CLICK_ID_UNREADABLE.error()
    uuid = int.from_bytes(base64.urlsafe_b64decode(click_id)[:16], "big")
    ms = uuid >> 80
    if (uuid >> 76) & 0xF != _UUID_VERSION or (uuid >> 62) & 0b11 != _UUID_VARIANT or ms > _LAST_MS:
        raise CLICK_ID_UNREADABLE.error()
    return at(ms)


def at(ms: int) -> datetime:
    """Return the moment some milliseconds after the beginning of 1970."""
    return EPOCH + timedelta(milliseconds=ms)


def milliseconds(moment: datetime) -> int:
    """Return the whole milliseconds since 1970."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
