"""When a message that wasn't taken is sent again, and when no more.

Invariants: pauses grow from seconds to three hours, each changed by up to a tenth at random so that messages
that failed together don't come back together; nothing is tried later than three days after the first try was
due, and the last try lies near that end; a receiver that names a later time in ``Retry-After`` is heeded, up to
six hours.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PAUSES_SECONDS = (5.0, 30.0, 120.0, 600.0, 1_800.0, 3_600.0)
"""After the first try, the second, and so on: Standard Webhooks' own proposal, begun a little gentler."""
LONG_PAUSE_SECONDS = 3 * 3_600.0
"""After every later one."""
GIVE_UP_SECONDS = 3 * 86_400.0
LONGEST_RETRY_AFTER_SECONDS = 6 * 3_600.0
"""A receiver that asks for more may be mistaken; three days hold a dozen such pauses."""
MOST_REFUSALS = 5
"""Tries of a name that led to a forbidden address: a record is changed within minutes, or not at all. They take
about three quarters of an hour."""
JITTER = 0.1


def pause(tries: int, jitter: float) -> float:
    """Return the seconds to wait after so many tries in vain.

    Args:
        tries: How many there were, at least 1.
        jitter: From 0 to 1; a half changes nothing.

    """
    plain = PAUSES_SECONDS[tries - 1] if tries <= len(PAUSES_SECONDS) else LONG_PAUSE_SECONDS
    return plain * (1 + JITTER * (2 * jitter - 1))


def next_try(now: float, began: float, tries: int, retry_after: float, jitter: float) -> float | None:
    """Return when to try again, None for never; moments are seconds since 1970.

    Args:
        now: The end of the try in vain.
        began: When the first try was due.
        tries: How many there were.
        retry_after: Seconds the receiver asked to be left alone, 0 for none.
        jitter: From 0 to 1, at random.

    """
    end = began + GIVE_UP_SECONDS
    wanted = now + max(pause(tries, jitter), min(retry_after, LONGEST_RETRY_AFTER_SECONDS))
    if wanted <= end:
        return wanted
    # What would fall behind the end is tried at the end, unless a try has just been made near it.
    return end if end - now > LONG_PAUSE_SECONDS / 2 else None


def retry_after_seconds(header: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3): seconds or a date; 0 for one that can't be read."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now()).total_seconds())
