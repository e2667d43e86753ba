"""Room made ahead of a journal's write-ahead log: it is there when the log is brisk, and harms nothing."""

from __future__ import annotations

import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.support.journals import contents, event
from tracker.journal import JournalFile
from tracker.journal import room as module

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journals"


@pytest.fixture
def eager(monkeypatch):
    """Make room after the first frame, in small pieces, so that the log catches up with it again and again."""
    monkeypatch.setattr(module, "BRISK_BYTES", 0)
    monkeypatch.setattr(module, "LOW_BYTES", 16 * 1024)
    monkeypatch.setattr(module, "MORE_BYTES", 64 * 1024)
    monkeypatch.setattr(module, "PIECE_BYTES", 8 * 1024)
    monkeypatch.setattr(module, "_ZEROS", bytes(8 * 1024))


def log_of(file):
    return file.path.with_name(file.path.name + "-wal")


def frames_end(file):
    """Where SQLite's frames end, read off the log itself."""
    log = log_of(file).read_bytes()
    salts, at = log[16:24], 32
    while log[at + 8 : at + 16] == salts:
        at += 24 + 4096
    return at


def write_until(file, condition):
    """Write frames until a condition holds; returns their contents."""
    written, deadline = [], time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "room is neither made nor given up"
        written.append([len(written), "x" * 3000])
        file.write([event(written[-1])])
    return [[each] for each in written]


def whole(path):
    """What SQLite itself says of a file."""
    database = sqlite3.connect(path)
    try:
        return database.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        database.close()


def test_a_quiet_journal_stays_as_small_as_its_clicks(directory):
    file = JournalFile(directory / "a.journal")
    for n in range(20):
        file.write([event(n)])
    assert log_of(file).stat().st_size == frames_end(file) < module.BRISK_BYTES
    file.close()


def test_a_brisk_one_gets_room_that_is_on_the_disk_before_it_is_used_and_gone_when_it_is_closed(directory):
    file = JournalFile(directory / "a.journal")
    written = write_until(file, lambda: log_of(file).stat().st_size > frames_end(file) + module.LOW_BYTES)
    ahead = log_of(file).stat()
    assert frames_end(file) >= module.BRISK_BYTES
    # Between the commit under way and the first zeros there may be a hole of a few pages.
    assert ahead.st_blocks * 512 >= ahead.st_size - 64 * 1024 > frames_end(file)
    more = [[["more", n]] for n in range(100)]
    for (one,) in more:
        file.write([event(one)])
    assert contents(directory) == written + more
    file.close()
    assert not log_of(file).exists()
    assert contents(directory) == written + more
    assert whole(file.path) == "ok"


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(6))
def test_frames_of_any_size_and_room_made_at_the_same_time_never_meet(directory, seed):
    draw = random.Random(seed)
    file = JournalFile(directory / "a.journal")
    written = []
    for n in range(300):
        size = int(draw.paretovariate(0.6) * 50) % 200_000
        written.append([[n, "x" * size]])
        file.write([event(written[-1][0])])
        if draw.random() < 0.1:
            time.sleep(draw.random() / 200)  # lets the room get ahead
    assert contents(directory) == written
    file.close()
    assert contents(directory) == written
    assert whole(file.path) == "ok"


@pytest.mark.usefixtures("eager")
def test_a_disk_without_room_is_not_asked_twice_and_gets_back_what_was_begun(directory, monkeypatch):
    asked = []

    def full(descriptor, _zeros, at):
        asked.append(at)
        # As a disk does that becomes full: a part is written.
        os.ftruncate(descriptor, at + 4096)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "pwrite", full)
    file = JournalFile(directory / "a.journal")
    written = write_until(file, lambda: asked)
    file._room._maker.join(30)
    more = [[n] for n in range(50)]
    for (one,) in more:
        file.write([event(one)])
    assert len(asked) == 1
    assert log_of(file).stat().st_size == frames_end(file)
    assert contents(directory) == written + more
    file.close()


@pytest.mark.usefixtures("eager")
def test_a_log_that_somebody_folded_by_hand_goes_on_without_room(directory):
    file = JournalFile(directory / "a.journal")
    written = write_until(file, lambda: log_of(file).stat().st_size > frames_end(file))
    file._room._maker.join(30)
    by_hand = sqlite3.connect(file.path)
    assert by_hand.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    by_hand.close()
    more = [[["more", n, "x" * 3000]] for n in range(100)]
    for (one,) in more:
        file.write([event(one)])
    assert log_of(file).stat().st_size == frames_end(file)
    assert contents(directory) == written + more
    file.close()
    assert whole(file.path) == "ok"


WRITER = """
import sys
from pathlib import Path
from tracker.journal import JournalFile, room
import msgspec
room.BRISK_BYTES = 0
file = JournalFile(Path(sys.argv[1]))
for n in range(1_000_000):
    file.write([msgspec.msgpack.encode([n, "x" * 3000])])
    print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 40, 400])
def test_whatever_was_acknowledged_before_a_kill_is_read_whether_or_not_room_was_being_made(directory, after):
    path = directory / "a.journal"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=REPOSITORY, stdout=subprocess.PIPE)
    try:
        acknowledged = next(int(line) for line in writer.stdout if int(line) >= after)
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().splitlines())])
    finally:
        writer.kill()
        writer.wait(30)
        writer.stdout.close()
    found = [n for ((n, _),) in contents(directory)]
    assert found == list(range(len(found)))
    assert len(found) - 1 >= acknowledged >= after
    assert whole(path) == "ok"
    file = JournalFile(path)
    file.write([msgspec.msgpack.encode(["after", ""])])
    file.close()
    assert contents(directory)[-1] == [["after", ""]]
