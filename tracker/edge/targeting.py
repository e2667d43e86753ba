"""Who an offer is for: the conditions of its targeting, judged for one visit.

Every condition has values it allows and values it denies; an empty 'allowed' allows all, what is denied is
denied even where it is allowed, and all conditions must hold. What isn't known about a visitor is in no
list: it fails a condition that allows only some, and passes one that merely denies some.

Invariants: the first condition that fails, in the order of ``TARGETING_REASONS``, is the reason; a place or
a device is looked up only when a condition asks for it; no visit and no rule raises. A rule that can't be
read matches nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tracker.caps import zone
from tracker.routes import TargetingRoute

if TYPE_CHECKING:
    from tracker.edge.facts import VisitorFacts
    from tracker.edge.visit import Visit
    from tracker.visitor import Device

TARGETING_REASONS: dict[str, str] = {
    "targeting_country": "The offer is not for the visitor's country",
    "targeting_region": "The offer is not for the visitor's region",
    "targeting_device": "The offer is not for this kind of device",
    "targeting_os": "The offer is not for this operating system or version of it",
    "targeting_browser": "The offer is not for this browser or version of it",
    "targeting_language": "The offer is not for the visitor's language",
    "targeting_connection": "The offer is not for this kind of connection",
    "targeting_hours": "The offer is closed at this hour of the week",
}
"""Reason -> what it means, in the order in which conditions are judged."""

Holds: TypeAlias = "Callable[[Visit, VisitorFacts], bool]"
Lists: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]

_VERSIONED = re.compile(r"(?P<name>.*?)\s*(?:(?P<operator>>=|<=|>|<|=)\s*(?P<version>[\w.]+)\s*)?", re.DOTALL)
_NAMED_VERSIONS = {"xp": (5, 1), "vista": (6,)}
"""Versions of Windows that are older than their successor 7, which their names don't say."""
_MOST_ANSWERS = 8_192
"""Of offers to systems and browsers that a worker remembers, a megabyte: most visitors' are a few dozen."""
_MOST_DIGITS = 9
"""Of a part of a version; nobody has more, and int() refuses thousands."""


class Targeting:
    """An offer's conditions, ready to be judged."""

    __slots__ = ("_conditions",)

    def __init__(self, route: TargetingRoute) -> None:
        conditions: tuple[tuple[str, Holds | None], ...] = (
            ("targeting_country", _listed(route.country, _country)),
            ("targeting_region", _listed(route.region, _region)),
            ("targeting_device", _listed(route.device, _device_type)),
            ("targeting_os", _versioned(route.os, lambda device: (device.os, device.os_version))),
            (
                "targeting_browser",
                _versioned(route.browser, lambda device: (device.browser, device.browser_version)),
            ),
            ("targeting_language", _listed(route.language, _languages)),
            ("targeting_connection", _listed(route.connection, _connection)),
            ("targeting_hours", _open_in(route.hours, route.timezone)),
        )
        self._conditions = tuple((reason, holds) for reason, holds in conditions if holds is not None)

    def failing(self, visit: Visit, facts: VisitorFacts) -> str:
        """Return the reason of the first condition that doesn't hold, '' when all do."""
        for reason, holds in self._conditions:
            if not holds(visit, facts):
                return reason
        return ""


def _listed(lists: Lists, names_of: Callable[[Visit, VisitorFacts], Collection[str]]) -> Holds | None:
    """Return the condition that one of a visit's names for something is allowed, and none is denied."""
    allowed, denied = (frozenset(value.casefold() for value in values) for values in lists)
    if not allowed and not denied:
        return None

    def holds(visit: Visit, facts: VisitorFacts) -> bool:
        names = names_of(visit, facts)
        return (not allowed or not allowed.isdisjoint(names)) and denied.isdisjoint(names)

    return holds


def _country(visit: Visit, facts: VisitorFacts) -> Collection[str]:
    return (facts.place(visit.ip).country.casefold(),)


