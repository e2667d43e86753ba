"""What follows from a place: the languages spoken there and the clocks kept there.

Invariants: what isn't known contradicts nothing. Languages are those of Unicode's CLDR (package Babel), clocks
those of the IANA time zone database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global

LEAST_PERCENT: Final = 1.0
"""Part of a country's people that speaks a language, in percent, from which it is one of the country's."""
EVERYWHERE: Final = "en"
"""Many set their devices to English, wherever they live."""
_HOUR_S: Final = 3600
_HALF_DAY_H: Final = 12


@lru_cache(maxsize=16_384)
def is_spoken(language: str, country: str) -> bool:
    """Return whether a language is spoken in a country; True when the country or the language is unknown.

    Args:
        language: A tag such as de or pt-BR.
        country: ISO 3166-1 alpha-2.

    """
    spoken = get_global("territory_languages").get(country)
    main = _aliases().get(language.lower().partition("-")[0], language.lower().partition("-")[0])
    if not spoken or main == EVERYWHERE or main not in _all_languages():
        return True
    return any(
        tag.partition("_")[0] == main
        for tag, about in spoken.items()
        if about["population_percent"] >= LEAST_PERCENT or about["official_status"]
    )


@lru_cache(maxsize=1)
def _all_languages() -> frozenset[str]:
    territories = get_global("territory_languages").values()
    return frozenset(tag.partition("_")[0] for spoken in territories for tag in spoken)


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    """Return languages that browsers name more closely than CLDR does: Norwegian, Hebrew, Tagalog and others."""
    old = {"nb": "nb", "no": "nb", "nn": "nb", "iw": "he", "in": "id", "tl": "fil", "ji": "yi", "mo": "ro"}
    return {name: new for name, new in old.items() if new in _all_languages()}


@lru_cache(maxsize=16_384)
def hours_apart(one: str, other: str, hour: int) -> float | None:
    """Return how many hours the clocks of two zones lie apart, None when one is unknown.

    Args:
        one: An IANA zone.
        other: Another.
        hour: Hours since 1970, because daylight saving differs.

    """
    moment = datetime.fromtimestamp(hour * _HOUR_S, UTC)
    first, second = _zone(one), _zone(other)
    if first is None or second is None:
        return None
    offsets = first.utcoffset(moment.astimezone(first)), second.utcoffset(moment.astimezone(second))
    if offsets[0] is None or offsets[1] is None:
        return None
    apart = abs((offsets[0] - offsets[1]).total_seconds()) / _HOUR_S
    # Across the date line clocks that differ by a day show the same hour.
    return min(apart, 2 * _HALF_DAY_H - apart) if apart > _HALF_DAY_H else apart


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None
