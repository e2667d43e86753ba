"""Every event of a journal is stored once, whatever dies in between."""

from __future__ import annotations

import secrets
import shutil

import pytest

from kernel import faults
from kernel.clickhouse import client as clickhouse
from tests.support.pipeline import Host, now_ms
from tracker.events import Adjustment, Refused
from tracker.journal import delete
from tracker.pipeline import once_more
from tracker.pipeline.ledger import LEDGER_FILE

PIPELINE_POINTS = [point for point in faults.POINTS if not point.startswith("journal.")]


@pytest.fixture
def name():
    """A journal's name that no other test's journal has: tokens are made of names, and the store is shared."""
    return f"edge0-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Name the fault points at which the pipeline breaks off from now on."""
    place = tmp_path / "faults"
    place.mkdir()
    monkeypatch.setattr(faults, "_directory", place)

    def fail(*points):
        for point in faults.POINTS:
            (place / point).unlink(missing_ok=True)
        for point in points:
            (place / point).write_text("fail")

    return fail


@pytest.fixture
def tokens(monkeypatch):
    """The tokens under which anything was inserted, in order."""
    sent = []
    insert = clickhouse.insert

    def spy(client, table, rows, token):
        insert(client, table, rows, token)
        sent.append(token)

    monkeypatch.setattr(clickhouse, "insert", spy)
    return sent


def some_events(host):
    """A frame of everything: two clicks, an impression, a conversion, an adjustment, a refused postback."""
    first, second, seen = host.click(sub1="a"), host.click(sub1="b"), host.click(sub1="c", kind="impression")
    booked = Adjustment(now_ms(), f"a-{host.partner}", host.partner, 1, 0, "-1", "0", "USD", "agreed", "user:7")
    refused = Refused(now_ms(), "postback", "click_id_forged", "", "GET", b"click_id=forged", "198.51.100.9")
    return [first, second, seen, host.postback(first, "12.50"), booked, refused]


def assert_all_stored_once(host, name):
    assert host.stored() == ["a", "b"]
    assert host.hourly() == 2
    seen = host.rows("SELECT sub1 FROM impressions WHERE partner_id = {partner:UInt32}")
    assert [row["sub1"] for row in seen] == ["c"]
    assert [(txn, str(amount), str(payout)) for txn, _, amount, payout in host.conversions()] == [
        (f"a-{host.partner}", "0.000000", "-1.000000"),
        ("t1", "12.500000", "1.250000"),
    ]
    assert len(host.history()) == 2
    assert [row["reason"] for row in host.rejected(name)] == ["click_id_forged"]


def test_a_batch_inserted_twice_is_stored_once(host, name):
    path = host.write(name, some_events(host))
    host.run()
    reader = host.loop._open[path.stem]
    (batch,) = host.ledger.acknowledged_since(0)
    for _ in range(2):
        host.shipper.send_again(reader, batch)
    assert_all_stored_once(host, name)


@pytest.mark.parametrize("point", PIPELINE_POINTS)
def test_a_pipeline_killed_at_any_point_stores_everything_once(host, name, failing, point):
    host.write(name, some_events(host))
    failing(point)
    with pytest.raises(OSError, match=point):
        host.run()
    failing()
    host.restart()
    host.run()
    assert_all_stored_once(host, name)


@pytest.mark.parametrize("point", ["pipeline.before_insert", "pipeline.insert", "pipeline.after_insert"])
def test_a_store_that_refuses_for_a_while_gets_everything_once(host, name, failing, point):
    host.write(name, some_events(host))
    failing(point)
    for _ in range(3):
        with pytest.raises(OSError, match=point):
            host.run()
    failing()
    host.run()
    assert_all_stored_once(host, name)


def test_a_range_tried_once_never_grows(host, name, failing, tokens):
    host.write(name, [host.click(sub1="a")])
    failing("pipeline.before_checkpoint")
    with pytest.raises(OSError, match="before_checkpoint"):
        host.loop.round()
    host.write(name, [host.click(sub1="b")], [host.click(sub1="c")])
    failing()
    host.restart()
    host.run()
    assert host.stored() == ["a", "b", "c"]
    assert host.hourly() == 3
    assert tokens[:3] == [f"{name}:1-1:clicks", f"{name}:1-1:clicks", f"{name}:2-3:clicks"]


