import os
import subprocess
import sys
import time
from pathlib import Path

from kernel import heartbeat
from kernel.heartbeat import Heartbeat

REPOSITORY = Path(__file__).resolve().parents[3]


def asked(data_dir, role="pipeline"):
    done = subprocess.run(
        [sys.executable, "-m", "kernel.heartbeat", role],
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "CLICKLEDGER_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_role_that_beats_is_healthy_and_one_that_never_did_is_not(tmp_path):
    code, sentence = asked(tmp_path)
    assert code == 1
    assert sentence == f"The pipeline role has not come round yet in {tmp_path}.\n"
    Heartbeat(tmp_path, "pipeline").beat()
    assert asked(tmp_path) == (0, "")
    assert asked(tmp_path, "web")[0] == 1


def test_a_role_that_stopped_beating_is_unhealthy(tmp_path):
    Heartbeat(tmp_path, "pipeline").beat()
    then = time.time() - heartbeat.MAX_AGE_SECONDS - 10
    os.utime(tmp_path / "pipeline.alive", (then, then))
    code, sentence = asked(tmp_path)
    assert code == 1
    assert sentence.startswith("The pipeline role last came round 16")


def test_a_busy_loop_touches_its_file_once_a_second(tmp_path):
    now = [100.0]
    beating = Heartbeat(tmp_path, "pipeline", clock=lambda: now[0])
    beating.beat()
    (tmp_path / "pipeline.alive").unlink()
    now[0] += 0.9
    beating.beat()
    assert heartbeat.age(tmp_path, "pipeline") is None
    now[0] += 0.1
    beating.beat()
    assert heartbeat.age(tmp_path, "pipeline") is not None


def test_a_beat_that_cant_be_written_fails_nothing(tmp_path):
    Heartbeat(tmp_path / "absent", "pipeline").beat()
    assert heartbeat.age(tmp_path / "absent", "pipeline") is None


def test_a_file_from_the_future_is_no_age_below_zero(tmp_path):
    Heartbeat(tmp_path, "pipeline").beat()
    os.utime(tmp_path / "pipeline.alive", (time.time() + 3600, time.time() + 3600))
    assert heartbeat.age(tmp_path, "pipeline") == 0.0
