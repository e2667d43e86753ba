from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from tests.support.journals import contents, event, events
from tests.support.waiting import PATIENCE_SECONDS
from tracker.events import Refused, decode_events, encode_event
from tracker.journal import JournalFile, JournalReader, delete, files, is_sealed, journal_paths, pack_frame

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journals"


def test_a_journal_without_a_lock_file_is_complete(directory):
    file = JournalFile(directory / "import-1.journal")
    file.write([event(1)])
    assert is_sealed(file.path)
    file.close()


def descriptors_of(path):
    """How many descriptors of this process lead to a file; other threads open and close others meanwhile."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += link.readlink() == path
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files in /proc")
def test_a_lock_held_by_another_is_not_taken_away(directory):
    directory.mkdir()
    path = directory / "x.lock"
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            files.HeldLock(path)
        assert descriptors_of(path) == 1


def test_frames_are_read_while_more_are_written(directory):
    file = JournalFile(directory / "a.journal")
    reader = JournalReader(file.path)
    assert reader.end_of_range(1, 100) == (0, 0)
    for n in range(1, 6):
        file.write([event(n)])
        assert reader.end_of_range(1, 100) == (n, n)
        assert [msgspec.msgpack.decode(f.body) for f in reader.frames(n, n)] == [[n]]
        assert reader.backlog(1) == n
        assert reader.backlog(n) == 1
        assert reader.backlog(n + 1) == 0
    frames = reader.frames(1, 3)
    assert next(frames).seq == 1
    file.write([event(6)])
    assert [frame.seq for frame in frames] == [2, 3]
    reader.close()
    file.close()


@pytest.mark.parametrize(
    ("first", "most", "expected"),
    [
        (1, 1, (1, 1)),
        (1, 3, (1, 1)),
        (1, 4, (2, 4)),
        (1, 13, (2, 4)),
        (1, 14, (3, 14)),
        (1, 10**9, (4, 16)),
        (2, 3, (2, 3)),
        (3, 5, (3, 10)),
        (3, 10, (3, 10)),
        (3, 12, (4, 12)),
        (4, 1, (4, 2)),
        (5, 100, (4, 0)),
        (9, 100, (8, 0)),
    ],
)
def test_a_range_ends_before_it_has_too_many_events_but_has_at_least_one_frame(directory, first, most, expected):
    file = JournalFile(directory / "a.journal")
    for events_in_frame in (1, 3, 10, 2):
        file.write([event(0)] * events_in_frame)
    reader = JournalReader(file.path)
    assert reader.end_of_range(first, most) == expected
    reader.close()
    file.close()


def test_a_file_goes_on_where_it_was(directory):
    for n in (1, 2):
        file = JournalFile(directory / "a.journal")
        file.write([event(n)])
        file.close()
    assert contents(directory) == [[1], [2]]


@pytest.mark.parametrize("made", [b"", None])
def test_a_file_whose_writer_died_before_its_table_was_made_is_empty(directory, made):
    directory.mkdir()
    path = directory / "a.journal"
    if made is None:
        unfinished = sqlite3.connect(path)
        unfinished.execute("PRAGMA journal_mode = WAL")
        unfinished.close()
    else:
        path.write_bytes(made)
    reader = JournalReader(path)
    assert reader.end_of_range(1, 10) == (0, 0)
    assert reader.backlog(1) == 0
    assert list(reader.frames(1, 10)) == []
    file = JournalFile(path)
    file.write([event(1)])
    assert reader.end_of_range(1, 10) == (1, 1)
    file.close()
    reader.close()


def test_a_frame_is_a_messagepack_array_of_events():
    sent = [Refused(n, "postback", "click_id_missing", "", "GET", b"\xff", "192.0.2.1") for n in range(300)]
    assert decode_events(pack_frame([encode_event(each) for each in sent])) == sent
    assert decode_events(pack_frame([])) == []


def test_a_deleted_journal_leaves_nothing_behind(directory):
    file = JournalFile(directory / "a.journal")
    file.write([event(1)])
    (directory / "a.lock").touch()
    reader = JournalReader(file.path)
    assert reader.backlog(1) == 1
    assert {path.name for path in directory.iterdir()} > {"a.journal", "a.journal-wal", "a.lock"}
    delete(file.path)
    delete(file.path)
    assert list(directory.iterdir()) == []
    reader.close()
    file.close()


WRITER = """
import asyncio, sys
from pathlib import Path
import msgspec
from tracker.journal import JournalWriter

async def main():
    writer = JournalWriter(Path(sys.argv[1]), "edge-0", 20_000)
    await writer.start()

    async def visitor(n):
        for each in range(1_000_000):
            await writer.append(msgspec.msgpack.encode([n, each, "x" * 50]))
            print(n, each, flush=True)

    await asyncio.gather(*(visitor(n) for n in range(8)))

asyncio.run(main())
"""


def test_a_killed_writer_leaves_whole_frames_and_everything_it_acknowledged(directory):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        # A writer that stands still ends as well, with fewer lines than it should have said.
        patience = threading.Timer(PATIENCE_SECONDS, process.kill)
        patience.start()
        try:
            acknowledged = [process.stdout.readline() for _ in range(1_500)]
        finally:
            patience.cancel()
            os.kill(process.pid, signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    # The last line may have been cut by the kill.
    told = [tuple(map(int, line.split())) for line in acknowledged if line.endswith("\n")]
    assert len(told) >= 1_500
    assert len(journal_paths(directory)) > 1
    assert all(is_sealed(path) for path in journal_paths(directory))
    stored = [(n, each) for n, each, _ in events(directory)]
    assert len(stored) == len(set(stored))
    assert set(told) <= set(stored)
    for n in range(8):
        mine = sorted(each for visitor, each in stored if visitor == n)
        assert mine == list(range(len(mine)))
