"""A model's life through the running pieces: trained from stored clicks, used, rolled back, broken, trained again."""

from __future__ import annotations

import datetime as dt
import errno
import itertools
from pathlib import Path

import pytest

from fraud.engine import Engine
from fraud.forest import Keeper, Model, Shelf
from fraud.forest import shelf as shelf_module
from fraud.forest.keeper import RETRY_SECONDS
from fraud.forest.trainer import Trainer
from fraud.forest.window import _read, drawn
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tests.support.forest import changed, ordinary, part

DAY = 86_400_000
BEGIN = dt.datetime(2004, 5, 3, tzinfo=dt.UTC)
"""Long before any other test's clicks: the store is shared."""
PARTNERS = 640_000
_COLUMNS = {
    "partner_id": "partner_ids",
    "ip": "ips",
    "ip_prefix": "prefixes",
    "asn": "asns",
    "user_agent": "user_agents",
    "device_type": "device_types",
    "os": "oses",
    "browser": "browsers",
    "browser_version": "browser_versions",
    "language": "languages",
    "country": "countries",
    "referrer_host": "referrer_hosts",
    "source": "sources",
    "is_in_app": "is_in_app",
    "is_proxy": "is_proxy",
}
_tokens = itertools.count()


def visits(count, seed, days=3):
    traffic = ordinary(count, seed, days=days, begin_ms=int(BEGIN.timestamp() * 1000))
    return changed(traffic, partner_ids=[PARTNERS + partner for partner in traffic.partner_ids])


def store(client, traffic, **more):
    rows = [
        {
            "click_id": f"forest-{next(_tokens)}",
            "ts": dt.datetime.fromtimestamp(traffic.ts[row] / 1000, dt.UTC),
            "verdict": "valid",
            "method": "GET",
            **{column: getattr(traffic, fact)[row] for column, fact in _COLUMNS.items()},
            **more,
        }
        for row in range(len(traffic))
    ]
    clickhouse.insert(client, "clicks", rows_table("clicks", rows), f"forest-{next(_tokens)}")


@pytest.fixture(scope="module")
def stored(event_store):
    store(event_store, visits(5_000, 1))
    bots = part(visits(400, 2), range(400))
    store(event_store, bots, verdict="invalid", fraud_category="GIVT")
    store(event_store, part(visits(400, 3), range(300)), is_test=True)
    return event_store


@pytest.fixture
def chosen(tmp_path):
    return Settings(data_dir=tmp_path, model_versions_kept=5)


def trainer_of(chosen, client, end=BEGIN + dt.timedelta(days=3), most=1_000_000):
    def read(_now, step):
        return _read(client, BEGIN, end, most, step)

    return Trainer(chosen, read)


def test_a_model_learns_from_stored_clicks_and_judges_in_the_engine(stored, chosen):
    card = trainer_of(chosen, stored).train()
    assert (card.clicks_in_window, card.clicks_read, card.clicks_learnt) == (5_400, 5_400, 5_000)
    assert card.quality.clicks == {"valid": 5_000, "invalid": 400}
    engine = Engine()
    keeper = Keeper(Shelf.of(chosen), engine.use_model)
    keeper.look()
    strange = changed(
        part(visits(300, 9), [150] * 150),
        ts=[int(BEGIN.timestamp() * 1000) + 5 * DAY + 150 * n for n in range(150)],
        countries="VN",
        languages="vi",
    )
    found = engine.judge(strange)
    assert found.model_version == card.version
    assert found.model_scores[-1] >= 99
    assert {"model_outlier"} <= set(found.judgements[found.places[-1]].reasons)
    assert found.model_features[149]


