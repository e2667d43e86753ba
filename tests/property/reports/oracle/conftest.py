"""The events of the oracle's tests, in the store and in frames, once for each test process."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import pytest

from kernel.auth import ROLE_SCOPES, Principal
from reports.query import Query
from reports.report import report
from tests.integration.reports.conftest import Store
from tests.property.reports.oracle import program
from tests.property.reports.oracle.events import Events, Maker
from tests.property.reports.oracle.facts import Caller
from tests.property.reports.oracle.oracle import Oracle

SEED = int(os.environ.get("CLICKLEDGER_ORACLE_SEED", "1"))
"""Other events: CLICKLEDGER_ORACLE_SEED=2 pytest tests/property/reports/oracle."""


class Ledger:
    """Events of which the store and the oracle know the same."""

    def __init__(self, store: Store, events: Events) -> None:
        self.store, self.events, self.oracle = store, events, Oracle(events)

    def deliver(self) -> None:
        """Put the events into the store as a pipeline does: in batches, states of conversions in any order."""
        for table in ("clicks", "impressions"):
            put(self.store, table, getattr(self.events, table), batches=2)
        put(self.store, "conversions", self.events.history.sample(frac=1, random_state=SEED), batches=4)

    def ask(self, query: dict[str, Any], who: Caller) -> dict[str, Any]:
        """Answer a query as the API does."""
        return report(
            Query.model_validate(query),
            Principal(who.role, **dict(who.only), scopes=ROLE_SCOPES[who.role]),
            names=program.DIRECTORY,
            readers=self.store.readers,
            chosen=self.store.chosen,
        )


def put(store: Store, table: str, frame: pd.DataFrame, batches: int) -> None:
    """Insert the rows of a frame in batches."""
    size = -(-len(frame) // batches)
    for first in range(0, len(frame), size):
        rows = frame.iloc[first : first + size].to_dict("records")
        for row in rows:
            row.update(
                {name: value.value // 10**6 for name, value in row.items() if isinstance(value, pd.Timestamp)}
            )
        store.put(table, rows)


@pytest.fixture(scope="session")
def ledger(store: Store) -> Ledger:
    """Two thousand events of everybody."""
    made = Ledger(store, Maker(SEED).events(clicks=1000, impressions=350, conversions=450))
    made.deliver()
    return made
