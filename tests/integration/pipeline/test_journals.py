"""What the pipeline does with journal files: which it reads, which it keeps, which it deletes."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time

import pytest

from kernel.clickhouse import client as clickhouse
from tests.support.pipeline import Host
from tests.support.running_service import eventually
from tracker.journal import LOCK_SUFFIX, JournalFile
from tracker.pipeline import runner


@pytest.fixture
def name():
    return f"edge0-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


@pytest.fixture
def brief(tmp_path, event_store):
    """A host that keeps shipped journals for no time at all."""
    host = Host(tmp_path, event_store, retention_s=0.0)
    yield host
    host.kill()


def keep_house(host):
    """Make the next round look after the journals, whenever the last one did."""
    host.loop._next_housekeeping = 0.0
    host.loop.round()


def held(path):
    """Take a journal's lock as its writer does; return what to close."""
    descriptor = os.open(path.with_suffix(LOCK_SUFFIX), os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_a_shipped_journal_is_deleted_only_after_its_retention(host, name):
    path = host.write(name, [host.click(sub1="a")])
    host.run()
    keep_house(host)
    assert path.exists()
    old = time.time() - 301
    host.ledger._db.execute("UPDATE batches SET acked_at = ? WHERE journal = ?", (old, name))
    os.utime(path, (old, old))
    keep_house(host)
    assert not path.exists()
    assert [p for p in host.journals.iterdir() if p.name.startswith(name)] == []
    assert host.stored() == ["a"]


def test_a_journal_is_kept_while_its_writer_lives(brief, name):
    path = brief.write(name, [brief.click(sub1="a")])
    writer = held(path)
    brief.run()
    for _ in range(3):
        keep_house(brief)
    assert path.exists()
    assert [(j["name"], j["sealed"]) for j in brief.loop.status()["journals"]] == [(name, False)]
    os.close(writer)
    keep_house(brief)
    assert not path.exists()


def test_a_journal_is_kept_while_its_events_are_not_stored(brief, name, monkeypatch):
    path = brief.write(name, [brief.click(sub1="a")])

    def refuse(*_):
        raise OSError("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(clickhouse, "insert", refuse)
        for _ in range(3):
            with pytest.raises(OSError, match="the store is away"):
                keep_house(brief)
        assert path.exists()
        keep_status = brief.loop.status()
    assert (keep_status["backlog"], brief.stored()) == (1, [])
    brief.run()
    keep_house(brief)
    assert brief.stored() == ["a"]
    assert not path.exists()


def test_a_journal_is_kept_until_what_an_unclean_start_owes_was_sent_again(brief, name):
    path = brief.write(name, [brief.click(sub1="a")])
    writer = held(path)  # so that the run itself doesn't look after it on a slow machine
    brief.run()
    brief.loop._once_more.left.append(brief.ledger.acknowledged_since(0)[0])
    os.close(writer)
    brief.loop._housekeeping()
    assert path.exists()
    brief.loop._once_more.left.clear()
    brief.loop._housekeeping()
    assert not path.exists()


def test_an_import_stays_known_after_its_journal_was_deleted(brief, name):
    path = brief.write(f"import-{name}", [brief.click(sub1="a")])
    brief.run()
    for _ in range(2):
        keep_house(brief)
    assert not path.exists()
    assert brief.loop.status()["imported"] == [f"import-{name}"]
    brief.restart()
    keep_house(brief)
    assert brief.loop.status()["imported"] == [f"import-{name}"]


def test_the_journal_of_a_worker_that_died_making_it_holds_up_nothing(host, name):
    (host.journals / f"{name}a.journal").write_bytes(b"")
    host.write(f"{name}b", [host.click(sub1="b")])
    host.run()
    assert host.stored() == ["b"]


def test_a_damaged_journal_is_named_left_alone_and_holds_up_no_other(brief, name):
    damaged = brief.journals / f"{name}a.journal"
    damaged.write_bytes(b"this was a database once" * 100)
    brief.write(f"{name}b", [brief.click(sub1="b")])
    brief.run()
    keep_house(brief)
    assert brief.stored() == ["b"]
    assert damaged.exists()
    assert list(brief.loop.status()["unreadable"]) == [damaged.stem]
    assert "not a database" in brief.loop.status()["unreadable"][damaged.stem]


def test_a_damaged_journal_that_was_moved_away_is_forgotten(host, name):
    damaged = host.journals / f"{name}a.journal"
    damaged.write_bytes(b"this was a database once" * 100)
    host.run()
    damaged.rename(host.directory / "aside")
    keep_house(host)
    assert host.loop.status()["unreadable"] == {}
    assert host.loop.status()["journals"] == []


def test_a_frame_that_cannot_be_decoded_is_kept_whole_and_holds_up_no_other(host, name):
    path = host.write(name, [host.click(sub1="a")])
    file = JournalFile(path)
    file.write([b"\xc1\xff\x00", b"torn"])
    file.close()
    host.write(name, [host.click(sub1="c")])
    host.run()
    assert host.stored() == ["a", "c"]
    (row,) = host.rejected(name)
    assert (row["kind"], row["reason"], row["detail"]) == ("frame", "frame_unreadable", "2 events")
    assert row["rejected_id"] == f"{name}:2"
    raw = row["raw"] if isinstance(row["raw"], bytes) else bytes.fromhex(row["raw"])
    assert raw == b"\xdd\x00\x00\x00\x02\xc1\xff\x00torn"


def test_a_click_that_cannot_be_enriched_is_kept_and_the_others_are_stored(host, name):
    enrich = host.shipper._enrich

    def picky(clicks, edge):
        if any(click.query == b"sub1=strange" for click in clicks):
            raise ZeroDivisionError("nobody thought of this")
        return enrich(clicks, edge)

    host.shipper._enrich = picky
    strange = host.click(sub1="strange")
    host.write(name, [host.click(sub1="a"), strange, host.click(sub1="b")])
    host.run()
    assert host.stored() == ["a", "b"]
    (row,) = host.rejected(name)
    assert (row["kind"], row["reason"], row["click_id"]) == ("click", "enrichment_failed", strange.click_id)
    assert "nobody thought of this" in row["detail"]


def test_the_loop_survives_what_nobody_thought_of(host, name, monkeypatch):
    monkeypatch.setattr(runner, "LONGEST_BACKOFF_SECONDS", 0.01)
    calls = []
    ship = host.shipper.ship_next

    def fail_at_first(reader):
        calls.append(reader.name)
        if len(calls) < 4:
            raise ZeroDivisionError("nobody thought of this")
        return ship(reader)

    host.shipper.ship_next = fail_at_first
    host.write(name, [host.click(sub1="a")])
    thread = threading.Thread(target=host.loop.run)
    thread.start()
    try:
        eventually("the click in the journal to be shipped", lambda: host.ledger_of_now().get(name, (1,))[0] == 2)
    finally:
        host.loop.stop()
        thread.join(30)
    assert not thread.is_alive()
    assert host.stored() == ["a"]
    assert host.loop.status()["store_failures"] == 0


def test_the_status_says_how_far_each_journal_is_and_how_long_it_waits(host, name, monkeypatch):
    path = host.write(name, [host.click(sub1="a"), host.click(sub1="b")])
    keep_house(host)
    keep_house(host)
    status = host.loop.status()
    assert status["journals"] == [{"name": name, "events": 2, "shipped": 2, "sealed": True}]
    assert (status["backlog"], status["lag_seconds"], status["postbacks_waiting"]) == (0, 0, 0)
    long_ago = time.time() - 5_000
    os.utime(path, (long_ago, long_ago))
    host.ledger._db.execute("UPDATE batches SET acked_at = ?", (long_ago,))
    monkeypatch.setattr(host.shipper, "ship_next", lambda _: runner.NOTHING_SHIPPED)
    host.write(name, [host.click(sub1="c")])
    keep_house(host)
    status = host.loop.status()
    assert status["journals"] == [{"name": name, "events": 3, "shipped": 2, "sealed": True}]
    assert status["backlog"] == 1
    # Not the hours the journal had nothing to ship.
    assert status["lag_seconds"] < 60
