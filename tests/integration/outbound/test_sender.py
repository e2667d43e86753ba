"""The sender over a real queue: quick receivers wait for nobody, and nothing that was queued is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.support.outbound import LOOPBACK, SECRET, hook, message, receiving, silence, status, until
from tests.support.waiting import ended
from tracker.outbound import delivery, schedule
from tracker.outbound import sender as sending
from tracker.outbound.database import OUTBOUND_FILE
from tracker.outbound.queue import Queue
from tracker.outbound.sender import Sender
from tracker.snapshot import EMPTY, Snapshot

HOOKS = tuple(
    hook(id=n, kind="webhook" if n == 9 else "postback", secret=SECRET if n == 9 else "") for n in range(1, 10)
)
PROGRAM = Snapshot(version=1, hooks=HOOKS)
A_MOMENT = delivery.TOTAL_SECONDS / 2
"""Much less than one silent receiver takes, also on a busy machine."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / OUTBOUND_FILE


@pytest.fixture
def queue(path):
    queue = Queue(path)
    yield queue
    queue.close()


@contextmanager
def running(path, program=PROGRAM, connections=100):
    sender = Sender(path, lambda: program, LOOPBACK, connections)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
        assert sender.join(10), "the sender did not end"


def tries(path):
    with closing(sqlite3.connect(path)) as db:
        return [msgspec.msgpack.decode(body) for (body,) in db.execute("SELECT body FROM spool ORDER BY number")]


def states(path):
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT id, finished_at IS NOT NULL FROM messages"))


def test_what_waits_is_sent_and_what_comes_later_at_once(path, queue, monkeypatch):
    monkeypatch.setattr(sending, "IDLE_SECONDS", 60.0)
    with receiving() as receiver:
        queue.add([message(f"{receiver.url}/a", "a"), message(f"{receiver.url}/b", "b")], time.time())
        with running(path) as sender:
            receiver.wait(2, "what waited at the start")
            queue.add([message(f"{receiver.url}/c", "c")], time.time())
            sender.wake()
            receiver.wait(3, "what was announced")
            until(lambda: queue.waiting() == 0, "an empty queue")
        assert {t["message_id"]: (t["outcome"], t["attempt"]) for t in tries(path)} == {
            f"1_{name}_1": ("delivered", 1) for name in "abc"
        }
        with running(path):
            time.sleep(0.2)
        assert len(receiver.got) == 3, "nothing is sent twice"


def test_a_failure_is_tried_again_until_it_is_taken(path, queue, monkeypatch):
    monkeypatch.setattr(schedule, "PAUSES_SECONDS", (0.05, 0.1, 0.2))
    with receiving(status(500, b"sorry")) as receiver, running(path) as sender:
        queue.add([message(f"{receiver.url}/a")], time.time())
        sender.wake()
        receiver.wait(2, "a second try")
        receiver.behave = status(204, b"")
        until(lambda: queue.waiting() == 0, "the message taken")
        found = tries(path)
        assert [t["outcome"] for t in found] == ["failed"] * (len(found) - 1) + ["delivered"]
        assert [t["attempt"] for t in found] == list(range(1, len(found) + 1))
        assert (found[0]["response_status"], found[0]["response_body"]) == (500, "sorry")
        assert found[0]["next_try"] - found[0]["ts"] < 1_000
        assert found[-1]["next_try"] == 0


def test_410_and_a_forbidden_literal_address_end_a_message_at_once(path, queue):
    with receiving(status(410, b"gone")) as receiver, running(path) as sender:
        queue.add([message(f"{receiver.url}/a", "a"), message("http://10.0.0.1/", "b")], time.time())
        sender.wake()
        until(lambda: queue.waiting() == 0, "both ended")
        found = {t["conversion_id"]: t for t in tries(path)}
        assert (found["a"]["outcome"], found["a"]["response_status"]) == ("refused", 410)
        assert (found["b"]["outcome"], found["b"]["address"]) == ("refused", "")
        assert "private" in found["b"]["error"]


def test_changes_of_one_conversion_arrive_in_their_order_though_the_first_fails(path, queue, monkeypatch):
    monkeypatch.setattr(schedule, "PAUSES_SECONDS", (0.2,))
    failed = []

    def fail_first(handler, request):
        wrong = request.path == "/1" and not failed
        failed.append(request.path)
        status(500 if wrong else 200)(handler, request)

    with receiving(fail_first) as receiver, running(path) as sender:
        queue.add([message(f"{receiver.url}/{n}", seq=n) for n in (1, 2, 3)], time.time())
        sender.wake()
        assert [r.path for r in receiver.wait(4, "all changes")] == ["/1", "/1", "/2", "/3"]


def test_a_dead_receiver_with_ten_thousand_waiting_messages_delays_nobody(path, queue):
    with silence() as dead, receiving() as quick:
        queue.add([message(f"{dead}/pb", f"dead-{n}") for n in range(10_000)], time.time() - 60)
        with running(path) as sender:
            until(lambda: sender._receivers._known, "the dead one being tried")
            for n in range(20):
                begin = time.monotonic()
                queue.add([message(f"{quick.url}/{n}", f"quick-{n}")], time.time())
                sender.wake()
                quick.wait(n + 1, f"message {n} to the quick one")
                assert time.monotonic() - begin < A_MOMENT
            assert sender._receivers._known[dead.removeprefix("http://")].under_way <= 2
    assert queue.waiting() == 10_000


