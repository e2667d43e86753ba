"""What a browser says it loads a link for, when nobody has clicked it yet.

Invariants: edges and the pipeline read the same headers by the same words, so that what sends a visit to the
fallback, or keeps it out of a cap, is the reason stored beside it. It is here because an edge that judges nothing
loads nothing of the room that judges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

PURPOSE_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""How browsers have announced it over the years; Sec-Purpose is the standard one (W3C, *Fetch Metadata*)."""
_AHEAD: Final = re.compile(r"(?<![a-z])(?:prefetch|prerender|preview|instant)(?![a-z])")
"""prefetch and prefetch;prerender are the standard's; preview is said by Safari's top sites (X-Purpose),
instant once by Chrome."""


def purpose(headers: Mapping[str, str]) -> str:
    """Return all that a request says about its purpose, in lower case; '' for an ordinary one.

    Args:
        headers: By name in lower case.

    """
    return " ".join(headers[name] for name in PURPOSE_HEADERS if name in headers).lower() if headers else ""


def is_ahead(text: str) -> bool:
    """Return whether a purpose, as ``purpose`` returns it, is to have the page ready before anybody clicks."""
    return bool(text) and _AHEAD.search(text) is not None
