"""Reports over the shared event store: readers, an app, and a way to put events in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kernel.auth import Authenticator, Principal
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import ReaderPool, insert
from kernel.http import EXCEPTION_HANDLERS
from kernel.settings import Settings
from reports.api import routes
from reports.names import Names
from reports.query import Query
from reports.report import report
from tests.unit.reports.asking import Directory

KEY = "test-key"


class Store:
    """The event store with events of our own."""

    def __init__(self, client: Client, readers: ReaderPool, chosen: Settings) -> None:
        self.client, self.readers, self.chosen = client, readers, chosen

    def put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows as one batch; the same rows again change nothing, as when a module's turn comes twice."""
        content = hashlib.sha256(repr(rows).encode()).hexdigest()
        insert(self.client, table, rows_table(table, rows), f"reports-test-{table}-{content}")

    def ask(self, partner: int, names: Names | None = None, **fields: Any) -> dict[str, Any]:
        """Answer a query over one partner's rows alone; decimals become floats, as in JSON."""
        # A manager sees the network's money; the id limits it to the rows of this test.
        return self._answer(Principal("manager", partner_id=partner), names, fields)

    def ask_advertiser(self, advertiser: int, names: Names | None = None, **fields: Any) -> dict[str, Any]:
        """Answer a query over one advertiser's rows alone, so that partners can be compared."""
        return self._answer(Principal("manager", advertiser_id=advertiser), names, fields)

    def _answer(self, who: Principal, names: Names | None, fields: dict[str, Any]) -> dict[str, Any]:
        given = {"from": "2026-11-01", "to": "2026-11-08", "metrics": ["clicks"], **fields}
        query = Query.model_validate(given)
        answer = report(query, who, names=names or Directory(dated={}), readers=self.readers, chosen=self.chosen)
        return json.loads(json.dumps(answer, default=float))


def at(text: str) -> int:
    """Milliseconds since 1970 of a moment written in ISO 8601; UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text if text[-6] in "+-" else f"{text}+00:00")
    return int(moment.timestamp() * 1000)


@pytest.fixture(scope="session")
def readers(event_store: Client, store_settings: Settings) -> Iterator[ReaderPool]:
    pool = ReaderPool(store_settings, size=2)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def store(event_store: Client, readers: ReaderPool, store_settings: Settings) -> Store:
    return Store(event_store, readers, store_settings)


@pytest.fixture(scope="session")
def web(readers: ReaderPool, store_settings: Settings) -> Callable[[], TestClient]:
    """Makes a client of the reports' routes; what goes wrong inside is answered, not raised."""

    def make(names: Names | None = None, pool: Any = readers, chosen: Settings = store_settings) -> TestClient:
        app = Starlette(routes=routes(), exception_handlers=EXCEPTION_HANDLERS)
        app.state.authenticator = Authenticator(KEY)
        app.state.readers, app.state.names, app.state.settings = pool, names or Directory(), chosen
        headers = {"Authorization": f"Bearer {KEY}"}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return make
