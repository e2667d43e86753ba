"""Which part of the past is meant: UTC days, and maybe one partner or offer.

Invariants: days are whole, as rollups know nothing smaller; the end isn't one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fraud.past.errors import RANGE_INVALID

MOST_DAYS = 400
"""In one range: a year and what was late. More is asked for in pieces."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 30)
"""The days reports know; the one after the last is a day as well."""
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
        days = (self.end - self.begin).days
        if days < 1:
            raise RANGE_INVALID.error(
                f"The range begins on {self.begin} and ends before {self.end}: it holds no day."
            )
        if days > MOST_DAYS:
            raise RANGE_INVALID.error(
                f"{self.begin} to {self.end - DAY} are {days:,} days; at most {MOST_DAYS} are judged at once, so "
                "ask for them in pieces."
            )
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
