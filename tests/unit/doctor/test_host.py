import os
import resource
from pathlib import Path
from types import SimpleNamespace

import pytest

from clickledger.doctor import host
from kernel.settings import Settings


def one(findings):
    (found,) = findings
    return found


def levels(findings):
    return {f.check: f.level for f in findings}


def test_a_writable_directory_with_room_is_ok_and_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(
        host.shutil, "disk_usage", lambda _p: SimpleNamespace(free=50 * host.GIB, total=100 * host.GIB)
    )
    assert levels(host.data_directory(Settings(data_dir=tmp_path))) == {"data directory": "ok", "free space": "ok"}
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_yet_is_judged_by_the_one_above_and_not_made(tmp_path):
    wanted = tmp_path / "a" / "b"
    first, _space = host.data_directory(Settings(data_dir=wanted))
    assert first.level == "ok"
    assert f"{wanted} will be made" in first.message
    assert not wanted.exists()


def test_a_file_in_the_place_of_the_directory_is_a_problem(tmp_path):
    (tmp_path / "f").write_text("")
    found = one(host.data_directory(Settings(data_dir=tmp_path / "f" / "below")))
    assert (found.level, found.message) == ("problem", f"{tmp_path / 'f'} is not a directory")


def test_a_directory_that_cant_be_written_is_a_problem_that_names_the_setting(tmp_path, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(host.os, "open", refuse)
    found = one(host.data_directory(Settings(data_dir=tmp_path)))
    assert found.level == "problem"
    assert "Permission denied" in found.message
    assert "CLICKLEDGER_DATA_DIR" in found.advice
    assert one(host.fsync_speed(Settings(data_dir=tmp_path))).level == "problem"


@pytest.mark.parametrize(("free", "level"), [(0.5, "problem"), (1, "warning"), (9.9, "warning"), (10, "ok")])
def test_little_room_is_told_before_it_is_none(tmp_path, monkeypatch, free, level):
    usage = SimpleNamespace(free=int(free * host.GIB), total=100 * host.GIB)
    monkeypatch.setattr(host.shutil, "disk_usage", lambda _p: usage)
    assert levels(host.data_directory(Settings(data_dir=tmp_path)))["free space"] == level


MOUNTS = """\
22 1 253:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /run rw - tmpfs tmpfs rw
31 22 0:40 / /srv/click\\040data rw shared:5 master:1 - nfs4 nas:/export rw
32 22 0:41 / /srv/twice rw - ext4 /dev/vdb rw
33 22 0:42 / /srv/twice rw - xfs /dev/vdc rw
34 22 0:43 / /srv/caf\\303\\251 rw - btrfs /dev/vdd rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/clickledger", "ext4"),
        ("/run/x", "tmpfs"),
        ("/runfoo", "ext4"),
        ("/srv/click data/x", "nfs4"),
        ("/srv/twice/x", "xfs"),
        ("/srv/café", "btrfs"),
    ],
)
def test_the_deepest_mount_above_the_directory_is_its_file_system(path, kind):
    assert host.mount_of(Path(path), MOUNTS).type == kind


@pytest.mark.parametrize(
    ("kind", "level", "word"),
    [
        ("ext4", "ok", "ext4"),
        ("xfs", "ok", "xfs"),
        ("nfs4", "warning", "network"),
        ("cifs", "warning", "network"),
        ("fuse.sshfs", "warning", "network"),
        ("tmpfs", "warning", "power"),
        ("overlay", "warning", "container"),
    ],
)
def test_a_file_system_where_an_fsync_proves_nothing_is_warned_of(kind, level, word):
    found = host.judge_file_system("file system", kind)
    assert found.level == level
    assert word in found.message


def test_this_machines_own_file_system_is_found(tmp_path):
    assert "unknown" not in one(host.file_system(Settings(data_dir=tmp_path))).message


def test_the_fsync_probe_measures_and_leaves_nothing_behind(tmp_path):
    found = one(host.fsync_speed(Settings(data_dir=tmp_path)))
    assert "4 KiB" in found.message
    assert list(tmp_path.iterdir()) == []


def test_a_slow_disk_is_warned_of(tmp_path, monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(host.time, "perf_counter", lambda: next(ticks) * 0.2)
    found = one(host.fsync_speed(Settings(data_dir=tmp_path)))
    assert (found.level, found.message) == ("warning", "a 4 KiB write is on disk after 200.00 ms")


@pytest.mark.parametrize(
    ("soft", "level"),
    [(256, "problem"), (1023, "problem"), (1024, "warning"), (16_384, "ok"), (resource.RLIM_INFINITY, "ok")],
)
def test_few_open_files_are_told_with_the_way_to_raise_them(soft, level):
    found = host.judge_open_files(soft, 524_288)
    assert found.level == level
    assert level == "ok" or "LimitNOFILE" in found.advice


@pytest.mark.parametrize(
    ("now", "newest", "level"),
    [
        (0.0, 0.0, "problem"),
        (1_760_000_000.0, 0.0, "problem"),  # October 2025
        (1_780_000_000.0, 1_779_999_999.0, "ok"),
        (1_780_000_000.0, 1_780_000_004.0, "ok"),
        (1_780_000_000.0, 1_780_003_600.0, "warning"),
    ],
)
def test_a_clock_that_was_never_set_or_was_set_back_is_told(now, newest, level):
    assert host.judge_clock(now, newest).level == level


def test_the_clock_is_held_against_the_newest_journal(tmp_path):
    journal = tmp_path / "journals" / "edge-0.journal"
    journal.parent.mkdir()
    journal.write_text("")
    assert one(host.clock(Settings(data_dir=tmp_path))).level == "ok"
    os.utime(journal, (4_000_000_000, 4_000_000_000))
    assert one(host.clock(Settings(data_dir=tmp_path))).level == "warning"
