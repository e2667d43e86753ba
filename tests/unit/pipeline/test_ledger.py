import math
import sqlite3

import pytest

from tracker.pipeline.entries import ArrivedPostback
from tracker.pipeline.ledger import Ledger


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pipeline.db"


@pytest.fixture
def ledger(path):
    ledger = Ledger(path)
    yield ledger
    ledger._db.close()


def arrived(seq, *, ts=1_000, click_id="c", body=b"body", place=0):
    return ArrivedPostback(seq, place, ts, click_id, body)


def seen_by_others(path, statement):
    """Return rows as another process sees them: only what is committed."""
    db = sqlite3.connect(path)
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def test_a_frozen_range_is_on_disk_before_its_first_try(ledger, path):
    batch = ledger.freeze("j", 1, 7, 20)
    assert seen_by_others(path, "SELECT journal, first, last, events, acked_at FROM batches") == [
        ("j", 1, 7, 20, None)
    ]
    assert ledger.frozen("j") == batch
    assert ledger.next_seq("j") == 1


def test_a_checkpoint_moves_the_journal_on_and_fills_the_inbox_together(ledger):
    batch = ledger.freeze("j", 1, 7, 20)
    ledger.checkpoint(batch, [arrived(3), arrived(5)], 50.0)
    assert (ledger.frozen("j"), ledger.next_seq("j"), ledger.waiting()) == (None, 8, 2)
    assert ledger.acknowledged_since(49.0) == [batch]
    assert ledger.acknowledged_since(50.0) == []


def test_the_same_postback_checkpointed_again_waits_once(ledger):
    batch = ledger.freeze("j", 1, 7, 20)
    ledger.checkpoint(batch, [arrived(3)], 50.0)
    ledger.checkpoint(batch, [arrived(3)], 51.0)
    assert ledger.waiting() == 1


def test_what_the_pipeline_puts_itself_waits_once_and_in_its_groups_order(ledger):
    batch = ledger.freeze("j", 1, 7, 20)
    ledger.checkpoint(batch, [arrived(3, ts=3_000)], 50.0)
    for _ in range(2):
        ledger.put([("hold:x", arrived(9, ts=2_000)), ("hold:y", arrived(9, ts=4_000, click_id="d"))])
    waiting = ledger.due(60.0, ledger.newest_waiting(), math.inf, 10)
    assert [w.origin for w in waiting] == ["hold:x:9:0", "j:3:0", "hold:y:9:0"]


def fill_disk(ledger):
    """Leave the ledger's file room for small things only."""
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages + 1}")


def free_disk(ledger):
    ledger._db.execute("PRAGMA max_page_count = 1000000")


LARGE = b"x" * 100_000


@pytest.mark.parametrize(
    "step",
    [
        lambda ledger, batch: ledger.checkpoint(batch, [arrived(3, body=LARGE)], 50.0),
        lambda ledger, _: ledger.settle([], [], [("conversions", LARGE, 1)]),
    ],
    ids=["checkpoint", "settle"],
)
def test_a_step_that_met_a_full_disk_leaves_nothing_half_done(ledger, path, step):
    batch = ledger.freeze("j", 1, 7, 20)
    fill_disk(ledger)
    with pytest.raises(sqlite3.Error, match="full"):
        step(ledger, batch)
    free_disk(ledger)
    assert not ledger._db.in_transaction
    assert (ledger.next_seq("j"), ledger.waiting(), ledger.unsent()) == (1, 0, [])
    again = ledger.freeze("k", 1, 2, 3)
    assert seen_by_others(path, "SELECT journal FROM batches ORDER BY id") == [("j",), ("k",)]
    ledger.checkpoint(again, [], 51.0)
    assert ledger.next_seq("k") == 3


