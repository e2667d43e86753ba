"""Enrichment: from decoded clicks to rows of ``clicks`` (or ``impressions``), in named steps over a batch.

The steps and their order are ``STEPS`` below, and nowhere else. A step is a plain function that reads the
batch and writes columns; it is timed by name. What repeats across clicks (user agents, addresses,
languages, referrers) is looked up once per batch and remembered across batches in bounded caches.

Invariants: every click becomes exactly one row, in order; no content of a click raises; apart from uniqueness,
behaviour and prices, a row depends on its click alone; how clicks are cut into batches changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeAlias

import pyarrow as pa

from fraud.engine import Engine
from fraud.lists import ListFiles
from kernel.clickhouse.arrow import arrow_table
from kernel.settings import Settings
from tracker.events import Click
from tracker.links import read_parameters
from tracker.pipeline.batch import ClickBatch
from tracker.pipeline.steps.labels import fill_cost, fill_decisions, fill_labels
from tracker.pipeline.steps.origin import fill_language, fill_referrer
from tracker.pipeline.steps.prices import fill_prices
from tracker.pipeline.steps.quality import fill_uniqueness, fill_verdict, find_behaviour, find_reasons, score
from tracker.pipeline.steps.shared_windows import GuardedUniqueWindow, RedisUniqueWindow, guarded_window
from tracker.pipeline.steps.sightings import Sightings
from tracker.pipeline.steps.visitor import fill_device, fill_place
from tracker.pipeline.steps.windows import MemoryUniqueWindow, UniqueWindow, Visit
from tracker.snapshot import EMPTY, Snapshot
from tracker.visitor import Devices, GeoDatabases, Places

__all__ = [
    "STEPS",
    "EnrichmentTools",
    "GuardedUniqueWindow",
    "MemoryUniqueWindow",
    "RedisUniqueWindow",
    "UniqueWindow",
    "Visit",
    "enrich",
    "guarded_window",
]


@dataclass(frozen=True, slots=True)
class EnrichmentTools:
    """What steps look things up in; made once per process, used by one thread."""

    places: Places
    unique: UniqueWindow
    currency: str
    """Currency of a cost whose link names none."""
    devices: Devices = field(default_factory=Devices)
    engine: Engine = field(default_factory=Engine)
    sightings: Sightings = field(default_factory=Sightings)
    on_step: Callable[[str, float], None] | None = None
    """Told each step's name and seconds, once per batch."""
    program: Callable[[], Snapshot] = lambda: EMPTY
    """Says what clicks and impressions earn."""

    @classmethod
    def open(
        cls,
        chosen: Settings,
        unique: UniqueWindow,
        on_step: Callable[[str, float], None] | None = None,
        program: Callable[[], Snapshot] = lambda: EMPTY,
        engine: Engine | None = None,
    ) -> EnrichmentTools:
        """Open the configured databases.

        Raises:
            ClickledgerError: ``cannot_start`` when a configured geo database can't be used.

        """
        return cls(
            Places(GeoDatabases(chosen)),
            unique,
            chosen.currency,
            engine=engine or Engine(lists=ListFiles(chosen)),
            on_step=on_step,
            program=program,
        )

    def close(self) -> None:
        """Close the databases."""
        self.places.close()


Step: TypeAlias = Callable[[ClickBatch, EnrichmentTools], None]

STEPS: tuple[tuple[str, Step], ...] = (
    ("decisions", lambda batch, _: fill_decisions(batch)),
    ("parameters", lambda batch, _: fill_labels(batch, read_parameters)),
    ("cost", lambda batch, tools: fill_cost(batch, tools.currency)),
    ("user_agent", lambda batch, tools: fill_device(batch, tools.devices)),
    ("place", lambda batch, tools: fill_place(batch, tools.places)),
    ("language", lambda batch, _: fill_language(batch)),
    ("referrer", lambda batch, _: fill_referrer(batch)),
    ("rules", lambda batch, tools: find_reasons(batch, tools.engine, tools.sightings)),
    ("uniqueness", lambda batch, tools: fill_uniqueness(batch, tools.unique)),
    ("behaviour", lambda batch, _: find_behaviour(batch)),
    ("model", lambda batch, _: score(batch)),
    ("verdict", lambda batch, _: fill_verdict(batch)),
    ("prices", lambda batch, tools: fill_prices(batch, tools.program())),
)
"""Name and function of each step, in order. Rules come before uniqueness: a bot opens no visitor's window."""

TABLE_STEP = "table"
"""Name under which the making of the Arrow table is timed."""


def enrich(clicks: Sequence[Click], edge: str, tools: EnrichmentTools) -> pa.Table:
    """Make the rows of the ``clicks`` table, one per click, in order.

    Args:
        clicks: Decoded events of one journal, in its order.
        edge: Name of the edge worker whose journal it is.
        tools: Caches and databases to look things up in.

    """
    batch = ClickBatch(clicks, edge)
    for name, step in STEPS:
        started = perf_counter()
        step(batch, tools)
        if tools.on_step is not None:
            tools.on_step(name, perf_counter() - started)
    started = perf_counter()
    table = arrow_table("clicks", batch.columns, batch.length)
    if tools.on_step is not None:
        tools.on_step(TABLE_STEP, perf_counter() - started)
    return table
