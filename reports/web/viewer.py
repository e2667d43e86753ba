"""How the one who looks reads numbers, money and times: their language and their time zone.

The language comes from the browser's Accept-Language; words are English, numbers and dates as in that language's
country (Unicode's CLDR). The zone is the one the browser told in a cookie, or the program's. Invariants: whatever
a header or a cookie holds, there is a viewer; nothing is rounded but in what is shown; a value that isn't there is
a dash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

ZONE_COOKIE: Final = "zone"
DEFAULT_LOCALE: Final = "en_US"
NOTHING: Final = "\u2013"
"""A dash."""
TOO_LARGE: Final = Decimal(10) ** 21
TOO_SMALL: Final = 1 / TOO_LARGE
"""Beyond every amount that is stored; what advertisers sent and was refused may hold anything."""
MOST_LANGUAGES: Final = 10
"""Of an Accept-Language header that are looked at."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody's language and zone. The methods are what templates call."""

    locale: Locale
    zone: ZoneInfo

    @property
    def language(self) -> str:
        """The locale as browsers name it, for what scripts write: de-DE."""
        return str(self.locale).replace("_", "-")

    def number(self, value: Any, digits: int | None = None) -> str:
        """Return a number with its thousands apart.

        Args:
            value: int, float, Decimal, a number as text, or None.
            digits: After the point; None: as many as it has, at most two.

        """
        number = _decimal(value)
        if number is None:
            return NOTHING
        # Where thousands are apart is the language's; 12,34,567 in India.
        whole = self.locale.decimal_formats[None].pattern.partition(".")[0]
        shown = f"{whole}.##" if digits is None else whole + ("." + "0" * digits if digits else "")
        return format_decimal(number, format=shown, locale=self.locale)

    def short(self, value: Any) -> str:
        """Return a large number in few letters: 12K, 3.4M."""
        number = _decimal(value)
        if number is None:
            return NOTHING
        return format_compact_decimal(number, locale=self.locale, fraction_digits=1)

    def percent(self, value: Any, digits: int = 2) -> str:
        """Return a share (0.021) as per cent (2.1 %)."""
        number = _decimal(value)
        if number is None:
            return NOTHING
        if not round(number, digits + 2):
            number = Decimal(0)  # a fall too small to show isn't -0 %
        whole, zero, sign = self.locale.percent_formats[None].pattern.rpartition("0")
        pattern = f"{whole}{zero}.{'#' * digits}{sign}" if digits else f"{whole}{zero}{sign}"
        return format_percent(number, format=pattern, locale=self.locale)

    def money(self, value: Any, currency: str = "") -> str:
        """Return an amount with its currency, or with two digits alone when it is of none."""
        number = _decimal(value)
        if number is None:
            return NOTHING
        if not currency:
            return self.number(number, 2)
        return format_currency(number, currency, locale=self.locale)

    def time(self, value: Any, *, seconds: bool = False) -> str:
        """Return a moment in the viewer's zone: a datetime, or ISO 8601 text, of UTC unless it says otherwise."""
        moment = _moment(value)
        if moment is None:
            return NOTHING
        day = format_date(moment.astimezone(self.zone).date(), "medium", locale=self.locale)
        clock = format_datetime(moment, "HH:mm:ss" if seconds else "HH:mm", self.zone, self.locale)
        return f"{day}, {clock}"

    def day(self, value: Any) -> str:
        """Return a day: a date, or ISO 8601 text; of a moment, its day in the viewer's zone."""
        if isinstance(value, str) and len(value) == 10:
            try:
                value = date.fromisoformat(value)
            except ValueError:
                return NOTHING
        if isinstance(value, date) and not isinstance(value, datetime):
            return str(format_date(value, "medium", locale=self.locale))
        moment = _moment(value)
        if moment is None:
            return NOTHING
        return str(format_date(moment.astimezone(self.zone).date(), "medium", locale=self.locale))

    def month(self, value: str) -> str:
        """Return a month of a report, 2026-11, with its name."""
        try:
            first = date.fromisoformat(f"{value}-01")
        except ValueError:
            return NOTHING
        return str(format_skeleton("yMMMM", first, locale=self.locale))

    def span(self, seconds: Any) -> str:
        """Return a length of time in its largest two units: 2 h 5 min."""
        number = _decimal(seconds)
        if number is None:
            return NOTHING
        whole = int(number)
        if 0 < number < 1:
            return f"{int(number * 1000)} ms"
        parts = []
        for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
            count, whole = divmod(whole, length)
            if count:
                parts.append(f"{count} {unit}")
        return " ".join(parts[:2]) or "0 s"

    def ago(self, value: Any) -> str:
        """Return how long ago a moment was."""
        moment = _moment(value)
        if moment is None:
            return NOTHING
        passed = datetime.now(UTC) - moment
        if passed < timedelta(seconds=0):
            return f"in {self.span(-passed.total_seconds())}"
        return "just now" if passed < timedelta(seconds=5) else f"{self.span(passed.total_seconds())} ago"

    def now(self) -> datetime:
        """Return the moment it is, in the viewer's zone."""
        return datetime.now(self.zone)

    def today(self) -> date:
        """Return the day it is in the viewer's zone."""
        return self.now().date()


def viewer(headers: Mapping[str, str], cookies: Mapping[str, str], program_zone: str = "UTC") -> Viewer:
    """Return the viewer of a request.

    Args:
        headers: Its headers, by lower-case names.
        cookies: Its cookies.
        program_zone: The zone of one whose browser told none.

    """
    zone = known_zone(unquote(cookies.get(ZONE_COOKIE, "")), program_zone)
    return Viewer(_locale(headers.get("accept-language", "")), zone)


def known_zone(name: str, otherwise: str = "UTC") -> ZoneInfo:
    """Return a zone of the IANA database, or the other one."""
    for wanted in (name, otherwise):
        try:
            return ZoneInfo(wanted)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder's name is an OSError
            continue
    return ZoneInfo("UTC")


@lru_cache(1024)
def _locale(accepted: str) -> Locale:
    """Return the first language of a header that CLDR knows."""
    for wish in accepted.split(",")[:MOST_LANGUAGES]:
        name = wish.partition(";")[0].strip()
        try:
            return Locale.parse(name, sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return Locale.parse(DEFAULT_LOCALE)


def _decimal(value: Any) -> Decimal | None:
    """Return a number as a Decimal, None for what is none or has more digits than can be written."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= TOO_LARGE:
        return None
    # As many digits as arithmetic keeps: thousands of them, or of noughts, can't be written either.
    return +number if abs(number) >= TOO_SMALL else Decimal(0)


def _moment(value: Any) -> datetime | None:
    """Return a moment with its zone, None for what is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
