"""What a rule found: a reason and the numbers that make it readable.

Invariants: a finding's facts are few, short and harmless to show to the partner concerned; they are stored beside
the reason as one text, ``count=12 usual=1``, and read back by ``facts_of``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote


class Finding(NamedTuple):
    """One reason of one event."""

    code: str
    """A code of ``fraud.reasons``."""
    facts: str = ""
    """As ``facts_text`` writes them."""


def facts_text(**facts: object) -> str:
    """Write facts as they are stored: names and values without spaces, in the given order."""
    return " ".join(f"{name}={_written(value)}" for name, value in facts.items())


def _written(value: object) -> str:
    # A label may hold what is no Unicode.
    return quote(str(value), safe=".:,/+@-", errors="replace")


def facts_of(text: str) -> Mapping[str, str]:
    """Read facts back; what isn't one is left out."""
    pairs = (part.partition("=") for part in text.split(" "))
    return {name: unquote(value) for name, sign, value in pairs if sign}
