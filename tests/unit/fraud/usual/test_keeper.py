"""The thread that keeps what is usual fresh: at once, again, without the store, and to its end."""

from __future__ import annotations

import threading

import pytest

from fraud.usual import keeper
from fraud.usual.clicks import UsualClicks
from fraud.usual.conversions import UsualConversions
from fraud.usual.keeper import Usual, UsualKeeper
from kernel.errors import STORE_AWAY

PATIENCE_SECONDS = 10.0


class Store:
    """A handle that is only closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def counted(monkeypatch):
    """Let each count be of the moment; ``broken`` decides what fails."""
    broken: list[Exception] = []

    def conversions(_store, now_ms):
        if broken:
            raise broken.pop(0)
        return UsualConversions(made_at=now_ms / 1000)

    monkeypatch.setattr(keeper, "read_usual", lambda _store, now: UsualClicks(made_at=now))
    monkeypatch.setattr(keeper, "read_conversions", conversions)
    monkeypatch.setattr(keeper, "AGAIN_SECONDS", 0.01)
    return broken


def kept(opened, every_s=3600.0):
    told: list[Usual] = []
    came = threading.Event()

    def tell(usual):
        told.append(usual)
        came.set()

    return UsualKeeper(opened, tell, every_s), told, came


def test_it_counts_at_once_and_replaces_both_parts_together(counted):
    store = Store()
    kept_by, told, came = kept(lambda: store)
    assert kept_by.current == Usual()
    kept_by.start()
    assert came.wait(PATIENCE_SECONDS), "nothing was counted"
    kept_by.stop()
    assert kept_by.current is told[0]
    assert told[0].made_at == told[0].clicks.made_at == pytest.approx(told[0].conversions.made_at, abs=0.01)
    assert store.closed


def test_a_store_that_is_away_is_asked_again_by_a_new_handle(counted):
    opened: list[Store] = []

    def open_store():
        if not opened:
            opened.append(Store())
            raise STORE_AWAY.error("away")
        opened.append(Store())
        return opened[-1]

    counted.append(OSError("broken off"))
    kept_by, told, came = kept(open_store)
    kept_by.start()
    assert came.wait(PATIENCE_SECONDS), "the store was not asked again"
    kept_by.stop()
    assert len(opened) == 3
    assert all(store.closed for store in opened[1:])
    assert kept_by.current is told[0]


def test_something_unforeseen_ends_nothing(counted):
    counted.append(ZeroDivisionError("a bug"))
    kept_by, _, came = kept(Store)
    kept_by.start()
    assert came.wait(PATIENCE_SECONDS), "it didn't survive"
    kept_by.stop()


def test_it_counts_soon_when_it_is_told_to_once_for_many(counted, monkeypatch):
    monkeypatch.setattr(keeper, "SETTLE_SECONDS", 0.05)
    kept_by, told, came = kept(Store)
    kept_by.start()
    assert came.wait(PATIENCE_SECONDS)
    came.clear()
    for _ in range(5):
        kept_by.hurry()
    assert came.wait(PATIENCE_SECONDS), "it kept to its hour"
    kept_by.stop()
    assert len(told) == 2


def test_it_counts_again_after_its_pause(counted):
    kept_by, told, _ = kept(Store, every_s=0.001)
    twice = threading.Event()
    kept_by._on_change = lambda usual: (told.append(usual), twice.set() if len(told) > 1 else None)
    kept_by.start()
    assert twice.wait(PATIENCE_SECONDS), "it counted only once"
    kept_by.stop()
    assert told[1].made_at >= told[0].made_at


def test_it_ends_though_a_count_hangs(counted, monkeypatch):
    hanging, let_go = threading.Event(), threading.Event()

    def hang(_store, _now):
        hanging.set()
        let_go.wait()
        return UsualClicks()

    monkeypatch.setattr(keeper, "read_usual", hang)
    monkeypatch.setattr(keeper, "END_SECONDS", 0.05)
    kept_by, told, _ = kept(Store)
    kept_by.start()
    assert hanging.wait(PATIENCE_SECONDS)
    kept_by.stop()
    let_go.set()
    kept_by._thread.join(PATIENCE_SECONDS)
    assert not kept_by._thread.is_alive()
    assert told == []


def test_stopping_what_never_began_is_nothing():
    UsualKeeper(Store).stop()
