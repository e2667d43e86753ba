"""A short crash run: every named point once, each kind of process, in under a minute."""

from __future__ import annotations

import pytest

from kernel import faults
from tests.crash.mischief import KILLING_POINTS
from tests.crash.run import crash

pytestmark = pytest.mark.service

KILLS = 12
SECONDS = 240.0
"""A patient limit; a quiet machine needs a sixth of it."""


def test_nothing_acknowledged_is_lost_or_doubled_by_kills_at_every_named_point(tmp_path):
    outcome = crash(tmp_path / "data", seed=20, kills=KILLS, seconds=SECONDS, clients=4, rate=100.0)
    print(outcome.table())
    assert outcome.wrong == []
    assert (outcome.verdict.lost, outcome.verdict.duplicated) == (0, 0)
    assert {*KILLING_POINTS, "edge", "backend", "valkey", "supervisor"} == set(outcome.tally.kills)
    assert {*KILLING_POINTS, "pipeline.insert"} == set(faults.POINTS)
    for kind, count in outcome.verdict.counts.items():
        assert 0 < count.acknowledged <= count.stored <= count.sent, kind
