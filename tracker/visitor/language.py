"""The language a visitor asks for. No text raises; what isn't a language tag is ''."""

from __future__ import annotations

import re
from functools import lru_cache

LANGUAGES_KEPT = 4096
"""Headers remembered."""

_TAG = re.compile(
    r"\s*([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?=[-_,;\s]|$)", re.IGNORECASE | re.ASCII
)
"""Language, script and region of RFC 5646; what may follow them says nothing about a market."""


@lru_cache(maxsize=LANGUAGES_KEPT)
def first_language(header: str) -> str:
    """Return the first tag of an Accept-Language header, written as in ``en-US`` or ``zh-Hant-TW``."""
    match = _TAG.match(header)
    if match is None:
        return ""
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(filter(None, parts))
