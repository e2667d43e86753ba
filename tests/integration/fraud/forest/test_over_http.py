"""Models over the API and the command line, as a manager uses them."""

from __future__ import annotations

import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands.fraud import drift, models, train
from clickledger.service import Service
from fraud.forest.trainer import Trainer
from tests.support.forest import ordinary, replayed
from tests.support.web import ADMIN_KEY, running_web

BASE = "/api/v1/fraud/models"


@pytest.fixture(scope="module")
def window():
    return replayed(ordinary(2_500, seed=21))


@pytest.fixture(scope="module")
def role(event_store, store_settings, tmp_path_factory):
    with running_web(store_settings, tmp_path_factory.mktemp("models"), model_training_hours=0) as web:
        yield web


@pytest.fixture
def web(role):
    """Return the role as it is before its first model."""
    old = role.app.state.trainer
    old.wait()
    shutil.rmtree(old.shelf.directory, ignore_errors=True)
    role.app.state.trainer = Trainer(old._settings, old._read)
    return role


@pytest.fixture
def trained(web, window):
    """Have the role's trainer learn from a window of the test's own."""
    trainer = web.app.state.trainer
    trainer._read = lambda _now, _step: window
    web.admin.made("POST", f"{BASE}/train", {})
    trainer.wait()
    return trainer


@pytest.fixture
def run(web, monkeypatch):
    """Run a command against the role; refusals raise as they do for ``main``."""
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    monkeypatch.setenv("COLUMNS", "160")
    app = typer.Typer()
    for module in (drift, models, train):
        module.register(app)
    return lambda *words: CliRunner().invoke(app, words)


def test_before_the_first_model_everything_says_that_rules_judge_alone(web, run):
    listed = web.admin.made("GET", BASE)
    assert (listed["state"], listed["version"], listed["models"]) == ("none", "", [])
    assert listed["training"]["state"] == "never"
    assert "rules alone" in listed["why"]
    assert "rules alone" in web.admin.made("GET", "/readyz")["model"]
    assert web.admin.made("GET", f"{BASE}/drift")["state"] == "none"
    assert web.admin.refused("POST", f"{BASE}/rollback", {}) == (409, "model_no_earlier")
    assert web.admin.refused("GET", f"{BASE}/nothing") == (404, "model_unknown")
    result = run("models")
    assert (result.exit_code, "rules alone" in result.output) == (0, True)
    assert run("drift").exit_code == 0


def test_a_trained_model_is_listed_with_its_card(web, trained, window):
    listed = web.admin.made("GET", BASE)
    assert listed["state"] == "in_use"
    assert listed["training"] | {"changed_at": None} == {
        "state": "done",
        "step": "writing",
        "done": 1.0,
        "changed_at": None,
        "version": listed["version"],
        "why": "",
    }
    (short,) = listed["models"]
    assert short["in_use"]
    card = web.admin.made("GET", f"{BASE}/{listed['version']}")
    assert card["clicks_learnt"] == len(window.facts)
    assert len(card["baseline"]) == len(card["features"]) == 24
    assert web.admin.made("GET", "/readyz")["model"] == "ok"
    found = web.admin.made("GET", f"{BASE}/drift")
    assert found["clicks"] == 0
    assert "too few" in found["why"]


def test_rolling_back_and_a_broken_file(web, trained, run):
    first = web.admin.made("GET", BASE)["version"]
    shelf = trained.shelf
    shelf.put(*_renamed(shelf, first, "2099"), keep=5)
    assert web.admin.made("POST", f"{BASE}/rollback", {})["version"] == first
    newest = shelf.versions()[-1]
    assert run("rollback", newest).output.startswith(f"Model {newest} is in use")
    (shelf.directory / f"{newest}.skops").write_bytes(b"no")
    listed = web.admin.made("GET", BASE)
    assert (listed["state"], listed["version"]) == ("broken", newest)
    assert "hash differs" in web.admin.made("GET", "/readyz")["model"]
    assert web.admin.refused("POST", f"{BASE}/rollback", {"version": newest}) == (409, "model_broken")
    result = run("models")
    assert result.exit_code == 1
    assert "hash differs" in result.output
    assert run("rollback").exit_code == 0
    assert web.admin.made("GET", BASE)["state"] == "in_use"


def _renamed(shelf, version, year):
    import msgspec

    card = shelf.card(version)
    return (shelf.directory / f"{version}.skops").read_bytes(), msgspec.structs.replace(
        card, version=year + card.version[4:]
    )


def test_train_shows_progress_and_prints_the_card(web, run, window):
    web.app.state.trainer._read = lambda _now, _step: window
    result = run("train")
    assert result.exit_code == 0, result.output
    version = web.admin.made("GET", BASE)["version"]
    assert f"Model {version} is in use." in result.output
    assert "learnt from    2,500 clicks" in result.output
    assert json.loads(run("models", "--json").stdout)["version"] == version
    assert f"* {version}" in " ".join(run("models").output.split())


def test_too_few_clicks_end_train_with_a_sentence(web, run):
    few = replayed(ordinary(300))
    web.app.state.trainer._read = lambda _now, _step: few
    result = run("train")
    assert result.exit_code == 1
    assert "a model needs 2,000" in str(result.exception) + result.output


def test_drift_is_shown_by_feature_and_ends_with_1(web, trained, run):
    from fraud.counts import MemoryCounts
    from fraud.forest.drift import Drift
    from fraud.forest.seen import keep_seen
    from tests.support.forest import changed

    model, card = trained.shelf.load(trained.shelf.current())
    model.drift = Drift(card)
    traffic = changed(ordinary(2_000, seed=22), asns=64_999)
    model.score(traffic, MemoryCounts().count(traffic))
    keep_seen(trained.shelf.directory, model.drift.seen())
    found = web.admin.made("GET", f"{BASE}/drift")
    assert "network_rarity" in found["drifted"]
    assert found["clicks"] == 2_000
    result = run("drift")
    assert result.exit_code == 1
    assert "network_rarity" in result.output
    assert "drifted" in result.output


def test_who_may_only_read_may_not_train(web):
    key = web.key(role="analyst")
    assert web.holding(key).made("GET", BASE)["state"] == "none"
    assert web.holding(key).refused("POST", f"{BASE}/train", {}) == (403, "forbidden")
    assert web.holding(key).refused("POST", f"{BASE}/rollback", {}) == (403, "forbidden")


def test_two_trainings_at_once_are_refused(web):
    with web.app.state.trainer.shelf.training():
        assert web.admin.refused("POST", f"{BASE}/train", {}) == (409, "model_training_runs")
