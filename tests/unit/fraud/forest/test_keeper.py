"""The keeper: swaps within a look, falls back to rules loudly, comes back when the file is right again."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from fraud.counts import MemoryCounts
from fraud.forest.keeper import RETRY_SECONDS, TELL_SECONDS, Keeper
from fraud.forest.seen import own_seen
from fraud.forest.shelf import Shelf
from kernel.metrics import gauge
from tests.support.forest import ordinary
from tests.unit.fraud.forest.test_shelf import version_of


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "models")


@pytest.fixture
def used():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keeper(shelf, used, clock):
    return Keeper(shelf, used.append, clock)


def test_no_model_yet_means_rules_only_and_says_so(keeper, used):
    with capture_logs() as logs:
        keeper.look()
        keeper.look()
    assert used == [None]
    assert [line["event"] for line in logs] == ["model_missing"]
    assert gauge("clickledger_model_in_use").value == 0


def test_another_version_is_swapped_in_by_the_next_look(keeper, used, shelf, trained):
    keeper.look()
    for number in (1, 2):
        stored, card = version_of(trained, number)
        shelf.put(stored, card, keep=5)
        keeper.look()
        assert used[-1].version == card.version
    keeper.look()
    assert len(used) == 3
    shelf.use(shelf.earlier())
    keeper.look()
    assert used[-1].version == shelf.versions()[0]
    assert gauge("clickledger_model_in_use").value == 1


def test_a_file_that_fails_its_hash_means_rules_only_until_it_is_right_again(keeper, used, shelf, trained, clock):
    stored, card = version_of(trained, 1)
    shelf.put(stored, card, keep=5)
    path = shelf.directory / f"{card.version}.skops"
    path.write_bytes(stored[:-1])
    with capture_logs() as logs:
        keeper.look()
        clock.now += RETRY_SECONDS + 1
        keeper.look()
    assert used == [None, None]
    assert [(line["event"], line["log_level"]) for line in logs] == [("model_unusable", "error")]
    assert gauge("clickledger_model_in_use").value == 0
    path.write_bytes(stored)
    clock.now += RETRY_SECONDS + 1
    keeper.look()
    assert used[-1].version == card.version


def test_a_name_without_a_model_means_rules_only(keeper, used, shelf):
    shelf.directory.mkdir()
    (shelf.directory / "current").write_text("../../etc/passwd")
    with capture_logs() as logs:
        keeper.look()
    assert used == [None]
    assert "isn't there" in logs[0]["why"]


def test_what_is_scored_is_watched_told_and_kept(keeper, used, shelf, trained, clock):
    shelf.put(*version_of(trained, 1), keep=5)
    keeper.look()
    traffic = ordinary(2_600, seed=90, days=1)
    used[-1].score(traffic, MemoryCounts().count(traffic))
    clock.now += TELL_SECONDS
    keeper.look()
    assert gauge("clickledger_model_drift_psi", feature="agent_rarity").value is not None
    assert sum(own_seen(shelf.directory).clicks.values()) == 2_600
    assert gauge("clickledger_model_drifted_features").value == 0
    assert gauge("clickledger_model_flagged_trained_ratio").value == pytest.approx(0.01, abs=0.002)
    (shelf.directory / "current").unlink()
    keeper.look()
    assert gauge("clickledger_model_drift_psi", feature="agent_rarity").value is None
    assert gauge("clickledger_model_flagged_ratio").value is None


def test_its_thread_ends_when_asked(shelf, used):
    keeper = Keeper(shelf, used.append)
    keeper.start()
    keeper.stop()
    assert used == [None]
