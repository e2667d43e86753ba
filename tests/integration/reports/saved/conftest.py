"""A web role over a program of its own, two partners with clicks, and somebody of each role."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from tests.support.web import Asker, Web, running_web

REPORTS = "/api/v1/saved-reports"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Yesterday, when all clicks of these tests were."""
CLICKS = {0: 3, 1: 5}
"""Of the two partners."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class People:
    """Who asks."""

    web: Web
    partners: tuple[int, int]
    advertiser: int
    admin: Asker
    manager: Asker
    analyst: Asker
    analyst_id: int
    first: Asker
    second: Asker
    shop: Asker

    def report(self, who: Asker, **fields) -> dict:
        """Save a report of yesterday's clicks by partner, unless told otherwise."""
        query = {"range": "yesterday", "dimensions": ["partner"], "metrics": ["clicks"]}
        body = {"name": f"Report {next(_numbers)}", "query": query | fields.pop("query", {})}
        return who.made("POST", REPORTS, body | fields)

    def clicks(self, answer: dict) -> dict[int, int]:
        """Clicks of the two partners of these tests; the store has others' too."""
        return {row["partner_id"]: row["clicks"] for row in answer["rows"] if row["partner_id"] in self.partners}


@pytest.fixture(scope="session")
def people(event_store, store_settings, tmp_path_factory) -> Iterator[People]:
    with running_web(store_settings, tmp_path_factory.mktemp("saved")) as web:
        # Ids far from those of other tests, whose rows are in the same store.
        partners = (web.partner(id=911_000_001), web.partner(id=911_000_002))
        advertiser = web.advertiser()
        for place, partner in enumerate(partners):
            rows = [
                {"ts": int(NOON.timestamp() * 1000) + n, "partner_id": partner, "offer_id": 9, "verdict": "valid"}
                for n in range(CLICKS[place])
            ]
            insert(event_store, "clicks", rows_table("clicks", rows), f"saved-{partner}")
        analyst = web.user("analyst")
        yield People(
            web,
            partners,
            advertiser,
            web.admin,
            web.holding(web.key(role="manager")),
            web.holding(web.session(analyst)),
            analyst["id"],
            web.holding(web.key(role="partner", partner_id=partners[0])),
            web.holding(web.key(role="partner", partner_id=partners[1])),
            web.holding(web.key(role="advertiser", advertiser_id=advertiser)),
        )