def test_any_number_of_silent_receivers_leaves_room_for_one_that_answers(path, queue, monkeypatch):
    monkeypatch.setattr(sending, "GRACE_SECONDS", 0.1)
    with ExitStack() as stack:
        quick = stack.enter_context(receiving())
        silent = [stack.enter_context(silence()) for _ in range(12)]
        with running(path, connections=8) as sender:
            queue.add([message(f"{quick.url}/first", "first")], time.time())
            sender.wake()
            quick.wait(1, "the first message")
            queue.add([message(f"{url}/{i}", f"{url}-{i}") for url in silent for i in range(20)], time.time() - 60)
            sender.wake()
            known = sender._receivers._known
            until(lambda: sum(r.under_way for r in known.values()) == 6, "three quarters of the connections taken")
            for n in range(5):
                begin = time.monotonic()
                queue.add([message(f"{quick.url}/{n}", f"quick-{n}")], time.time())
                sender.wake()
                quick.wait(n + 2, "the message to the quick one")
                assert time.monotonic() - begin < A_MOMENT


def test_a_message_whose_hook_is_gone_is_given_up_and_one_without_a_program_waits(path, queue):
    with receiving() as receiver:
        queue.add([message(receiver.url, hook_id=77)], time.time())
        with running(path, EMPTY):
            time.sleep(0.3)
        assert (queue.waiting(), tries(path)) == (1, [])
        with running(path):
            until(lambda: queue.waiting() == 0, "the message given up")
        (end,) = tries(path)
        assert (end["outcome"], receiver.got) == ("given_up", [])


def test_what_is_under_way_at_the_end_is_finished_or_stays_due(path, queue, monkeypatch):
    monkeypatch.setattr(sending, "GRACE_SECONDS", 1.0)

    def dawdle(handler, request):
        time.sleep(0.4)
        status(200)(handler, request)

    with silence() as dead, receiving(dawdle) as slow:
        queue.add([message(f"{dead}/x", "dead"), message(f"{slow.url}/y", "slow")], time.time())
        sender = Sender(path, lambda: PROGRAM, LOOPBACK, 100)
        sender.start()
        slow.wait(1, "the slow one under way")
        begin = time.monotonic()
        sender.stop()
        assert sender.join(5)
        assert time.monotonic() - begin < A_MOMENT
    assert states(path) == {"1_dead_1": 0, "1_slow_1": 1}
    assert [t["conversion_id"] for t in tries(path)] == ["slow"]


def test_a_queue_that_can_not_be_written_repeats_nothing_before_it_can(path, queue, monkeypatch):
    monkeypatch.setattr(sending, "FAILURE_PAUSE_SECONDS", 0.05)
    broken, failed = [True], threading.Event()
    record = Queue.record

    def failing(self, tried, now):
        if broken:
            failed.set()
            raise sqlite3.OperationalError("database or disk is full")
        record(self, tried, now)

    monkeypatch.setattr(Queue, "record", failing)
    with receiving() as receiver, running(path) as sender:
        queue.add([message(f"{receiver.url}/a", "a")], time.time())
        sender.wake()
        until(failed.is_set, "the first try to write it down")
        queue.add([message(f"{receiver.url}/b", "b")], time.time())
        sender.wake()
        time.sleep(0.3)
        assert [r.path for r in receiver.got] == ["/a"]
        broken.clear()
        receiver.wait(2, "the next message")
        until(lambda: queue.waiting() == 0, "both written down")
    assert [r.path for r in receiver.got] == ["/a", "/b"]


CHILD = """
import sys, time
from pathlib import Path
from kernel import faults
from tests.support.outbound import LOOPBACK, SECRET, hook
from tracker.outbound.sender import Sender
from tracker.snapshot import Snapshot

directory = Path(sys.argv[1])
faults.enable(directory / "faults")
program = Snapshot(version=1, hooks=(hook(id=9, kind="webhook", secret=SECRET),))
Sender(directory / "outbound.db", lambda: program, LOOPBACK, 10).start()
time.sleep(60)
"""


def test_a_sender_killed_between_sending_and_writing_it_down_sends_again_under_the_same_id(path, queue):
    (path.parent / "faults").mkdir()
    (path.parent / "faults" / "outbound.before_record").write_text("kill")
    with receiving() as receiver:
        queue.add([message(receiver.url, hook_id=9, kind="webhook", method="POST", body="{}")], time.time())
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path.parent)], env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        )
        assert ended(child) == -signal.SIGKILL
        assert (len(receiver.got), queue.waiting(), tries(path)) == (1, 1, [])
        with running(path):
            receiver.wait(2, "the message sent again")
            until(lambda: queue.waiting() == 0, "the message written down")
        first, second = ({n.lower(): v for n, v in r.headers.items()} for r in receiver.got)
        assert first["webhook-id"] == second["webhook-id"] == "9_conv-1_1"
        assert [r.body for r in receiver.got] == [b"{}", b"{}"]
        assert [(t["outcome"], t["attempt"]) for t in tries(path)] == [("delivered", 1)]


def test_time_enough_is_left_for_the_supervisor():
    assert sending.GRACE_SECONDS + 1 + 5 < 10
    assert delivery.TOTAL_SECONDS == 10
