"""What a destination's macros may ask about a visitor: place, device, language.

Nothing is loaded or looked up until a template asks for it; most ask for none of this, and a redirect
must not wait for it.
"""

from __future__ import annotations

from typing import ClassVar

import iptocc

from kernel.settings import Settings


class VisitorFacts:
    """Answers place, device and language macros, lazily."""

    NAMES: ClassVar[frozenset[str]] = frozenset(
        {"country", "region", "city", "device", "os", "browser", "language"}
    )

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen

    def of(self, name: str, ip: str, agent: str, language: str) -> str:
        """Return one fact, '' when it isn't known."""
        if name == "country":
            return iptocc.country_code(ip) or ""
        if name == "language":
            return language.partition(",")[0].partition(";")[0].strip()
        return agent[:0]