def test_a_lost_checkpoint_makes_no_duplicates(host, name, failing):
    host.write(name, some_events(host))
    failing("pipeline.before_insert")
    with pytest.raises(OSError, match="before_insert"):
        host.loop.round()
    failing()
    host.kill()
    kept = host.directory.parent / f"kept-{name}"
    kept.mkdir()
    for path in host.directory.glob(f"{LEDGER_FILE}*"):
        shutil.copy(path, kept)
    host.start()
    host.run()
    assert_all_stored_once(host, name)
    host.kill()
    for path in host.directory.glob(f"{LEDGER_FILE}*"):
        path.unlink()
    for path in kept.iterdir():
        shutil.copy(path, host.directory)
    host.start()
    assert host.ledger.next_seq(name) == 1
    host.run()
    assert_all_stored_once(host, name)


def test_after_an_unclean_end_everything_acknowledged_lately_is_sent_again(host, name, tokens):
    host.write(name, some_events(host))
    host.run()
    first_time = list(tokens)
    assert sorted(t.rpartition(":")[2] for t in first_time) == [
        "clicks",
        "conversion_changes",
        "conversions",
        "impressions",
        "rejected",
    ]
    tokens.clear()
    host.restart()
    host.run()
    assert sorted(tokens) == sorted(first_time)
    assert_all_stored_once(host, name)


def test_after_an_end_in_order_nothing_is_sent_again(host, name, tokens):
    host.write(name, some_events(host))
    host.run()
    tokens.clear()
    host.end()
    host.start()
    host.run()
    assert tokens == []


def test_an_end_in_order_before_all_was_sent_again_leaves_it_to_the_next_start(host, name, tokens):
    host.write(name, some_events(host))
    host.run()
    first_time = list(tokens)
    host.restart()
    host.end()
    tokens.clear()
    host.start()
    host.run()
    assert sorted(tokens) == sorted(first_time)


def test_what_was_acknowledged_before_the_retention_is_not_sent_again(tmp_path, event_store, name, tokens):
    host = Host(tmp_path, event_store, retention_s=0.0)
    host.write(name, some_events(host))
    host.run()
    tokens.clear()
    host.restart()
    host.run()
    host.kill()
    assert tokens == []


def test_what_an_unclean_end_owes_is_sent_again_also_while_fresh_events_keep_coming(host, name, tokens):
    host.write(name, [host.click(sub1="a")])
    host.run()
    host.restart()
    tokens.clear()
    for n in range(3):
        host.write(name, [host.click(sub1=f"b{n}")])
        host.loop.round()
    assert f"{name}:1-1:clicks" in tokens
    assert host.loop.owes_nothing
    assert host.stored() == ["a", "b0", "b1", "b2"]


def test_a_range_whose_token_the_store_may_have_forgotten_is_not_sent_again(host, name, tokens, monkeypatch):
    for n in range(5):
        host.write(name, [host.click(sub1=f"a{n}")])
        host.loop.round()
    tokens.clear()
    monkeypatch.setattr(once_more, "REMEMBERED_INSERTS", 3)
    host.restart()
    host.write(name, [host.click(sub1="b")])
    host.run()
    # One fresh insert came first, so of the latest three only two are surely remembered.
    assert tokens == [f"{name}:6-6:clicks", f"{name}:4-4:clicks", f"{name}:5-5:clicks"]
    assert host.stored() == ["a0", "a1", "a2", "a3", "a4", "b"]


def test_draining_ships_every_range_and_leaves_what_must_be_sent_again(tmp_path, event_store, name, tokens):
    host = Host(tmp_path, event_store, batch_events=2)
    host.write(name, [host.click(sub1="a")])
    host.run()
    host.restart()
    tokens.clear()
    host.write(name, *([host.click(sub1=f"b{n}")] for n in range(5)))
    assert host.loop.drain(float("inf"))
    assert host.stored() == ["a", "b0", "b1", "b2", "b3", "b4"]
    assert f"{name}:1-1:clicks" not in tokens
    assert not host.loop.owes_nothing
    host.end()


def test_draining_into_an_absent_store_gives_up_and_keeps_everything(host, name, failing):
    host.write(name, some_events(host))
    failing("pipeline.insert")
    assert not host.loop.drain(float("inf"))
    failing()
    host.end()
    host.start()
    host.run()
    assert_all_stored_once(host, name)


def test_a_journal_gone_before_its_range_was_sent_again_stops_nothing(host, name):
    path = host.write(name, some_events(host))
    host.run()
    host.kill()
    delete(path)
    host.start()
    other = f"{name}b"
    host.write(other, [host.click(sub1="c")])
    host.run()
    assert host.stored() == ["a", "b", "c"]
    assert host.loop.owes_nothing
