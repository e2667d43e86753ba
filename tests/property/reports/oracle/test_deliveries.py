"""However often and in whatever order events arrive, and whatever the store merges, a report counts each once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from kernel.clickhouse.columns import ROLLUPS
from tests.integration.reports.conftest import Store
from tests.property.reports.oracle.agreeing import difference
from tests.property.reports.oracle.asking import Asking, Query
from tests.property.reports.oracle.conftest import SEED, Ledger, put
from tests.property.reports.oracle.events import Events, Maker
from tests.property.reports.oracle.facts import Caller
from tests.property.reports.oracle.oracle import Oracle

EXAMPLES = int(os.environ.get("CLICKLEDGER_ORACLE_EXAMPLES", "3"))
EVERYBODY = Caller("admin")
YEAR = 364
"""Days that keep the days of the week."""


def drawn(oracle: Oracle, earlier: int = 0) -> list[Query]:
    """Return some questions, and three that count everything."""
    found: list[Query] = []
    asking = Asking(oracle, "admin", earlier=earlier)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(asking.queries())
    def draw(query: Query) -> None:
        found.append(query)

    draw()
    start, end = asking.everything
    counts = ["gross_clicks", "impressions", "total_conversions", "approved", "profit", "unique_ips"]
    whole = {"from": start, "to": end, "metrics": counts, "totals": True, "currency": "EUR"}
    return [*found, *({**whole, "dimensions": [name]} for name in ("day", "conversion_status", "partner"))]


def agree(ledger: Ledger, queries: list[Query]) -> None:
    for query in queries:
        assert difference(ledger.ask(query, EVERYBODY), ledger.oracle.answer(query, EVERYBODY)) == "", query


def test_batches_delivered_again_change_no_report(ledger: Ledger):
    ledger.deliver()
    agree(ledger, drawn(ledger.oracle))


def test_changed_and_late_conversions_count_once_in_their_newest_state(store: Store):
    earlier = 4 * YEAR
    events = Maker(SEED, "oracle-late", earlier).events(clicks=150, impressions=50, conversions=150)
    history = events.history.sample(frac=1, random_state=SEED)
    clicks, impressions = events.clicks, events.impressions
    put(store, "clicks", clicks, batches=2)
    put(store, "impressions", impressions, batches=2)
    # States in any order: what comes later may be older than what is known already.
    for until in (len(history) // 3, 2 * len(history) // 3, len(history)):
        arrived = history.iloc[:until]
        known = Ledger(store, Events(clicks, impressions, arrived))
        put(store, "conversions", arrived.iloc[-(len(history) // 3) - 1 :], batches=2)
        agree(known, drawn(known.oracle, earlier))


@pytest.fixture
def unmerged(store: Store) -> Iterator[Ledger]:
    """Events that came in many batches and lie in the store as they came."""
    store.client.command("SYSTEM STOP MERGES")
    try:
        events = Maker(SEED, "oracle-unmerged", 8 * YEAR).events(clicks=150, impressions=50, conversions=150)
        made = Ledger(store, events)
        made.deliver()
        yield made
    finally:
        store.client.command("SYSTEM START MERGES")


def rows_of(store: Store, events: Events) -> tuple[int, int]:
    """Return how many rows the store has of some conversions, and how many conversions they are."""
    moments = events.history["ts"]
    counted = store.client.query(
        "SELECT count(), uniqExact(conversion_id) FROM conversions WHERE ts >= {first:DateTime64(3, 'UTC')} "
        "AND ts <= {last:DateTime64(3, 'UTC')}",
        parameters={"first": _written(moments.min()), "last": _written(moments.max())},
    )
    rows, conversions = counted.first_row
    return rows, conversions


def _written(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def test_what_the_store_merges_changes_no_report(store: Store, unmerged: Ledger):
    queries = drawn(unmerged.oracle, 8 * YEAR)
    rows, conversions = rows_of(store, unmerged.events)
    assert rows > conversions == unmerged.events.history["conversion_id"].nunique()
    agree(unmerged, queries)
    store.client.command("SYSTEM START MERGES")
    for table in ("clicks", "impressions", "conversions", "conversion_changes", *(one.name for one in ROLLUPS)):
        store.client.command(f"OPTIMIZE TABLE {table} FINAL")
    assert rows_of(store, unmerged.events) == (conversions, conversions)
    agree(unmerged, queries)
