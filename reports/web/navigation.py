"""The navigation: the pages somebody may open, under their headings. Made of the pages' declarations alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kernel.api import ANYBODY
from kernel.auth import Principal

if TYPE_CHECKING:
    from reports.web.page import Page

GROUPS: Final = ("Look", "Relations", "Guard", "Set up", "Yours")
"""Headings, in their order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation."""

    path: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """Pages under one heading."""

    heading: str
    entries: tuple[Entry, ...]


def navigation(pages: Sequence[Page], who: Principal | None) -> tuple[Group, ...]:
    """Return the groups of pages that somebody may open; nothing for one who isn't signed in."""
    if who is None:
        return ()
    open_to = sorted((page for page in pages if _is_open(page, who)), key=lambda page: page.place)
    made = (
        Group(heading, tuple(Entry(one.path, one.label or one.title) for one in open_to if one.group == heading))
        for heading in GROUPS
    )
    return tuple(group for group in made if group.entries)


def _is_open(page: Page, who: Principal) -> bool:
    may = page.needs == ANYBODY or who.may(page.needs) or bool(page.or_needs and who.may(page.or_needs))
    return bool(page.group) and who.role in page.roles and may
