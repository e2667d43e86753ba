from __future__ import annotations

import asyncio
import threading

import msgspec
import pytest

from kernel.errors import ClickledgerError
from tests.support.waiting import PATIENCE_SECONDS
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.journal import JournalFile, JournalReader, JournalWriter, journal_paths
from tracker.journal import writer as journal


@pytest.fixture
def committing(monkeypatch):
    """Return the names of the threads that committed, in order."""
    names = []
    write = JournalFile.write

    def named(file, payloads):
        names.append(threading.current_thread().name)
        write(file, payloads)

    monkeypatch.setattr(JournalFile, "write", named)
    return names


def run(scenario, directory, rotate_bytes=1024 * 1024):
    async def main():
        writer = JournalWriter(directory, "edge-0", rotate_bytes)
        await writer.start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await scenario(writer)
        finally:
            await writer.stop()

    return asyncio.run(main())


def stored(directory):
    found = []
    for path in journal_paths(directory):
        reader = JournalReader(path)
        for frame in reader.frames(1, 10**9):
            found += msgspec.msgpack.decode(frame.body)
        reader.close()
    return found


def test_a_quick_disk_is_written_from_the_event_loop_once_it_is_known_to_be_quick(
    tmp_path, committing, monkeypatch
):
    monkeypatch.setattr(journal, "QUICK_SECONDS", float("inf"))

    async def scenario(writer):
        # Infinity isn't less than infinity: nothing is known of the disk before the first commit.
        for n in range(3):
            await writer.append(msgspec.msgpack.encode(n))

    run(scenario, tmp_path)
    assert committing == ["journal-writer", "MainThread", "MainThread"]
    assert stored(tmp_path) == [0, 1, 2]


def test_a_slow_disk_is_written_from_a_thread(tmp_path, committing, monkeypatch):
    monkeypatch.setattr(journal, "QUICK_SECONDS", 0.0)

    async def scenario(writer):
        for n in range(3):
            await writer.append(msgspec.msgpack.encode(n))

    run(scenario, tmp_path)
    assert committing == ["journal-writer"] * 3
    assert stored(tmp_path) == [0, 1, 2]


def test_a_disk_that_became_slow_is_found_out_and_left_to_the_thread(tmp_path, committing, monkeypatch):
    clock = [0.0]
    seconds = [0.0001]

    def reading():
        clock[0] += seconds[0]
        return clock[0]

    monkeypatch.setattr(journal.time, "perf_counter", reading)

    async def scenario(writer):
        await writer.append(b"\x00")
        await writer.append(b"\x00")
        seconds[0] = journal.QUICK_SECONDS * 2
        for _ in range(journal.JUDGED_COMMITS):
            await writer.append(b"\x00")
        await writer.append(b"\x00")
        seconds[0] = 0.0001
        await writer.append(b"\x00")
        await writer.append(b"\x00")

    run(scenario, tmp_path)
    loop, thread = "MainThread", "journal-writer"
    assert committing == [thread, loop, *[loop] * journal.JUDGED_COMMITS, thread, thread, loop]


def test_requests_that_came_together_share_one_frame_on_a_quick_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "QUICK_SECONDS", float("inf"))
    frames = []
    write = JournalFile.write

    def counted(file, payloads):
        frames.append(len(payloads))
        write(file, payloads)

    monkeypatch.setattr(JournalFile, "write", counted)

    async def scenario(writer):
        await writer.append(b"\x00")
        await asyncio.gather(*(writer.append(b"\x00") for _ in range(20)))

    run(scenario, tmp_path)
    assert frames == [1, 20]


def test_a_new_file_is_begun_by_the_thread_however_quick_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "QUICK_SECONDS", float("inf"))
    openers = []
    opened = JournalWriter._open_file

    def named(writer):
        openers.append(threading.current_thread().name)
        opened(writer)

    monkeypatch.setattr(JournalWriter, "_open_file", named)

    async def scenario(writer):
        for n in range(6):
            await writer.append(msgspec.msgpack.encode(bytes(60) + bytes([n])))

    run(scenario, tmp_path, rotate_bytes=100)
    assert openers == ["MainThread", "journal-writer", "journal-writer"]
    assert [event[-1] for event in stored(tmp_path)] == [0, 1, 2, 3, 4, 5]


def test_a_commit_that_fails_on_the_event_loop_fails_its_waiters_and_the_next_goes_to_a_new_file(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(journal, "QUICK_SECONDS", float("inf"))
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0)
    broken = [False]
    write = JournalFile.write

    def fragile(file, payloads):
        if broken[0]:
            raise OSError("No space left on device")
        write(file, payloads)

    monkeypatch.setattr(JournalFile, "write", fragile)

    async def scenario(writer):
        await writer.append(b"\x01")
        broken[0] = True
        lost = [writer.append(b"\x02"), writer.append(b"\x03")]
        failures = await asyncio.gather(*lost, return_exceptions=True)
        assert [isinstance(f, ClickledgerError) and f.kind for f in failures] == [JOURNAL_UNAVAILABLE] * 2
        assert not writer.writable
        broken[0] = False
        await writer.append(b"\x04")
        await writer.append(b"\x05")

    run(scenario, tmp_path)
    assert stored(tmp_path) == [1, 4, 5]
    assert len(journal_paths(tmp_path)) == 2


def test_a_cancelled_waiter_takes_nobody_along_on_the_event_loop(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "QUICK_SECONDS", float("inf"))

    async def scenario(writer):
        await writer.append(b"\x01")
        given_up, patient = writer.append(b"\x02"), writer.append(b"\x03")
        given_up.cancel()
        await patient
        assert given_up.cancelled()

    run(scenario, tmp_path)
    assert stored(tmp_path) == [1, 2, 3]
