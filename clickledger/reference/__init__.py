"""The generated documentation: every page that lists things is made from the code that has them.

``python -m clickledger.reference`` writes the pages; with ``--check`` it names those that differ from the
code and exits with 1. A room that has things to list brings its own ``reference`` module; the pages about
the whole (settings, errors, commands) are made here.

Invariants: a page depends on the code alone, not on the environment, the clock or the machine; no page is
made by two rooms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import fraud.reference
import partners.reference
import reports.reference
import tracker.reference
from clickledger.reference import access, commands, errors, settings
from kernel import metric_names

DIRECTORY = "docs/"


def pages() -> dict[str, str]:
    """Return the text of every generated page by its path in the repository."""
    return merge(
        page()
        for page in (
            settings.pages,
            access.pages,
            errors.pages,
            commands.pages,
            metric_names.pages,
            tracker.reference.pages,
            reports.reference.pages,
            fraud.reference.pages,
            partners.reference.pages,
        )
    )


def merge(rooms: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the pages of all rooms; the kernel writes its paths without the directory of the others.

    Raises:
        ValueError: two rooms make the same page.

    """
    merged: dict[str, str] = {}
    for room in rooms:
        for written, text in room.items():
            path = DIRECTORY + written.removeprefix(DIRECTORY)
            if path in merged:
                raise ValueError(f"{path} is made by two rooms")
            merged[path] = text
    return merged
