"""Stored events of a range in the order they were received, in batches of bounded size.

Clicks are sorted by day and partner, so order by time is made slice by slice: as many whole minutes as fit into a
batch. Invariants: every event comes once; none is held longer than its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from fraud.past import sql

BATCH_EVENTS = 50_000
"""Rows of thirty columns: some 20 MB."""
_MINUTE_MS = 60_000


def slices(client: Client, table: str, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Return (first millisecond, first after it, events) of pieces of a range: a batch or one minute each."""
    counted = client.query(sql.by_minute(table), parameters={"begin": begin, "end": end}).result_rows
    found: list[tuple[int, int, int]] = []
    for minute, events in counted:
        first, after = max(int(minute), begin), min(int(minute) + _MINUTE_MS, end)
        if found and found[-1][2] + events <= BATCH_EVENTS:
            found[-1] = (found[-1][0], after, found[-1][2] + events)
        else:
            found.append((first, after, events))
    return found


def read(client: Client, table: str, begin: int, end: int, facts: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
    """Yield (first millisecond, events) in order.

    Args:
        client: Any client.
        table: clicks or impressions.
        begin: First millisecond since 1970.
        end: The first that isn't read.
        facts: Columns to read.

    """
    text = sql.read(table, facts)
    for first, after, _ in slices(client, table, begin, end):
        events = client.query_arrow(text, parameters={"begin": first, "end": after}, use_strings=True)
        yield first, events
