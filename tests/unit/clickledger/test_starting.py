"""How a role's process begins: what it tells its supervisor, and why it can't start."""

import os
import subprocess
import sys

from clickledger.roles.starting import CANNOT_START_STATUS, READY, READY_FD, say_ready

ROLE = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from clickledger.roles.starting import role
from clickledger.serving import serve
from kernel.settings import settings

@asynccontextmanager
async def lifespan(app):
    raise OSError(28, "No space left on device")
    yield

with role(settings(), "edge0", "edge"):
    serve(Starlette(lifespan=lifespan), "127.0.0.1", 0)
"""


def test_a_supervisor_is_told_once_that_a_process_serves(monkeypatch):
    reading, writing = os.pipe()
    monkeypatch.setenv(READY_FD, str(writing))
    say_ready()
    say_ready()
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == READY


def test_a_supervisor_that_was_killed_meanwhile_is_no_error(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setenv(READY_FD, str(writing))
    say_ready()
    assert READY_FD not in os.environ


def test_what_keeps_an_app_from_beginning_is_said_in_a_sentence(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", ROLE],
        env={**os.environ, "CLICKLEDGER_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == CANNOT_START_STATUS
    assert ended.stderr == "edge0 can't start: [Errno 28] No space left on device.\n"
