import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from clickledger import children
from clickledger.children import Child
from tests.support.running_service import eventually

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def child():
    made = Child("backend", "backend", SLEEPER, dict(os.environ))
    yield made
    made.ask_to_end()
    made.wait_end(time.monotonic() + 10)


def open_pipes():
    """Return how many ends of pipes this process holds; other threads open and close files meanwhile."""
    found = 0
    for link in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            found += str(link.readlink()).startswith("pipe:")
    return found


def kill(child):
    """Kill the child's process and wait until it can be seen to have ended."""
    os.kill(child.pid, signal.SIGKILL)
    eventually("the child to end", lambda: child._process.poll() is not None)


def pause_after_death(child, now):
    """Return the seconds between a death noticed at ``now`` and the next start."""
    assert child.tend(now)
    assert child.pid == 0
    return child._start_at - now


def test_a_child_that_lives_is_left_alone(child):
    child.start()
    pid = child.pid
    assert not child.tend(time.monotonic())
    assert child.pid == pid


def test_a_child_that_dies_again_and_again_is_started_after_growing_pauses(child):
    child.start()
    pauses = []
    for _ in range(9):
        kill(child)
        now = child._started_at + 1.0
        pauses.append(pause_after_death(child, now))
        assert not child.tend(now + pauses[-1] - 0.01)
        assert child.tend(now + pauses[-1])
        assert child.pid > 0
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0])


def test_a_child_that_served_for_a_while_starts_its_pauses_anew(child):
    child.start()
    for _ in range(4):
        kill(child)
        now = child._started_at + 1.0
        assert child.tend(now + pause_after_death(child, now))
    kill(child)
    assert pause_after_death(child, child._started_at + children.HEALTHY_SECONDS + 0.1) == pytest.approx(0.1)


def test_a_child_that_cannot_be_started_now_is_tried_again_later(child, tmp_path):
    """No process can be made, or the disk takes no log: what still runs goes on meanwhile."""
    child.start()
    kill(child)
    now = child._started_at + 1.0
    child.tend(now)
    child._quiet = tmp_path / "missing" / "log"
    open_before = open_pipes()
    for _ in range(5):
        now += 60.0
        assert not child.tend(now)
        assert child.pid == 0
    assert open_pipes() <= open_before + 1
    child._quiet = None
    assert child.tend(now + 60.0)
    assert child.pid > 0
