"""The queue adds once, keeps the order of a conversion's changes, and forgets late."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.support.outbound import message
from tracker.outbound.database import OUTBOUND_FILE
from tracker.outbound.queue import REMEMBERED_SECONDS, Queue, Tried

NOW = 1_760_000_000.0
A, B = "https://a.example/pb", "https://b.example:8443/pb"


@pytest.fixture
def path(tmp_path):
    return tmp_path / OUTBOUND_FILE


@pytest.fixture
def queue(path):
    queue = Queue(path)
    yield queue
    queue.close()


def due(queue, now=NOW, under_way=(), share=100):
    shares = {host: share for host, at in queue.receivers().items() if at <= now}
    return queue.due(now, shares, frozenset(under_way))


def ids(found):
    return [d.message.id for d in found]


def came(waiting, due_at=None, *, delivered=True, refused=False):
    return Tried(waiting.number, waiting.began_at, delivered and due_at is None, refused, due_at, b"try")


def test_a_message_is_added_once_however_often_it_is_brought(queue, path):
    assert queue.add([message(A), message(A, "conv-2")], NOW) == 2
    assert queue.add([message(A), message(A, "conv-2"), message(A, "conv-3")], NOW) == 1
    assert queue.waiting() == 3
    queue.record([came(d) for d in due(queue)], NOW)
    assert queue.waiting() == 0
    assert queue.add([message(A)], NOW + 60) == 0, "a finished one is remembered"
    reopened = Queue(path)
    assert reopened.add([message(A)], NOW + 60) == 0
    reopened.close()


def test_a_message_comes_back_as_it_was_added(queue):
    sent = message(B, hook_id=9, kind="webhook", method="POST", body='{"ü": 1}')
    queue.add([sent], NOW)
    (waiting,) = due(queue)
    assert waiting.message == sent
    assert (waiting.host, waiting.began_at, waiting.tries, waiting.attempts) == ("b.example:8443", NOW, 0, 0)


def test_turns_go_by_the_moment_a_message_is_due(queue):
    queue.add([message(A, "late")], NOW + 10)
    queue.add([message(A, "early")], NOW)
    queue.add([message(A, "middle")], NOW + 5)
    assert ids(due(queue, NOW + 5)) == ["1_early_1", "1_middle_1"]
    assert queue.receivers() == {"a.example": NOW}


def test_shares_and_what_is_under_way_limit_what_is_begun(queue):
    queue.add([message(A, f"a{n}") for n in range(5)] + [message(B, f"b{n}") for n in range(5)], NOW)
    first = queue.due(NOW, {"a.example": 2, "b.example:8443": 1}, frozenset())
    assert ids(first) == ["1_a0_1", "1_a1_1", "1_b0_1"]
    more = queue.due(NOW, {"a.example": 2}, frozenset(d.number for d in first))
    assert ids(more) == ["1_a2_1", "1_a3_1"]


def test_a_later_change_waits_for_an_earlier_one_of_the_same_hook_and_conversion(queue):
    queue.add([message(A, seq=2), message(A, seq=1), message(A, seq=3), message(A, seq=5, hook_id=2)], NOW)
    first = due(queue)
    assert ids(first) == ["1_conv-1_1", "2_conv-1_5"]
    queue.record([came(first[0], NOW + 30)], NOW)
    assert ids(due(queue)) == ["2_conv-1_5"], "while the first is tried again, the others wait"
    (again,) = [d for d in due(queue, NOW + 30) if d.message.hook_id == 1]
    assert (again.tries, again.attempts) == (1, 1)
    queue.record([came(again)], NOW + 30)
    (second,) = [d for d in due(queue, NOW + 30) if d.message.hook_id == 1]
    assert second.message.change_seq == 2
    queue.record([came(second, delivered=False)], NOW + 30)
    assert [d.message.change_seq for d in due(queue, NOW + 30) if d.message.hook_id == 1] == [3], (
        "one that was given up holds nobody up"
    )


def test_blocked_messages_crowd_nobody_out(queue):
    queue.add([message(A, "busy", seq=n) for n in range(1, 500)] + [message(A, "other")], NOW)
    assert ids(due(queue, share=2)) == ["1_busy_1", "1_other_1"]


def test_what_came_of_a_try_and_its_record_are_one_write(queue, path):
    queue.add([message(A)], NOW)
    (waiting,) = due(queue)
    bad = Tried(
        waiting.number, NOW, delivered=True, refused=False, due_at=None, attempt=None
    )  # the spool takes no empty record
    with pytest.raises(sqlite3.IntegrityError):
        queue.record([came(waiting), bad], NOW)
    assert queue.waiting() == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM spool").fetchone() == (0,)
    queue.record([came(waiting)], NOW)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM spool").fetchone() == (1,)


def test_refusals_are_counted_apart(queue):
    queue.add([message(A)], NOW)
    queue.record([came(due(queue)[0], NOW, refused=True)], NOW)
    queue.record([came(due(queue)[0], NOW)], NOW)
    (waiting,) = due(queue)
    assert (waiting.tries, waiting.refusals) == (2, 1)


def test_finished_messages_are_forgotten_after_ten_days_and_no_others(queue):
    queue.add([message(A, "done"), message(A, "waits")], NOW)
    queue.record([came(due(queue)[0])], NOW)
    queue.forget(NOW + REMEMBERED_SECONDS - 1)
    assert queue.add([message(A, "done")], NOW) == 0
    queue.forget(NOW + REMEMBERED_SECONDS + 1)
    assert queue.add([message(A, "done")], NOW) == 1
    assert queue.waiting() == 2


def test_a_finished_message_is_sent_again_once_for_each_order(queue):
    queue.add([message(A)], NOW)
    queue.record([came(due(queue)[0])], NOW)
    assert not queue.unfinished("1_conv-1_1")
    queue.again(message(A), 1, ts=5_000, actor="user:3", now=NOW + 50)
    (waiting,) = due(queue, NOW + 50)
    assert (waiting.actor, waiting.tries, waiting.attempts, waiting.began_at) == ("user:3", 0, 1, NOW + 50)
    queue.record([came(waiting)], NOW + 51)
    assert queue.knows_resend("1_conv-1_1", 5_000)
    queue.again(message(A), 2, ts=5_000, actor="user:3", now=NOW + 60)
    assert queue.waiting() == 0, "the same order came again"
    assert not queue.knows_resend("1_conv-1_1", 6_000)
    queue.again(message(A), 2, ts=6_000, actor="user:4", now=NOW + 70)
    assert queue.waiting() == 1


def test_a_message_of_another_host_is_taken_over(queue):
    queue.again(message(A, "elsewhere"), 7, ts=5_000, actor="user:3", now=NOW)
    (waiting,) = due(queue)
    assert (waiting.message, waiting.attempts) == (message(A, "elsewhere"), 7)


def test_what_is_sent_again_by_hand_neither_waits_for_later_changes_nor_holds_them_up(queue):
    queue.add([message(A, seq=1)], NOW)
    queue.record([came(due(queue)[0])], NOW)
    queue.add([message(A, seq=2)], NOW)
    queue.again(message(A, seq=1), 1, ts=5_000, actor="", now=NOW)
    assert sorted(ids(due(queue))) == ["1_conv-1_1", "1_conv-1_2"]


def test_one_that_still_waits_is_hurried(queue):
    queue.add([message(A)], NOW)
    queue.record([came(due(queue)[0], NOW + 3_600)], NOW)
    assert due(queue) == []
    queue.hurry("1_conv-1_1", ts=5_000, actor="user:3", now=NOW + 10)
    (waiting,) = due(queue, NOW + 10)
    assert (waiting.tries, waiting.attempts, waiting.actor, waiting.began_at) == (0, 1, "user:3", NOW + 10)
    queue.record([came(waiting, NOW + 3_600)], NOW + 10)
    queue.hurry("1_conv-1_1", ts=5_000, actor="user:3", now=NOW + 20)
    assert due(queue, NOW + 20) == [], "the same order came again"


def test_one_hurried_while_it_is_under_way_is_tried_again_unless_that_try_delivers_it(queue):
    queue.add([message(A, "fails"), message(A, "arrives")], NOW)
    under_way = due(queue)
    for waiting in under_way:
        queue.hurry(waiting.message.id, ts=5_000, actor="user:3", now=NOW + 5)
    queue.record([came(under_way[0], delivered=False), came(under_way[1])], NOW + 6)
    assert ids(due(queue, NOW + 6)) == ["1_fails_1"]
