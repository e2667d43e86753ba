"""The numbers of one report are of one moment, whatever is stored while it runs."""

from __future__ import annotations

import itertools
import threading
from decimal import Decimal

import pytest

from tests.integration.reports.conftest import Store, at
from tests.support.waiting import join

P = 917_000_001
ROUNDS = 8
_runs = itertools.count()


@pytest.fixture
def _storing(store: Store):
    """Stores clicks and conversions all the time; the range before gets as many as the report's own."""
    stop = threading.Event()

    run = next(_runs)

    def work() -> None:
        for n in itertools.count():
            if stop.is_set():
                return
            one = {"partner_id": P, "verdict": "valid", "sub1": str(n % 7)}
            times = [at("2026-11-13T10:00:00"), at("2026-11-11T10:00:00")]
            store.put("clicks", [{**one, "click_id": f"{P}-{run}-{n}-{ts}", "ts": ts} for ts in times])
            paid = {"status": "approved", "currency": "USD", "payout": Decimal(1), "attribution": "click"}
            store.put(
                "conversions", [{**one, **paid, "conversion_id": f"{P}-{run}-{n}-{ts}", "ts": ts} for ts in times]
            )

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    join(thread)


@pytest.mark.usefixtures("_storing")
@pytest.mark.parametrize("dimension", ["sub1", "country"])
def test_rows_totals_and_comparison_count_the_same_events(store: Store, dimension: str):
    counts = set()
    for _ in range(ROUNDS):
        answer = store.ask(
            P,
            **{"from": "2026-11-12", "to": "2026-11-14"},
            dimensions=[dimension],
            metrics=["clicks", "payout"],
            compare="previous_period",
            totals=True,
        )
        for metric in ("clicks", "payout"):
            total = answer["totals"][metric]
            assert sum(row[metric] for row in answer["rows"]) == total
            # Both ranges' events come in one batch, into one week's partition.
            assert answer["totals"][f"{metric}_before"] == total
        counts.add(answer["totals"]["clicks"])
    assert len(counts) > 1
