"""The shelf: hashes are checked, what is in use stays, two can't train at once."""

from __future__ import annotations

import functools
import io
import os
import threading
import zipfile
from datetime import timedelta
from hashlib import sha256

import msgspec
import numpy as np
import pytest
import skops.io

from fraud.forest.operations import state_of
from fraud.forest.shelf import Shelf
from kernel.errors import ClickledgerError


def version_of(trained, number):
    """Return file and card under another version's name."""
    _, stored, card = trained
    return stored, msgspec.structs.replace(
        card,
        version=f"20260101-00000{number}-{card.file_sha256[:6]}",
        made_at=card.made_at + timedelta(hours=number),
    )


@pytest.fixture
def shelf(tmp_path, trained):
    shelf = Shelf(tmp_path / "models")
    for number in (1, 2, 3):
        shelf.put(*version_of(trained, number), keep=10)
    return shelf


def refused(code, work, *arguments):
    with pytest.raises(ClickledgerError) as why:
        work(*arguments)
    assert why.value.kind.code == code
    return why.value.message


def test_an_empty_shelf_has_no_model(tmp_path):
    shelf = Shelf(tmp_path / "nowhere")
    assert (shelf.current(), shelf.versions(), shelf.cards()) == ("", [], [])
    assert not shelf.is_training()
    refused("model_no_earlier", shelf.earlier)


def test_versions_made_since_a_moment_are_withdrawn_and_an_earlier_one_is_in_use(shelf, trained):
    first, second, third = shelf.versions()
    since = trained[2].made_at + timedelta(hours=2)
    assert shelf.withdraw(since + timedelta(days=1)) == []
    assert shelf.withdraw(since) == [third, second]
    assert (shelf.versions(), shelf.current()) == ([first], first)
    assert sorted(path.name for path in shelf.directory.glob("2*")) == [f"{first}.json", f"{first}.skops"]
    assert shelf.withdraw(since - timedelta(days=1)) == [first]
    assert (shelf.versions(), shelf.current()) == ([], "")
    with shelf.training():
        refused("model_training_runs", Shelf(shelf.directory).withdraw, since)


def test_the_latest_is_in_use_and_earlier_ones_can_be_again(shelf):
    first, second, third = shelf.versions()
    assert shelf.current() == third
    assert [card.version for card in shelf.cards()] == [third, second, first]
    assert shelf.earlier() == second
    shelf.use(second)
    assert shelf.current() == second
    assert shelf.earlier() == first
    assert shelf.load(second)[0].version == second


def test_a_file_that_was_changed_is_not_opened(shelf, monkeypatch):
    version = shelf.current()
    path = shelf.directory / f"{version}.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(skops.io, "loads", None)
    assert "its hash differs" in refused("model_broken", shelf.load, version)
    assert "its hash differs" in refused("model_broken", shelf.use, version)


def nested():
    """Return a skops file that is deeper than Python follows."""
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", '{"a":' * 50_000 + "1" + "}" * 50_000)
        return file.getvalue()


def parts(trained, **others):
    """Return a skops file whose parts are a model's but for some."""
    content = skops.io.loads(trained[1], trusted=["sklearn.tree._tree.Tree"])
    return skops.io.dumps({**content, **others})


def test_a_file_that_is_no_model_is_refused_though_its_hash_is_right(shelf, trained):
    for number, content in enumerate(
        (
            b"not a zip",
            skops.io.dumps({"features": []}),
            skops.io.dumps({"forest": functools.partial(os.system, "false")}),
            trained[1][: len(trained[1]) // 2],
            nested(),
            parts(trained, scale=np.empty(0)),
            parts(trained, usual=np.zeros(3)),
            parts(trained, stretch=[np.ones(1)] * 3),
        )
    ):
        _, card = version_of(trained, number)
        card = msgspec.structs.replace(card, file_sha256=sha256(content).hexdigest())
        shelf.put(content, card, keep=10)
        why = refused("model_broken", shelf.load, card.version)
        assert "rules alone" in why
        # Whoever asks about models is told what those who score find out, however often it asks.
        for _ in range(2):
            assert state_of(shelf) == ("broken", card.version, why)
        assert refused("model_broken", shelf.use, card.version) == why


def test_a_model_of_another_library_is_refused(shelf, trained):
    stored, card = version_of(trained, 8)
    shelf.put(stored, msgspec.structs.replace(card, libraries={"scikit-learn": "0.1"}), keep=10)
    assert "scikit-learn 0.1" in refused("model_broken", shelf.load, card.version)
    assert state_of(shelf)[0] == "broken"


def test_a_model_of_other_features_is_refused(shelf, trained):
    stored, card = version_of(trained, 8)
    shelf.put(stored, msgspec.structs.replace(card, features=card.features[:-1]), keep=10)
    assert "another version of clickledger" in refused("model_broken", shelf.load, card.version)


def test_a_missing_file_and_a_damaged_card_are_told_apart_from_an_unknown_model(shelf):
    first, second, third = shelf.versions()
    (shelf.directory / f"{first}.skops").unlink()
    (shelf.directory / f"{second}.json").write_text("{")
    refused("model_broken", shelf.load, first)
    refused("model_broken", shelf.load, second)
    assert [card.version for card in shelf.cards()] == [third, first]
    refused("model_unknown", shelf.load, "../../etc/passwd")
    refused("model_unknown", shelf.use, "current")


def test_the_oldest_are_cleared_away_but_never_the_one_in_use(shelf, trained):
    first = shelf.versions()[0]
    shelf.use(first)
    stored, card = version_of(trained, 4)
    shelf.put(stored, card, keep=2)
    assert len(shelf.versions()) == 2
    shelf.use(shelf.versions()[0])
    shelf._clear(1)
    assert shelf.current() in shelf.versions()


def test_writers_at_once_leave_whole_models_and_one_in_use(tmp_path, trained):
    shelf = Shelf(tmp_path)
    threads = [threading.Thread(target=shelf.put, args=(*version_of(trained, n), 10)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.current() in shelf.versions()
    assert len([shelf.check(version) for version in shelf.versions()]) == 6
    assert not list(tmp_path.glob(".*"))


def test_only_one_trains_at_a_time(shelf):
    with shelf.training():
        assert shelf.is_training()
        refused("model_training_runs", Shelf(shelf.directory).training().__enter__)
    assert not shelf.is_training()
    with shelf.training():
        pass


def test_a_directory_that_can_t_be_written_is_told_of(tmp_path, trained):
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "models")
    refused("model_shelf_away", shelf.put, *version_of(trained, 1), 10)
    refused("model_shelf_away", shelf.training().__enter__)
