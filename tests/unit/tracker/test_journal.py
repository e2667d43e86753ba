from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

from kernel import faults
from kernel.errors import ClickledgerError
from tests.support.journals import contents, event, events
from tests.support.waiting import PATIENCE_SECONDS
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.journal import JournalFile, JournalWriter, files, is_sealed, journal_paths
from tracker.journal import writer as journal

MIB = 1024 * 1024


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


@pytest.fixture(params=["slow", "quick"])
def either_disk(request, monkeypatch):
    """Commit from the writer's thread, as on a slow disk, or from the event loop, as on a quick one."""
    monkeypatch.setattr(journal, "QUICK_SECONDS", 0.0 if request.param == "slow" else 1e9)


def run(scenario, directory, rotate_bytes=MIB):
    """Run a scenario over a started writer, which is stopped afterwards."""

    async def main():
        writer = JournalWriter(directory, "edge-0", rotate_bytes)
        await writer.start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
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
        monkeypatch.setattr(journal, "QUICK_SECONDS", 0.0)
        write = JournalFile.write

        def held(file, payloads):
            self.frames.append(len(payloads))
            self.entered.set()
            assert self.open.wait(PATIENCE_SECONDS)
            write(file, payloads)

        monkeypatch.setattr(JournalFile, "write", held)


def test_an_append_is_done_only_after_its_frame_is_committed(directory, monkeypatch):
    gate = Gate(monkeypatch)

    async def scenario(writer):
        first = writer.append(event(1))
        assert await asyncio.to_thread(gate.entered.wait, PATIENCE_SECONDS)
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
        assert await asyncio.to_thread(gate.entered.wait, PATIENCE_SECONDS)
        waiting += [writer.append(event(n)) for n in (3, 4, 5)]
        gate.open.set()
        await asyncio.gather(*waiting)

    run(scenario, directory)
    assert contents(directory) == [[1, 2], [3, 4, 5]]
    assert gate.frames == [2, 3]


@pytest.mark.usefixtures("either_disk")
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
@pytest.mark.usefixtures("either_disk")
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
        assert await asyncio.to_thread(gate.entered.wait, PATIENCE_SECONDS)
        second = writer.append(event(2))
        gate.open.set()
        assert [await outcome(first), await outcome(second)] == [JOURNAL_UNAVAILABLE.code, "stored"]

    run(scenario, directory)
    assert events(directory) == [2]


@pytest.mark.usefixtures("either_disk")
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


@pytest.mark.usefixtures("either_disk")
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


@pytest.mark.usefixtures("either_disk")
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
        assert await asyncio.to_thread(gate.entered.wait, PATIENCE_SECONDS)
        gone.cancel()
        gate.open.set()
        assert await outcome(staying) == "stored"
        assert gone.cancelled()
        assert await outcome(writer.append(event(3))) == "stored"

    run(scenario, directory)
    assert events(directory) == [1, 2, 3]


@pytest.mark.usefixtures("either_disk")
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
    monkeypatch.setattr(files, "sync_directory", lambda _path: (_ for _ in ()).throw(OSError("No space left")))

    async def main():
        await JournalWriter(directory, "edge-0", MIB).start()

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(main())
    assert list(directory.glob("*.lock")) == []
    assert all(is_sealed(path) for path in journal_paths(directory))


@pytest.mark.usefixtures("either_disk")
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
