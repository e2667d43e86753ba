"""Which part of the past is meant: UTC days, and maybe one partner or offer.

Invariants: days are whole, as rollups know nothing smaller; the end isn't one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fraud.past.errors import RANGE_INVALID

MOST_DAYS = 400
"""In one range: a year and what was late. More is asked for in pieces."""
DAY = timedelta(days=1)
DAY_MS = 86_400_000
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the past."""

    begin: date
    """First day."""
    end: date
    """The day after the last one."""
    partner_id: int = 0
    """0: every partner."""
    offer_id: int = 0
    """0: every offer."""

    def checked(self) -> Span:
        """Return it.

        Raises:
            ClickledgerError: ``range_invalid``.

        """
        if not 1 <= (self.end - self.begin).days <= MOST_DAYS:
            raise RANGE_INVALID.error()
        return self

    @property
    def begin_ms(self) -> int:
        """Its first millisecond since 1970."""
        return midnight_ms(self.begin)

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""
        return midnight_ms(self.end)

    def days(self) -> list[date]:
        """Return its days in order."""
        return [self.begin + n * DAY for n in range((self.end - self.begin).days)]

    def parameters(self) -> dict[str, int]:
        """Return the parameters of ``sql.WITHIN``."""
        return {
            "begin": self.begin_ms,
            "end": self.end_ms,
            "partner": self.partner_id,
            "offer": self.offer_id,
        }


def midnight_ms(day: date) -> int:
    """Return when a UTC day begins, milliseconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * _MILLISECONDS


def monday(day: date) -> date:
    """Return the first day of its week, which names the week's partition in rollups."""
    return day - timedelta(days=day.weekday())
