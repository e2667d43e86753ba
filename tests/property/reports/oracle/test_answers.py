"""Whatever is asked, a report says what an oracle over the same events says."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.property.reports.oracle import program
from tests.property.reports.oracle.agreeing import difference
from tests.property.reports.oracle.asking import Asking
from tests.property.reports.oracle.conftest import Ledger

EXAMPLES = int(os.environ.get("CLICKLEDGER_ORACLE_EXAMPLES", "20"))
"""Questions for each role; a few thousand take an hour and find what twenty don't."""
MANY = 200


@pytest.mark.parametrize("role", program.ROLES)
def test_a_report_says_what_the_oracle_says(ledger: Ledger, role: str):
    asking = Asking(ledger.oracle, role)
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(asking.queries(), asking.callers())
    def agree(query, who):
        answer, expected = ledger.ask(query, who), ledger.oracle.answer(query, who)
        assert difference(answer, expected) == "", (query, who)
        seen.update(["asked"])
        if any(any(row[name] for name in query["metrics"]) for row in answer["rows"]):
            seen.update(["answered"])

    agree()
    # About half of the reports have something in them; of twenty it is chance how many.
    assert seen["answered"] > (seen["asked"] / 3 if EXAMPLES >= MANY else 0)
