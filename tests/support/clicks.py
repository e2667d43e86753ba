"""Clicks as an edge would have written them, and the tools to enrich them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kernel.settings import Settings
from tracker.events import Click
from tracker.pipeline.steps import EnrichmentTools, MemoryUniqueWindow, UniqueWindow, enrich
from tracker.snapshot import EMPTY, Snapshot

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

NOON = 1_760_000_000_000
"""Some moment in milliseconds."""


def click(number: int = 1, **changes: Any) -> Click:
    """Return an ordinary person's click; ``number`` makes its id."""
    fields: dict[str, Any] = {
        "click_id": f"{number:032d}",
        "ts": NOON,
        "offer_id": 7,
        "partner_id": 3,
        "advertiser_id": 2,
        "link_id": 0,
        "trafficback_reason": "",
        "destination": "https://shop.example/",
        "method": "GET",
        "query": b"",
        "preset": "",
        "ip": "8.8.8.8",
        "user_agent": CHROME,
    }
    return Click(**(fields | changes))


def open_tools(
    unique: UniqueWindow | None = None, on_step=None, program: Snapshot = EMPTY, **chosen: Any
) -> EnrichmentTools:
    """Return tools over memory; ``chosen`` are settings."""
    settings = Settings(data_dir=Path("unused"), **chosen)
    return EnrichmentTools.open(settings, unique or MemoryUniqueWindow(24), on_step, lambda: program)


def rows(clicks: Iterable[Click], tools: EnrichmentTools | None = None) -> list[dict[str, Any]]:
    """Return the enriched rows of clicks as dictionaries."""
    table = enrich(list(clicks), "edge-0", tools or open_tools())
    return table.to_pylist()


def row(tools: EnrichmentTools | None = None, **changes: Any) -> dict[str, Any]:
    """Return the enriched row of one click."""
    return rows([click(**changes)], tools)[0]