def test_a_range_frozen_after_finishing_a_journal_failed_is_durable(ledger, path):
    """A transaction left open would swallow every later freeze until its rollback."""
    ledger.checkpoint(ledger.freeze("j", 1, 7, 20), [], 50.0)
    ledger._db.execute("CREATE TRIGGER full BEFORE UPDATE ON journals BEGIN SELECT raise(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.Error, match="disk full"):
        ledger.finish("j", 60.0)
    ledger._db.execute("DROP TRIGGER full")
    assert ledger.last_acknowledged("j") == 50.0
    ledger.freeze("k", 1, 2, 3)
    assert seen_by_others(path, "SELECT journal FROM batches ORDER BY id") == [("j",), ("k",)]
    ledger.finish("j", 61.0)
    assert ledger.journals()["j"][2] is True


def test_due_are_those_whose_turn_has_come_in_the_order_they_were_received(ledger):
    batch = ledger.freeze("j", 1, 9, 9)
    ledger.checkpoint(batch, [arrived(1, ts=30, click_id="a"), arrived(2, ts=10, click_id="b")], 1.0)
    due = ledger.due(100.0, ledger.newest_waiting(), math.inf, 10)
    assert [(w.origin, w.ts, w.is_due) for w in due] == [("j:2:0", 10, True), ("j:1:0", 30, True)]
    ledger.settle([], [(200.0, due[1].id)], [])
    assert [w.origin for w in ledger.due(100.0, 9, math.inf, 10)] == ["j:2:0"]
    assert [(w.origin, w.tries) for w in ledger.due(200.0, 9, math.inf, 10)] == [("j:2:0", 0), ("j:1:0", 1)]


def test_with_a_due_postback_comes_the_earlier_one_that_waits_for_the_same_click(ledger):
    ledger.checkpoint(ledger.freeze("j", 1, 1, 1), [arrived(1, ts=10)], 1.0)
    (first,) = ledger.due(100.0, 9, math.inf, 10)
    ledger.settle([], [(200.0, first.id)], [])
    ledger.checkpoint(ledger.freeze("j", 2, 2, 1), [arrived(2, ts=20)], 1.0)
    assert [(w.ts, w.is_due) for w in ledger.due(100.0, 9, math.inf, 10)] == [(10, False), (20, True)]


def test_one_seen_before_brings_an_earlier_one_read_later_and_no_later_one(ledger):
    ledger.checkpoint(ledger.freeze("j", 1, 1, 1), [arrived(1, ts=20)], 1.0)
    seen = ledger.newest_waiting()
    ledger.checkpoint(
        ledger.freeze("k", 1, 1, 3),
        [arrived(1, ts=10), arrived(1, ts=30, place=1), arrived(1, ts=5, click_id="other", place=2)],
        1.0,
    )
    assert [w.origin for w in ledger.due(100.0, seen, math.inf, 10)] == ["k:1:0", "j:1:0"]
    assert [w.ts for w in ledger.due(100.0, seen, 20, 10)] == [10]
    assert [w.ts for w in ledger.due(100.0, ledger.newest_waiting(), math.inf, 10)] == [5, 10, 20, 30]
    assert [w.ts for w in ledger.due(100.0, ledger.newest_waiting(), math.inf, 2)] == [5, 10]


def test_a_settled_postback_leaves_the_inbox_as_its_rows_enter_the_outbox(ledger):
    ledger.checkpoint(ledger.freeze("j", 1, 1, 1), [arrived(1)], 1.0)
    (waiting,) = ledger.due(100.0, 9, math.inf, 10)
    ledger.settle([waiting.id], [], [("conversions", b"rows", 1), ("rejected", b"more", 2)])
    assert ledger.waiting() == 0
    unsent = ledger.unsent()
    assert [(b.table, b.body, b.rows) for b in unsent] == [("conversions", b"rows", 1), ("rejected", b"more", 2)]
    assert len({ledger.outbox_token(b) for b in unsent}) == 2
    ledger.sent(unsent[0], 50.0)
    assert ledger.unsent() == unsent[1:]
    assert ledger.sent_since(49.0) == [unsent[0].id]
    assert ledger.outbox(unsent[0].id) == unsent[0]
    ledger.forget_before(51.0)
    assert ledger.outbox(unsent[0].id) is None
    assert ledger.unsent() == unsent[1:]


def test_outbox_numbers_are_never_used_twice(ledger):
    """A token that names two batches would make the store drop the second."""
    ledger.settle([], [], [("conversions", b"one", 1)])
    (first,) = ledger.unsent()
    ledger.sent(first, 1.0)
    ledger.forget_before(2.0)
    ledger.settle([], [], [("conversions", b"two", 1)])
    assert ledger.outbox_token(ledger.unsent()[0]) != ledger.outbox_token(first)


def test_two_installations_never_make_the_same_token(tmp_path, ledger):
    other = Ledger(tmp_path / "other.db")
    for each in (ledger, other):
        each.settle([], [], [("conversions", b"one", 1)])
    assert ledger.outbox_token(ledger.unsent()[0]) != other.outbox_token(other.unsent()[0])
    other.close()


def test_forgetting_keeps_each_journals_newest_range_and_what_is_not_acknowledged(ledger):
    for first, acked in ((1, 10.0), (2, 20.0), (3, 30.0)):
        ledger.checkpoint(ledger.freeze("j", first, first, 1), [], acked)
    ledger.freeze("j", 4, 4, 1)
    ledger.forget_before(100.0)
    assert [b.first for b in ledger.acknowledged_since(0.0)] == [3]
    assert ledger.frozen("j").first == 4
    assert ledger.last_acknowledged("j") == 30.0


@pytest.mark.parametrize(("clean", "unclean_next"), [(True, False), (False, True)])
def test_how_it_was_closed_is_known_at_the_next_start(path, clean, unclean_next):
    ledger = Ledger(path)
    assert not ledger.was_unclean
    ledger.close(clean=clean)
    again = Ledger(path)
    assert again.was_unclean is unclean_next
    again._db.close()
    assert Ledger(path).was_unclean
