"""The ids in a caller's own rows, as one SELECT; what pickers offer to whoever doesn't see everything.

Invariants: as in ``reports.sql``: values are bound, every table is read within the caller's scope, and the
scope stands last.
"""

from __future__ import annotations

from datetime import datetime

from kernel.auth import Principal
from kernel.clickhouse.columns import HOURLY_KEYS
from reports.bindings import Bindings, Statement
from reports.registry import Dimension
from reports.scope import scope

MAX_IDS = 10_000
"""Ids in one answer; a picker shows fewer."""


def ids_present(dimension: Dimension, who: Principal | None, since: datetime) -> Statement:
    """Return the statement of the ids an attribute is looked up by, as texts, that are in the caller's rows.

    Args:
        dimension: An attribute.
        who: The caller.
        since: The first moment that counts, in UTC; the rollup's hours count whole.

    """
    bindings = Bindings()
    column = dimension.columns[0]
    start = bindings.instant("since", since)
    limit = bindings.bind("most", "UInt64", MAX_IDS)
    tables = {"clicks_hourly": "hour"} if column in HOURLY_KEYS else {"clicks": "ts"}
    reads: list[str] = []
    for table, time in {**tables, "impressions": "ts", "conversions": "ts"}.items():
        kept = [f"{time} >= {start}", "NOT is_test", *scope(who, bindings.bind)]
        reads += ["UNION ALL"] if reads else []
        reads += [f"SELECT {column} AS id", f"FROM {table}", f"WHERE {' AND '.join(kept)}"]
    return bindings.statement(["SELECT DISTINCT toString(id) FROM (", *reads, f") LIMIT {limit}"])
