"""The doctor says when nobody ships what an edge or the web role writes down."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing

import pytest

from clickledger.doctor import CHECKS, journals
from kernel import heartbeat
from kernel.settings import Settings
from tracker.journal import DIRECTORY, JournalFile

WEB, EDGE = "web-0199c0ffee00aa", "edge0-0199c0ffee00bb"


@pytest.fixture
def chosen(tmp_path):
    (tmp_path / DIRECTORY).mkdir()
    return Settings(data_dir=tmp_path)


@pytest.fixture
def writing(chosen):
    """Let a role write a journal, as a running one does: its lock is held."""
    held = []

    def begin(name):
        path = chosen.data_dir / DIRECTORY / f"{name}.journal"
        with closing(JournalFile(path)):
            pass
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        held.append(lock)

    yield begin
    for lock in held:
        os.close(lock)


def one(chosen):
    (found,) = journals.shipped(chosen)
    return found


def test_the_doctor_looks_at_journals():
    assert journals.shipped in CHECKS


def test_a_web_role_whose_journal_nobody_ships_is_warned_of(chosen, writing):
    writing(WEB)
    found = one(chosen)
    assert (found.level, found.check) == ("warning", "journals")
    assert found.message.startswith(
        "nobody ships what is written by web: the pipeline role has not come round yet"
    )
    assert f"CLICKLEDGER_DATA_DIR={chosen.data_dir}" in found.advice


def test_a_pipeline_that_stopped_coming_round_is_warned_of(chosen, writing):
    writing(WEB)
    writing(EDGE)
    heartbeat.Heartbeat(chosen.data_dir, "pipeline").beat()
    assert one(chosen).message == "the pipeline ships what is written by edge0, web"
    before = heartbeat.MAX_AGE_SECONDS + 60
    alive = chosen.data_dir / "pipeline.alive"
    os.utime(alive, (alive.stat().st_mtime - before,) * 2)
    assert "nobody ships what is written by edge0, web: the pipeline role last came round" in one(chosen).message


def test_journals_that_nobody_writes_any_more_are_no_reason_to_worry(chosen):
    with closing(JournalFile(chosen.data_dir / DIRECTORY / f"{WEB}.journal")):
        pass
    assert (one(chosen).level, one(chosen).message) == ("ok", "nobody writes one here at the moment")
    assert one(Settings(data_dir=chosen.data_dir / "none yet")).level == "ok"
