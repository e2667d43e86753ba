"""What traffic can be told apart by: countries, regions, systems, languages, networks, hours, time zones.

Invariants: what is accepted is in the one form that the edge compares (country codes in upper case, networks
without host bits); what is refused is refused with a sentence that says how to write it.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import Annotated, Literal, TypeAlias
from zoneinfo import available_timezones

import pycountry
from pydantic import AfterValidator, Field

from partners import templates
from partners.fields import check_line, saying

HOURS_A_WEEK = 168
MAX_VALUES = 1000
"""Values in one list of a targeting; more than all countries."""

MAX_ASN = 2**32 - 1
"""Largest number of an autonomous system (RFC 6793)."""

DeviceClass: TypeAlias = Literal["mobile", "tablet", "desktop", "other"]

_REGION = re.compile(r"([A-Za-z]{2}):(.+)")
_SYSTEM = re.compile(
    r"(?P<name>[^<>=]+?)\s*(?:(?P<how><=|>=|<|>|=)\s*(?P<version>\d{1,9}(?:\.\d{1,9}){0,3}))?", re.ASCII
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes, and XK, which GeoIP files use for Kosovo."""
    return frozenset({country.alpha_2 for country in pycountry.countries} | {"XK"})


@cache
def timezones() -> frozenset[str]:
    """Return the names of the IANA time zones known here."""
    return frozenset(available_timezones())


def check_country(code: str) -> str:
    """Return the country code in upper case."""
    upper = code.strip().upper()
    if not code.isascii() or upper not in countries():  # in upper case, ß is South Sudan
        raise ValueError(f"{code[:20]!r} isn't an ISO 3166-1 country code such as US, DE or IN")
    return upper


def check_region(text: str) -> str:
    """Return country and region: US:California."""
    match = _REGION.fullmatch(check_line(text, 200))
    if not match:
        raise ValueError(f"{text[:40]!r} isn't a region; write country and region as in US:California")
    return f"{check_country(match[1])}:{match[2].strip()}"


def check_system(text: str) -> str:
    """Return a system or browser with an optional version range: iOS, Android>=12."""
    match = _SYSTEM.fullmatch(check_line(text, 100))
    if not match:
        raise ValueError(
            f"{text[:40]!r} isn't a name with an optional version; write iOS, Android>=12 or Windows=10"
        )
    return match["name"] + (match["how"] or "") + (match["version"] or "")


def check_language(text: str) -> str:
    """Return a language, with a region or without: en, en-GB."""
    match = _LANGUAGE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text[:20]!r} isn't a language; write en or en-GB")
    return match[1].lower() + (f"-{match[2].upper()}" if match[2] else "")


def check_timezone(name: str) -> str:
    """Return the name of a time zone."""
    if name not in timezones():
        raise ValueError(f"{name[:40]!r} isn't an IANA time zone such as Europe/Berlin or UTC")
    return name


def check_hours(hours: list[int]) -> list[int]:
    """Return hours of the week, ascending, each once."""
    return sorted(set(hours))


def check_network(text: str) -> str:
    """Return a network in CIDR form; a single address stands for itself."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as why:
        raise ValueError(
            f"{text[:50]!r} isn't a network; write 203.0.113.0/24, 2001:db8::/32 or an address"
        ) from why


def check_asn(text: str) -> str:
    """Return the number of an autonomous system."""
    digits = text.strip().upper().removeprefix("AS")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and 0 < int(digits) <= MAX_ASN):
        raise ValueError(f"{text[:20]!r} isn't the number of a network such as 64496 or AS64496")
    return str(int(digits))


def check_referrer_host(text: str) -> str:
    """Return the host of a referrer; its subdomains are meant too."""
    return templates.check_deep_link_host(text).removeprefix("*.")


Country: TypeAlias = Annotated[str, AfterValidator(saying(check_country))]
Region: TypeAlias = Annotated[str, AfterValidator(saying(check_region))]
System: TypeAlias = Annotated[str, AfterValidator(saying(check_system))]
Language: TypeAlias = Annotated[str, AfterValidator(saying(check_language))]
Timezone: TypeAlias = Annotated[str, AfterValidator(saying(check_timezone))]
Network: TypeAlias = Annotated[str, AfterValidator(saying(check_network))]
Hour: TypeAlias = Annotated[int, Field(ge=0, lt=HOURS_A_WEEK, strict=True)]
HoursOfWeek: TypeAlias = Annotated[list[Hour], AfterValidator(check_hours)]
