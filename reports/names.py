"""What reports know of the program: names, attributes and rates of what events know by id only.

The directory itself lives in the room that keeps the program; reports see it through ``Names``. An id
the directory doesn't know is shown as "#12" and id 0 as "(none)", and both can be filtered by as shown.
Everything is as the program is today, however old the events are; only rates have a day.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Protocol, TypeAlias

Attributes: TypeAlias = Mapping[int, tuple[str, ...]]
"""Values by id; an id without a value is absent."""

Rates: TypeAlias = Mapping[str, tuple[tuple[int, Decimal], ...]]
"""By currency, oldest first: (days since 1970, worth of one unit in the base currency from that UTC day on)."""

NO_ONE = "(none)"
"""How id 0 is shown: no partner, no link."""

MAX_ID = 2**32 - 1
"""Ids are UInt32 in the event store; a larger number names nothing."""

_ID = re.compile(r"#?(\d{1,10})\Z", re.ASCII)


class Names(Protocol):
    """A directory. ``kind`` of a name is partner, advertiser, offer, link or smart_link."""

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        """Return the names of these ids; ids it doesn't know are absent."""
        ...

    def ids(self, kind: str, text: str) -> list[int]:
        """Return the ids whose name is ``text``."""
        ...

    def all(self, kind: str) -> dict[int, str]:
        """Return every id with its name."""
        ...

    def attributes(self, kind: str) -> Attributes:
        """Return the values of every id that has one; the same object while the program stays the same.

        ``kind`` is one that a dimension names in its ``attribute``.
        """
        ...

    def rates(self) -> tuple[str, Rates]:
        """Return the base currency, '' for the service's own, and the dated rates of the others."""
        ...


def shown(identifier: int, known: dict[int, str]) -> str:
    """Return how an id appears in a report."""
    if identifier in known:
        return known[identifier]
    return NO_ONE if identifier == 0 else f"#{identifier}"


def identified(kind: str, value: str | int, names: Names) -> list[int]:
    """Return the ids a filter's value means: an id, a name, "#12" or "(none)"; nothing for anything else."""
    if isinstance(value, int):
        return [value] if 0 <= value <= MAX_ID else []
    if value == NO_ONE:
        return [0]
    found = names.ids(kind, value)
    if found:
        return found
    digits = _ID.match(value)
    return identified(kind, int(digits[1]), names) if digits else []
