"""A range that may be in the store already: rows that are there are sent again exactly as they lie there.

An insert that is tried again under its token is dropped by every table that took it, and taken by a rollup that
the process's end kept it from. What is judged again may be judged otherwise, as counts, rules, model and prices go
on: so that the rollup adds up what the clicks say, the clicks' own rows are what is sent.

Invariants: no row is added or lost, and their number and ids stay; rows that aren't stored are sent as they were
made now.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client

from tracker.pipeline import sql

IDS_AT_ONCE = 2_000
"""Ids in one question: below the store's longest statement by far."""


def as_stored(store: Client, table: str, rows: pa.Table) -> pa.Table:
    """Return the rows with those in their stored form that the store has.

    Args:
        store: The event store.
        table: ``clicks`` or ``impressions``.
        rows: Of that table, as they were made now.

    Raises:
        STORE_ERRORS: the store is away or refuses.

    """
    found = [_stored(store, table, rows.slice(at, IDS_AT_ONCE)) for at in range(0, rows.num_rows, IDS_AT_ONCE)]
    stored = pa.concat_tables(found) if found else rows.slice(0, 0)
    if not stored.num_rows:
        return rows
    missing = rows.filter(pc.invert(pc.is_in(rows["click_id"], value_set=stored["click_id"].combine_chunks())))
    return pa.concat_tables([stored, missing])


def _stored(store: Client, table: str, rows: pa.Table) -> pa.Table:
    moments = pc.min_max(rows["ts"].cast(pa.int64()))
    asked = {
        "ids": rows["click_id"].to_pylist(),
        "first": moments["min"].as_py(),
        "last": moments["max"].as_py(),
    }
    found = store.query_arrow(sql.STORED_ROWS[table], parameters=asked, use_strings=True)
    return found.select(rows.schema.names).cast(rows.schema)
