"""Visits as the edge reads them, ordinary but for what a test names."""

from __future__ import annotations

from typing import Any

from tracker.edge.visit import Visit

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
NOON = 1_760_000_000_000
"""Some moment in milliseconds."""


def visit(query: str = "", code: str = "", **changes: Any) -> Visit:
    """Return a person's visit of a tracking link."""
    fields: dict[str, Any] = {
        "ts": NOON,
        "method": "GET",
        "query": query.encode(),
        "code": code,
        "ip": "203.0.113.9",
        "user_agent": BROWSER,
        "language": "de-DE,de;q=0.9",
        "referrer": "",
        "headers": {},
    }
    return Visit(**(fields | changes))
