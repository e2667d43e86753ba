from __future__ import annotations

import time

import pytest

from kernel import faults
from kernel.settings import Settings
from tests.support.edge import KEYS, OPEN, Edge, journalled, program, publish
from tests.support.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]


@pytest.fixture
def chosen(tmp_path):
    """Settings of an edge without Redis: nothing listens on the socket of its data directory."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
def edge(chosen):
    """A running edge with the test program and no Redis."""
    publish(chosen.data_dir, program())
    with Edge(chosen) as running:
        yield running


@pytest.fixture
def events(chosen):
    """Read what the edge's journal holds."""
    return lambda: journalled(chosen.data_dir)


@pytest.fixture
def click_id():
    """Mint a click id of this installation, of a moment ago."""

    def mint(offer_id=OPEN, seconds_ago=1.0):
        return KEYS.mint(int((time.time() - seconds_ago) * 1000), offer_id)

    return mint


@pytest.fixture
def disk(tmp_path_factory, monkeypatch):
    """Break and mend the journal's disk."""
    place = tmp_path_factory.mktemp("faults")
    monkeypatch.setattr(faults, "_directory", place)

    class Disk:
        def break_down(self):
            (place / "journal.before_fsync").write_text("fail")

        def mend(self):
            (place / "journal.before_fsync").unlink()

    return Disk()
