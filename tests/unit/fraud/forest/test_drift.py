"""Drift: nothing where nothing changed, and the planted change by its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fraud.counts import MemoryCounts
from fraud.forest.drift import Drift, drifted, stability_index
from fraud.forest.seen import keep_seen, own_seen, seen_by_all
from tests.support.forest import BEGIN_MS, changed, ordinary, part

DAY_MS = 86_400_000
NOON = 1_800_000_000.0


def watched(trained, traffic, clock=lambda: NOON, batch=700):
    model, _, card = trained
    drift = Drift(card, clock=clock)
    counts = MemoryCounts()
    for begin in range(0, len(traffic), batch):
        piece = part(traffic, range(begin, min(begin + batch, len(traffic))))
        found = model.features(piece, counts.count(piece))
        drift.observe(found, model.percentiles(found))
    return drift


def test_the_index_is_the_textbook_s():
    expected = (0.6 - 0.5) * np.log(0.6 / 0.5) + (0.4 - 0.5) * np.log(0.4 / 0.5)
    assert stability_index(np.array([50.0, 50.0]), np.array([6.0, 4.0])) == pytest.approx(expected)
    assert stability_index(np.array([1.0, 0.0]), np.array([0.0, 1.0])) > 5


def test_ordinary_traffic_has_not_drifted(trained):
    found = watched(trained, ordinary(4_000, seed=50, begin_ms=BEGIN_MS + 7 * DAY_MS)).drifted()
    assert found.clicks == 4_000
    assert found.alarming == ()
    assert not found.flags_differ


def test_a_planted_drift_is_named_and_no_other(trained):
    traffic = ordinary(3_000, seed=50, begin_ms=BEGIN_MS + 7 * DAY_MS)
    found = watched(trained, changed(traffic, asns=64_999)).drifted()
    assert found.alarming == ("network_rarity",)


def test_more_flags_than_usual_are_seen(trained):
    traffic = ordinary(2_000, seed=51, begin_ms=BEGIN_MS + 7 * DAY_MS)
    odd = changed(traffic, countries="VN", languages="xx", is_proxy=True, browser_versions="12.0")
    assert watched(trained, odd).drifted().flags_differ


def test_too_few_clicks_say_nothing(trained):
    found = watched(trained, ordinary(900)).drifted()
    assert set(found.index.values()) == {None}
    assert found.flagged_share is None


def test_a_day_later_it_is_forgotten(trained):
    moments = iter([NOON] * 3 + [NOON + 25 * 3600] * 10)
    drift = watched(trained, ordinary(2_800), clock=lambda: next(moments))
    assert drift.seen().clicks == {int(NOON + 25 * 3600) // 3600: 700}


def test_what_hosts_saw_is_added_up_and_survives_a_restart(trained, tmp_path):
    card = trained[2]
    drift = watched(trained, ordinary(2_000, seed=60))
    keep_seen(tmp_path, drift.seen())
    (tmp_path / "seen-other.json").write_bytes(next(tmp_path.glob("seen-*.json")).read_bytes())
    (tmp_path / "seen-broken.json").write_bytes(b"\xff")
    found = seen_by_all(tmp_path, card, NOON)
    assert found.clicks == 4_000
    assert found.index == pytest.approx(drift.drifted().index)
    assert Drift(card, own_seen(tmp_path), clock=lambda: NOON).drifted().clicks == 2_000


def test_what_another_model_saw_counts_for_nothing(trained):
    card = trained[2]
    seen = watched(trained, ordinary(2_000)).seen()
    seen.version = "20200101-000000-aaaaaa"
    assert drifted(card, [seen], NOON).clicks == 0
    assert Drift(card, seen).drifted().clicks == 0
    seen.version, seen.bins = card.version, {int(NOON) // 3600: [[1.0]]}
    assert drifted(card, [seen], NOON).clicks == 0


def test_a_feature_that_never_varied_shows_when_it_does(trained):
    model, _, card = trained
    traffic = ordinary(2_000, seed=61)
    found = watched(
        (model, None, card), replace(traffic, is_datacenter=[True] * 1_000 + [False] * 1_000)
    ).drifted()
    assert "datacenter" in found.alarming
