import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kernel import faults

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "_directory", None)
    faults.enable(tmp_path / "faults")
    return tmp_path / "faults"


def test_off_a_point_does_nothing_even_when_its_file_exists(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "_directory", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipeline.insert").write_text("fail")
    faults.point("pipeline.insert")


def test_on_a_point_without_a_file_passes(directory):
    faults.point("pipeline.insert")
    assert list(directory.iterdir()) == []


def test_a_failing_point_fails_as_long_as_its_file_exists(directory):
    (directory / "pipeline.insert").write_text("fail\n")
    for _time in range(2):
        with pytest.raises(OSError, match="fault injected at pipeline"):
            faults.point("pipeline.insert")
    faults.point("pipeline.after_insert")
    (directory / "pipeline.insert").unlink()
    faults.point("pipeline.insert")


def test_a_killing_point_kills_the_process_once(tmp_path):
    order = tmp_path / "journal.before_fsync"
    order.write_text("kill")
    program = (
        "from pathlib import Path\nfrom kernel import faults\n"
        f"faults.enable(Path({str(tmp_path)!r}))\nfaults.point('journal.before_fsync')\nprint('survived')"
    )
    command = [sys.executable, "-c", program]
    killed = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout == ""
    assert not order.exists()
    again = subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert again.stdout == "survived\n"


def test_every_point_that_stands_in_the_code_is_in_the_list_of_points():
    found = set()
    for room in ("kernel", "tracker", "fraud", "reports", "partners", "clickledger"):
        for path in (REPOSITORY / room).rglob("*.py"):
            if path.name != "faults.py":
                found.update(part.partition('"')[0] for part in path.read_text().split('faults.point("')[1:])
    assert found
    assert found <= {*faults.POINTS, *faults.OUTBOUND_POINTS, *faults.RESCORING_POINTS}
