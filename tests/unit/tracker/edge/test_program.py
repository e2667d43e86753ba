from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.support.edge import NETWORK_FALLBACK, OPEN, program, publish
from tests.support.offers import offer
from tracker.edge import program as programs
from tracker.edge.program import Program, ProgramHolder, compile_url
from tracker.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotFile, encode, save


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(programs, "POLL_SECONDS", 0.002)
    monkeypatch.setattr(programs, "MISS_SECONDS", 0.0)


def keep_fresh_until(holder, condition):
    async def scenario():
        keeping = asyncio.create_task(holder.keep_fresh())
        async with asyncio.timeout(20):
            while not condition():
                assert not keeping.done()
                await asyncio.sleep(0.002)
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    asyncio.run(scenario())


def test_an_edge_starts_with_what_the_file_holds(tmp_path):
    publish(tmp_path, program(4))
    assert ProgramHolder(tmp_path).program.version == 4


def test_an_edge_starts_without_a_file_and_takes_it_when_it_comes(tmp_path):
    holder = ProgramHolder(tmp_path)
    assert (holder.program.version, holder.program.offers) == (0, {})
    assert not holder.after_miss()
    publish(tmp_path, program(1))
    assert holder.after_miss()
    assert holder.program.offers[str(OPEN)].route.name == "Shoes"


def test_a_program_never_goes_backwards_and_is_swapped_whole(tmp_path):
    publish(tmp_path, program(5))
    holder = ProgramHolder(tmp_path)
    before = holder.program
    publish(tmp_path, program(4))
    assert not holder.look_at_file()
    assert holder.program is before
    publish(tmp_path, program(6, offers={}))
    assert holder.look_at_file()
    assert (before.version, len(before.offers), holder.program.offers) == (5, 8, {})


def test_an_unreadable_file_is_said_once_and_leaves_the_program_in_place(tmp_path):
    publish(tmp_path, program(1))
    holder = ProgramHolder(tmp_path)
    for bad in (b"", b"\x00", encode(program(2))[:-1], encode(program(2)).replace(b"EUR", b"\xff\xfe\xfd")):
        save(tmp_path, bad)
        with capture_logs() as logged:
            assert [holder.look_at_file() for _ in range(3)] == [False] * 3
        assert [entry["event"] for entry in logged] == ["snapshot_unreadable"]
    assert holder.program.version == 1


def test_a_look_because_of_a_miss_is_not_taken_too_often(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(programs, "MISS_SECONDS", 0.02)
    monkeypatch.setattr(programs.time, "monotonic", lambda: clock[0])
    holder = ProgramHolder(tmp_path)
    assert not holder.after_miss()
    publish(tmp_path, program(1))
    assert not holder.after_miss()
    clock[0] += 0.03
    assert holder.after_miss()


def test_a_destination_that_cant_be_rendered_is_said_and_the_rest_of_the_program_works(tmp_path):
    publish(tmp_path, program(1, offers={1: offer(destination="ftp://x"), 2: offer(id=2)}))
    holder = ProgramHolder(tmp_path)
    with capture_logs() as logged:
        assert [holder.program.offers["1"].destination for _ in range(3)] == [None] * 3
    assert [(entry["event"], entry["url"]) for entry in logged] == [("destination_unusable", "ftp://x")]
    assert holder.program.offers["2"].destination is not None
    assert compile_url("") is None


@pytest.mark.parametrize(
    ("in_snapshot", "configured", "host"),
    [
        ("", "", None),
        ("", NETWORK_FALLBACK, "network.example"),
        ("https://program.example/", NETWORK_FALLBACK, "program.example"),
        ("broken", NETWORK_FALLBACK, "network.example"),
    ],
)
def test_the_programs_fallback_comes_before_the_configured_one(in_snapshot, configured, host):
    fallback = Program(Snapshot(1, fallback_url=in_snapshot), configured).fallback
    assert (fallback.host if fallback else None) == host


def test_a_changed_file_is_taken_while_running(tmp_path):
    holder = ProgramHolder(tmp_path)
    publish(tmp_path, program(1))
    keep_fresh_until(holder, lambda: holder.program.version == 1)
    publish(tmp_path, program(2))
    keep_fresh_until(holder, lambda: holder.program.version == 2)


def test_a_newer_published_snapshot_is_taken_and_kept_on_the_disk(tmp_path):
    asked = []

    async def fetch(version):
        asked.append(version)
        return encode(program(3)) if version < 3 else None

    holder = ProgramHolder(tmp_path, fetch=fetch)
    keep_fresh_until(holder, lambda: SnapshotFile(tmp_path).current().version == 3)
    assert holder.program.version == 3
    assert asked[0] == 0
    assert ProgramHolder(tmp_path).program.version == 3


@pytest.mark.parametrize(
    "failure",
    [OSError("Connection refused"), ValueError("invalid literal for int()"), RuntimeError("no one expected this")],
)
def test_a_source_that_fails_is_asked_again_and_the_file_is_looked_at_all_the_same(tmp_path, failure):
    answers = iter([failure, b"not a snapshot", failure])

    async def fetch(_version):
        answer = next(answers, None)
        if isinstance(answer, Exception):
            raise answer
        return answer or encode(program(2))

    holder = ProgramHolder(tmp_path, fetch=fetch)
    publish(tmp_path, program(1))
    seen = []
    keep_fresh_until(holder, lambda: seen.append(holder.program.version) or holder.program.version == 2)
    assert 1 in seen


def test_a_disk_that_is_full_keeps_no_program_from_the_edge(tmp_path, monkeypatch):
    async def fetch(version):
        return encode(program(version + 1)) if version < 3 else None

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(programs.snapshot, "save", full)
    holder = ProgramHolder(tmp_path, fetch=fetch)
    keep_fresh_until(holder, lambda: holder.program.version == 3)
    assert not (tmp_path / SNAPSHOT_FILE).exists()


def test_what_a_test_calls_unreadable_is():
    with pytest.raises(msgspec.MsgspecError):
        programs.snapshot.decode(b"not a snapshot")