def _region(visit: Visit, facts: VisitorFacts) -> Collection[str]:
    place = facts.place(visit.ip)
    return (f"{place.country}:{place.region}".casefold(),) if place.region else ()


def _device_type(visit: Visit, facts: VisitorFacts) -> Collection[str]:
    kind = facts.device(visit.user_agent, visit.headers).device_type
    return ("other" if kind == "bot" else kind,)


def _languages(visit: Visit, facts: VisitorFacts) -> Collection[str]:
    """Return the names of a language from the widest to the narrowest: zh, zh-tw, zh-hant-tw."""
    language, *rest = facts.language(visit.language).casefold().split("-")
    return [language, *(f"{language}-{part}" for part in rest), "-".join((language, *rest))]


def _connection(visit: Visit, facts: VisitorFacts) -> Collection[str]:
    return (facts.place(visit.ip).connection_type.casefold(),)


def _open_in(hours: tuple[int, ...], timezone: str) -> Holds | None:
    if not hours:
        return None
    opened, local = frozenset(hours), zone(timezone)

    def holds(visit: Visit, _facts: VisitorFacts) -> bool:
        now = datetime.fromtimestamp(visit.ts / 1000, local)
        return now.weekday() * 24 + now.hour in opened

    return holds


Version: TypeAlias = tuple[int, ...]

_COMPARES: dict[str, Callable[[Version, Version], bool]] = {
    ">=": lambda found, wanted: found >= wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    "<": lambda found, wanted: found < wanted,
    "=": lambda found, wanted: found == wanted,
}


class _Range(NamedTuple):
    """A range of versions; no operator: every version, the unknown one too."""

    operator: str
    version: Version

    def holds(self, found: Version) -> bool:
        """Compare as exactly as the rule is written: 12.1 is =12 and <=12, and isn't >12."""
        if not self.operator:
            return True
        if not found or not self.version:
            return False
        length = len(self.version)
        return _COMPARES[self.operator]((found + (0,) * length)[:length], self.version)


class _Rules:
    """The versions that one offer's condition allows and denies; equal only to itself, as a key of the cache."""

    __slots__ = ("_allowed", "_allows_all", "_denied")

    def __init__(self, lists: Lists) -> None:
        self._allowed, self._denied = (_ranges(rules) for rules in lists)
        self._allows_all = not lists[0]

    def let_in(self, name: str, version: str) -> bool:
        name, found = name.casefold(), _version(version)
        return (
            self._allows_all or any(wanted.holds(found) for wanted in self._allowed.get(name, ()))
        ) and not any(wanted.holds(found) for wanted in self._denied.get(name, ()))


@lru_cache(_MOST_ANSWERS)
def _let_in(rules: _Rules, name: str, version: str) -> bool:
    return rules.let_in(name, version)


def _versioned(lists: Lists, of: Callable[[Device], tuple[str, str]]) -> Holds | None:
    """Return the condition on the name and version of a system or browser."""
    if not lists[0] and not lists[1]:
        return None
    rules = _Rules(lists)
    return lambda visit, facts: _let_in(rules, *of(facts.device(visit.user_agent, visit.headers)))


def _ranges(rules: tuple[str, ...]) -> dict[str, list[_Range]]:
    """Return the wanted ranges by name: Android>=12 is {"android": [>= (12,)]}."""
    ranges: dict[str, list[_Range]] = {}
    for rule in rules:
        match = _VERSIONED.fullmatch(rule.strip())
        if match is None or not match["name"]:
            continue
        wanted = _Range(match["operator"] or "", _version(match["version"] or ""))
        ranges.setdefault(match["name"].casefold(), []).append(wanted)
    return ranges


def _version(text: str) -> Version:
    """Return the leading numbers of a version, () for one that has none."""
    known = _NAMED_VERSIONS.get(text.casefold())
    if known:
        return known
    numbers = []
    for part in text.split("."):
        if not (part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS):
            break
        numbers.append(int(part))
    return tuple(numbers)
