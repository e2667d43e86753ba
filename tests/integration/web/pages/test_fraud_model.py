"""The model's page: which version scores, its card, training and going back, drift; and what it says without one."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.forest import ordinary, replayed
from tests.support.pages import Visitor
from tests.support.web import running_web

BASE = "/api/v1/fraud/models"


@pytest.fixture(scope="module")
def web(event_store, store_settings, tmp_path_factory):
    with running_web(store_settings, tmp_path_factory.mktemp("model"), model_training_hours=0) as web:
        yield web


@pytest.fixture(scope="module")
def manager(web):
    return Visitor(web, web.key(role="manager"))


@pytest.fixture(scope="module")
def without_model(manager):
    """What is said before the first model: asked for before any test trains one."""
    return manager.see("/fraud/models"), manager.see("/fraud")


@pytest.fixture(scope="module")
def trained(web, manager, without_model):
    """Train from the page, on clicks of the test's own."""
    window = replayed(ordinary(2_200, seed=22))
    trainer = web.app.state.trainer
    trainer._read = lambda _now, _step: window
    done = manager.post("/fraud/models", manager.see("/fraud/models").form("train"))
    trainer.wait()
    return done


def test_without_a_model_the_pages_say_that_rules_judge_alone(without_model):
    model, centre = without_model
    assert "Verdicts come from rules alone" in model.text
    assert "No model yet" in model.text
    assert "Verdicts come from rules alone" in centre.text


def test_training_from_the_page_makes_the_version_whose_card_is_shown(web, manager, trained):
    assert trained.headers["location"] == "/fraud/models"
    page = manager.see("/fraud/models")
    told = web.admin.made("GET", BASE)
    card = web.admin.made("GET", f"{BASE}/{told['version']}")
    (row,) = page.table("Versions that are kept")
    assert (row["Version"], row["State"]) == (told["version"], "in use")
    assert row["Clicks learnt"] == f"{card['clicks_learnt']:,}"
    shown = {one["Name"]: one["Value"] for one in page.table("Parameters")}
    assert shown == {name: str(value) for name, value in card["parameters"].items()}
    assert card["file_sha256"] in page.text
    assert [one["Feature"] for one in page.table("How far each feature")] == card["features"]
    assert "too few to compare" in page.text
    assert told["version"] in manager.see("/fraud").text


def test_going_back_uses_the_version_that_is_named(web, manager, trained):
    shelf = web.app.state.trainer.shelf
    first = web.admin.made("GET", BASE)["version"]
    content = (shelf.directory / f"{first}.skops").read_bytes()
    newer = f"2099{first[4:]}"
    shelf.put(content, msgspec.structs.replace(shelf.card(first), version=newer), keep=5)
    page = manager.see("/fraud/models")
    assert manager.see(f"/fraud/models?version={first}").soup.find(id="card").get_text() == f"Card of {first}"
    page.send("roll-back", holding={"version": first})
    assert web.admin.made("GET", BASE)["version"] == first
    refused = manager.post("/fraud/models", {"do": "roll-back", "version": "never made"})
    assert refused.status_code == 404
    (shelf.directory / f"{first}.skops").write_bytes(b"no")
    assert "Verdicts come from rules alone" in manager.see("/fraud/models").text
