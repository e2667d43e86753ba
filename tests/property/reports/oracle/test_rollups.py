"""Rollups and events say the same, whichever of them is read, and both what the oracle says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from kernel.auth import ADMIN
from kernel.clickhouse.columns import ROLLUPS, Rollup
from reports import query as query_model
from reports import rollups
from reports.plan import choose
from reports.registry import DIMENSIONS, METRICS, PARTS
from reports.validate import validate
from tests.property.reports.oracle import program
from tests.property.reports.oracle.agreeing import difference
from tests.property.reports.oracle.asking import Asking, Query
from tests.property.reports.oracle.conftest import Ledger
from tests.property.reports.oracle.facts import Caller

EXAMPLES = int(os.environ.get("CLICKLEDGER_ORACLE_EXAMPLES", "5"))
"""Questions for each rollup; each is asked twice."""

ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
"""Days of half-hour zones begin within an hour: rollups serve their moments, where no time is asked for."""


def dimensions(rollup: Rollup) -> list[str]:
    """Those that a rollup has the columns of."""
    known = {*rollup.keys, "ts"}
    return [name for name, one in DIMENSIONS.items() if one.rollup is not None and {*one.columns} <= known]


def metrics() -> list[str]:
    """Those that clicks alone can't be asked for."""
    parts = {name for name, part in PARTS.items() if part.clicks is None or part.rollup is not None}
    return [name for name, metric in METRICS.items() if {*metric.parts} <= parts]


def said(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["rows"], answer.get("totals"), answer["meta"].get("other_currencies")


def serves(ledger: Ledger, query: Query) -> bool:
    """Tell whether the only rollup there is can answer a question."""
    asked = validate(query_model.Query.model_validate(query), program.DIRECTORY, ledger.store.chosen)
    return choose(asked, ADMIN).source == "rollup"


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.name)
def test_a_rollup_and_the_events_say_the_same(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, rollup: Rollup):
    asking = Asking(ledger.oracle, "admin", ("UTC",) if rollup.is_daily else ZONES)
    who = Caller("admin")
    monkeypatch.setattr(rollups, "ROLLUPS", (rollup,))

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(asking.queries(dimensions(rollup), metrics()).filter(lambda query: serves(ledger, query)))
    def agree(query):
        summed = ledger.ask(query, who)
        with monkeypatch.context() as forced:
            forced.setattr(rollups, "ROLLUPS", ())
            raw = ledger.ask(query, who)
        assert (summed["meta"]["source"], raw["meta"]["source"]) == ("rollup", "raw")
        assert said(summed) == said(raw), query
        assert difference(raw, ledger.oracle.answer(query, who)) == "", query

    agree()
