from __future__ import annotations

import asyncio
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

from kernel import faults
from kernel.errors import ClickledgerError
from tracker import journal
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.events import Refused, decode_events, encode_event
from tracker.journal import (
    JournalFile,
    JournalReader,
    JournalWriter,
    delete,
    is_sealed,
    journal_paths,
    pack_frame,
)

REPOSITORY = Path(__file__).resolve().parents[3]
MIB = 1024 * 1024


def event(n):
    return msgspec.msgpack.encode(n)


def contents(directory):
    """Return the frames of every journal in the order of their names, as lists of events."""
    found = []
    for path in journal_paths(directory):
        reader = JournalReader(path)
        last, _ = reader.end_of_range(1, 10**9)
        frames = list(reader.frames(1, last))
        assert [frame.seq for frame in frames] == list(range(1, last + 1))
        for frame in frames:
            decoded = msgspec.msgpack.decode(frame.body)
            assert len(decoded) == frame.events
            found.append(decoded)
        reader.close()
    return found


def events(directory):
    return [each for frame in contents(directory) for each in frame]


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Make the fault point of the given name fail until it is called with fail=False."""
    place = tmp_path / "faults"
    place.mkdir()
    monkeypatch.setattr(faults, "_directory", place)

    def set_fault(name, *, fail=True):
        if fail:
            (place / name).write_text("fail")
        else:
            (place / name).unlink()

    return set_fault


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journals"


def run(scenario, directory, rotate_bytes=MIB):
    """Run a scenario over a started writer, which is stopped afterwards."""

    async def main():
        writer = JournalWriter(directory, "edge-0", rotate_bytes)
        await writer.start()
        try:
            async with asyncio.timeout(20):
                return await scenario(writer)
        finally:
            await writer.stop()

    return asyncio.run(main())


async def outcome(future):
    """Return 'stored', or the code of the error."""
    try:
        await future
    except ClickledgerError as why:
        return why.kind.code
    return "stored"


class Gate:
    """Holds the writer thread before each commit until opened."""

    def __init__(self, monkeypatch):
        self.entered = threading.Event()
        self.open = threading.Event()
        self.frames = []
        write = JournalFile.write

        def held(file, payloads):
            self.frames.append(len(payloads))
            self.entered.set()
            assert self.open.wait(20)
            write(file, payloads)

        monkeypatch.setattr(JournalFile, "write", held)


def test_an_append_is_done_only_after_its_frame_is_committed(directory, monkeypatch):
    gate = Gate(monkeypatch)

    async def scenario(writer):
        first = writer.append(event(1))
        await asyncio.to_thread(gate.entered.wait)
        assert not first.done()
        assert events(directory) == []
        gate.open.set()
        await first
        assert events(directory) == [1]

    run(scenario, directory)


def test_what_arrives_while_a_commit_is_under_way_shares_the_next_one(directory, monkeypatch):
    gate = Gate(monkeypatch)

    async def scenario(writer):
        waiting = [writer.append(event(n)) for n in (1, 2)]
        await asyncio.to_thread(gate.entered.wait)
        waiting += [writer.append(event(n)) for n in (3, 4, 5)]
        gate.open.set()
        await asyncio.gather(*waiting)

    run(scenario, directory)
    assert contents(directory) == [[1, 2], [3, 4, 5]]
    assert gate.frames == [2, 3]


def test_many_appends_are_each_stored_once_and_in_order(directory):
    async def scenario(writer):
        async def visitor(n):
            for each in range(20):
                await writer.append(event([n, each]))

        await asyncio.gather(*(visitor(n) for n in range(50)))

    run(scenario, directory)
    stored = events(directory)
    assert sorted(stored) == [[n, each] for n in range(50) for each in range(20)]
    for n in range(50):
        assert [each for visitor, each in stored if visitor == n] == list(range(20))
    assert len(contents(directory)) < 500


@pytest.mark.parametrize("point", ["journal.after_append", "journal.before_fsync"])
def test_a_failed_commit_fails_all_its_waiters_and_nothing_else(directory, failing, monkeypatch, point):
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0)

    async def scenario(writer):
        await writer.append(event("before"))
        failing(point)
        failed = await asyncio.gather(*(outcome(writer.append(event(f"lost-{n}"))) for n in range(5)))
        assert failed == [JOURNAL_UNAVAILABLE.code] * 5
        assert not writer.writable
        failing(point, fail=False)
        assert await outcome(writer.append(event("after"))) == "stored"
        assert writer.writable

    run(scenario, directory)
    assert events(directory) == ["before", "after"]


def test_what_waits_behind_a_failed_commit_gets_its_own_try(directory, monkeypatch):
    gate = Gate(monkeypatch)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0)
    fail_once = iter([OSError(5, "Input/output error")])

    def point(name):
        if name == "journal.before_fsync" and (why := next(fail_once, None)):
            raise why

    monkeypatch.setattr(faults, "point", point)

    async def scenario(writer):
        first = writer.append(event(1))
        await asyncio.to_thread(gate.entered.wait)
        second = writer.append(event(2))
        gate.open.set()
        assert [await outcome(first), await outcome(second)] == [JOURNAL_UNAVAILABLE.code, "stored"]

    run(scenario, directory)
    assert events(directory) == [2]


def test_a_disk_that_keeps_failing_isnt_filled_with_files(directory, failing, monkeypatch):
    clock = [1_000.0]
    monkeypatch.setattr(journal.time, "monotonic", lambda: clock[0])

    async def scenario(writer):
        failing("journal.before_fsync")
        for _ in range(50):
            assert await outcome(writer.append(event(0))) == JOURNAL_UNAVAILABLE.code
        assert len(journal_paths(directory)) == 1
        clock[0] += journal.RETRY_SECONDS
        for _ in range(50):
            assert await outcome(writer.append(event(0))) == JOURNAL_UNAVAILABLE.code
        assert len(journal_paths(directory)) == 2
        failing("journal.before_fsync", fail=False)
        assert await outcome(writer.append(event(1))) == JOURNAL_UNAVAILABLE.code
        clock[0] += journal.RETRY_SECONDS
        assert await outcome(writer.append(event(2))) == "stored"

    run(scenario, directory)
    assert events(directory) == [2]


def test_an_edge_without_requests_becomes_writable_again(directory, failing, monkeypatch):
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0)

    async def scenario(writer):
        failing("journal.before_fsync")
        assert await outcome(writer.append(event(0))) == JOURNAL_UNAVAILABLE.code
        failing("journal.before_fsync", fail=False)
        assert not writer.writable
        writer.revive()
        while not writer.writable:  # noqa: ASYNC110 - it tells nobody when it is
            await asyncio.sleep(0.001)
        assert await outcome(writer.append(event(1))) == "stored"
        writer.revive()

    run(scenario, directory)
    assert contents(directory) == [[1]]


def test_whatever_breaks_a_commit_the_writer_goes_on(directory, monkeypatch):
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0)
    write = JournalFile.write
    failures = iter([MemoryError("out of memory"), sqlite3.DatabaseError("malformed"), OverflowError("BLOB")])

    def failing_write(file, payloads):
        if (why := next(failures, None)) is not None:
            raise why
        write(file, payloads)

    monkeypatch.setattr(JournalFile, "write", failing_write)

    async def scenario(writer):
        return [await outcome(writer.append(event(n))) for n in range(4)]

    assert run(scenario, directory) == [JOURNAL_UNAVAILABLE.code] * 3 + ["stored"]
    assert events(directory) == [3]


def test_a_waiter_that_gave_up_takes_nobody_along(directory, monkeypatch):
    gate = Gate(monkeypatch)

    async def scenario(writer):
        gone, staying = writer.append(event(1)), writer.append(event(2))
        await asyncio.to_thread(gate.entered.wait)
        gone.cancel()
        gate.open.set()
        assert await outcome(staying) == "stored"
        assert gone.cancelled()
        assert await outcome(writer.append(event(3))) == "stored"

    run(scenario, directory)
    assert events(directory) == [1, 2, 3]


def test_stopping_commits_what_waits_and_refuses_what_comes_later(directory):
    async def main():
        writer = JournalWriter(directory, "edge-0", MIB)
        await writer.start()
        waiting = [writer.append(event(n)) for n in range(100)]
        await writer.stop()
        assert all(future.done() and future.exception() is None for future in waiting)
        assert not writer.writable
        return await outcome(writer.append(event("late")))

    assert asyncio.run(main()) == JOURNAL_UNAVAILABLE.code
    assert events(directory) == list(range(100))


def test_a_directory_that_cant_be_made_is_said_at_the_start(tmp_path):
    (tmp_path / "journals").write_text("a file where the directory should be")

    async def main():
        await JournalWriter(tmp_path / "journals", "edge-0", MIB).start()

    with pytest.raises(OSError, match="journals"):
        asyncio.run(main())


def test_a_file_that_cant_be_made_leaves_no_lock_behind(directory, monkeypatch):
    monkeypatch.setattr(journal, "sync_directory", lambda _path: (_ for _ in ()).throw(OSError("No space left")))

    async def main():
        await JournalWriter(directory, "edge-0", MIB).start()

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(main())
    assert list(directory.glob("*.lock")) == []
    assert all(is_sealed(path) for path in journal_paths(directory))


def test_a_full_file_is_followed_by_the_next_and_sealed(directory):
    async def scenario(writer):
        names = []
        for n in range(6):
            await writer.append(event([n, "x" * 600]))
            names.append(writer.name)
        return names

    names = run(scenario, directory, rotate_bytes=1_000)
    assert [names.count(name) for name in dict.fromkeys(names)] == [2, 2, 2]
    assert [path.stem for path in journal_paths(directory)] == list(dict.fromkeys(names))
    assert all(name.startswith("edge-0-") for name in names)
    assert [n for n, _ in events(directory)] == list(range(6))
    assert all(is_sealed(path) for path in journal_paths(directory))


def test_a_journal_is_sealed_when_its_writer_is_gone(directory):
    async def scenario(writer):
        await writer.append(event(1))
        (path,) = journal_paths(directory)
        assert not is_sealed(path)
        assert not is_sealed(path)
        return path

    assert is_sealed(run(scenario, directory))


def test_a_journal_without_a_lock_file_is_complete(directory):
    file = JournalFile(directory / "import-1.journal")
    file.write([event(1)])
    assert is_sealed(file.path)
    file.close()


def test_a_lock_held_by_another_is_not_taken_away(directory):
    directory.mkdir()
    with (directory / "x.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        descriptors = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
        with pytest.raises(BlockingIOError):
            journal._Held(directory / "x.lock")
        if descriptors:
            assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


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
    async def scenario(writer):
        await writer.append(event(1))
        return journal_paths(directory)[0]

    path = run(scenario, directory)
    JournalReader(path).close()
    delete(path)
    delete(path)
    assert list(directory.iterdir()) == []


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
        acknowledged = [process.stdout.readline() for _ in range(1_500)]
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