def test_train_swap_roll_back_break_and_recover(stored, chosen):
    used: list[Model | None] = []
    moments = itertools.count(0, int(RETRY_SECONDS) + 1)
    keeper = Keeper(Shelf.of(chosen), used.append, lambda: float(next(moments)))
    keeper.look()
    assert used == [None], "no model yet: rules only"
    trainer = trainer_of(chosen, stored)
    first = trainer.train()
    keeper.look()
    assert used[-1].version == first.version
    second = trainer_of(chosen, stored, BEGIN + dt.timedelta(days=2)).train()
    # Both may be of one second; what they hash to keeps them apart.
    assert second.version != first.version
    shelf = trainer.shelf
    keeper.look()
    assert used[-1].version == second.version
    shelf.use(first.version)
    keeper.look()
    assert used[-1].version == first.version
    path = shelf.directory / f"{second.version}.skops"
    path.write_bytes(path.read_bytes()[:-3] + b"abc")
    with pytest.raises(ClickledgerError, match="its hash differs"):
        shelf.use(second.version)
    (shelf.directory / "current").write_text(second.version)
    keeper.look()
    assert used[-1] is None, "a file that fails its hash: rules only"
    third = trainer.train()
    keeper.look()
    assert used[-1].version == third.version
    keeper.stop()


def test_too_few_clicks_are_said_and_leave_everything_as_it_was(stored, chosen):
    trainer = trainer_of(chosen, stored, BEGIN + dt.timedelta(hours=6))
    trainer.begin()
    trainer.wait()
    progress = trainer.progress()
    assert progress.state == "failed"
    assert "a model needs 2,000" in progress.why
    assert trainer.shelf.current() == ""


def test_a_bounded_training_reads_whole_stretches_of_the_whole_window(stored, chosen):
    card = trainer_of(chosen, stored, most=3_000).train()
    assert 2_000 <= card.clicks_read <= 3_000
    assert card.clicks_in_window == 5_400
    assert card.trained_to - card.trained_from > dt.timedelta(days=2)


def test_of_many_clicks_no_more_than_wanted_are_drawn():
    import numpy as np

    draw = np.random.default_rng(1)
    minutes = np.arange(7 * 1440) + 29_000_000
    for busy in (1, 400):
        clicks = draw.integers(1, 200, len(minutes)) * np.where(minutes % 1440 == 700, busy, 1)
        wanted = drawn(minutes, clicks, 100_000)
        assert 50_000 < clicks[wanted].sum() <= 100_000
        assert len(np.unique(minutes[wanted] // 60 % 24)) >= 10
    assert drawn(minutes, clicks, int(clicks.sum())).all()


def test_two_roles_never_train_at_once(stored, chosen):
    with Shelf.of(chosen).training(), pytest.raises(ClickledgerError, match="being trained already"):
        trainer_of(chosen, stored).begin()


def test_it_trains_by_itself_once_and_then_when_the_interval_is_over(stored, chosen):
    trainer = trainer_of(chosen, stored)
    assert trainer.begin_when_due()
    trainer.wait()
    assert trainer.progress().state == "done"
    assert not trainer.begin_when_due()
    assert not trainer_of(chosen, stored).begin_when_due(), "the newest is from just now"
    shelf = trainer.shelf
    (shelf.directory / f"{shelf.current()}.skops").write_bytes(b"damaged")
    again = trainer_of(chosen, stored, BEGIN)
    assert again.begin_when_due(), "none can be used"
    again.close()
    never = Settings(data_dir=chosen.data_dir / "other", model_training_hours=0)
    assert not trainer_of(never, stored).begin_when_due()


def test_a_training_ends_with_the_service(stored, chosen):
    trainer = trainer_of(chosen, stored)
    trainer.begin(duty=0.0005)
    trainer.close()
    assert trainer.shelf.current() == ""
    assert trainer.progress().state == "failed"


def test_a_directory_that_can_t_be_written_is_said_before_and_after_a_training(stored, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    away = trainer_of(Settings(data_dir=tmp_path, model_dir=tmp_path / "file" / "models"), stored)
    with pytest.raises(ClickledgerError) as why:
        away.begin()
    assert why.value.kind.code == "model_shelf_away"
    assert not away.begin_when_due()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    trainer = trainer_of(Settings(data_dir=tmp_path), stored)
    monkeypatch.setattr(shelf_module, "_write", full)
    trainer.begin()
    (trainer.shelf.directory / "training.json").unlink()
    monkeypatch.setattr(Path, "write_bytes", full)
    trainer.wait()
    progress = trainer.progress()
    assert progress.state == "failed"
    assert "No space left on device" in progress.why
    assert (trainer.shelf.current(), trainer.shelf.is_training()) == ("", False)
