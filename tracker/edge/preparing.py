"""Loads what rules and macros look visitors up in before the first visitor needs it.

Building the user-agent parser takes a third of a second in which the whole process stands still. A worker whose
program asks about visitors pays that before it takes requests; one whose program begins to ask while it runs pays
it once, then; one whose program never asks keeps the forty megabytes.
"""

from __future__ import annotations

import asyncio

from tracker.edge.facts import VisitorFacts
from tracker.edge.program import Program, ProgramHolder
from tracker.routes import OfferRoute

LOOK_SECONDS = 0.25
_MACROS = tuple(f"{{{name}}}" for name in sorted(VisitorFacts.NAMES - {"language"}))
_KINDS = frozenset({"asn", "country"})
"""Kinds of blocklist entries that ask for the visitor's place."""


def asks_about_visitors(program: Program) -> bool:
    """Return whether a rule or a destination of the program asks for a visitor's place or device."""
    if _KINDS & program.blocks.kinds:
        return True
    return any(_asks(route) for route in program.offers.routes())


def _asks(offer: OfferRoute) -> bool:
    if offer.targeting is not None:
        return True
    urls = (offer.destination, offer.fallback_url, *(page.url for page in offer.landings))
    return any(macro in url for url in urls for macro in _MACROS)


async def prepare(holder: ProgramHolder, facts: VisitorFacts) -> None:
    """Load what the present program asks for, if it asks."""
    if not facts.is_loaded and await asyncio.to_thread(asks_about_visitors, holder.program):
        await facts.load()


async def keep_prepared(holder: ProgramHolder, facts: VisitorFacts) -> None:
    """Prepare for every new program until everything is loaded, or until cancelled."""
    seen = holder.program.version
    while not facts.is_loaded:
        await asyncio.sleep(LOOK_SECONDS)
        if holder.program.version != seen:
            seen = holder.program.version
            await prepare(holder, facts)
