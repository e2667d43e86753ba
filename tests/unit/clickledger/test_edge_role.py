import subprocess
import sys

from clickledger.roles.starting import CANNOT_START_STATUS
from kernel.settings import Settings, as_environment
from tracker.click_id import load_keys


def test_an_edge_that_cannot_write_journals_says_so_in_a_sentence(tmp_path):
    load_keys(Settings(data_dir=tmp_path), create=True)
    (tmp_path / "journals").write_text("a file in the directory's place")
    ended = subprocess.run(
        [sys.executable, "-m", "clickledger.roles", "edge", "edge0"],
        env=as_environment({"data_dir": tmp_path}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == CANNOT_START_STATUS
    assert f"Journals can't be written to {tmp_path / 'journals'}" in ended.stderr
    assert "Traceback" not in ended.stderr
