import os
import signal
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kernel.metrics import counter
from tests.support.valkey import running_valkey
from tracker.pipeline.steps import Visit, guarded_window

HOUR = 3_600_000
NOW = 1_760_000_000_000


def visit(visitor: str, click_id: str, ts: int = NOW) -> Visit:
    return Visit(visitor.encode(), click_id.rjust(32, "-"), ts)


@contextmanager
def short_tempered(socket: Path):
    """A client as the kernel makes them: half a second of patience, one more try."""
    client = redis.Redis(
        unix_socket_path=str(socket), socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 1)
    )
    yield client
    client.close()


def failures() -> int:
    return counter("clickledger_store_failures_total", store="redis").n


def test_every_key_expires_and_is_short(valkey):
    window = guarded_window(valkey, 24)
    window.first([visit(f"{number:012d}", f"c{number}") for number in range(3000)])
    keys = valkey.keys("*")
    assert len(keys) == 3000
    assert max(len(key) for key in keys) <= 26
    ttls = [valkey.pttl(key) for key in keys]
    assert min(ttls) > 24 * HOUR
    assert max(ttls) <= 30 * HOUR


def test_two_pipelines_share_what_they_have_seen(valkey):
    here, there = guarded_window(valkey, 24), guarded_window(valkey, 24)
    assert here.first([visit("v", "a")]) == [True]
    assert there.first([visit("v", "b", NOW + 1)]) == [False]


def test_a_server_that_refuses_to_write_is_as_good_as_away(valkey):
    valkey.config_set("maxmemory", 1)
    try:
        before = failures()
        assert guarded_window(valkey, 24).first([visit("v", "a"), visit("v", "b")]) == [True, False]
        assert failures() == before + 1
    finally:
        valkey.config_set("maxmemory", 0)


def test_no_server_at_all_costs_nothing_and_is_counted(tmp_path):
    with short_tempered(tmp_path / "absent.sock") as client:
        before, window = failures(), guarded_window(client, 24)
        assert window.first([visit("v", "a")]) == [True]
        assert window.first([visit("v", "b")]) == [False]
    assert failures() == before + 2


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a server that can be stopped in its tracks")
def test_a_server_that_hangs_delays_one_batch_by_its_time_outs_and_is_used_again_when_it_answers():
    answered: list[int] = []
    with running_valkey() as socket, short_tempered(socket) as client:
        window = guarded_window(client, 24, answered.append)
        assert window.first([visit("v", "a")]) == [True]
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            started = monotonic()
            assert window.first([visit("v", "b", NOW + 1), visit("w", "c")]) == [False, True]
            hung = monotonic() - started
            started = monotonic()
            assert window.first([visit("w", "d")]) == [False]
            skipped = monotonic() - started
        finally:
            os.kill(pid, signal.SIGCONT)
        # The time-outs add up to a second; the rest is room for a machine that is busy.
        assert 0.5 <= hung < 5
        assert skipped < hung
        assert answered == [2, 1]
        deadline = monotonic() + 20
        number = 0
        while len(answered) == 2 + number:
            assert monotonic() < deadline, "waited 20 s for the window to use the server again"
            number += 1
            sleep(0.05)
            window.first([visit(f"probe{number}", "p")])
        with short_tempered(socket) as other:
            assert guarded_window(other, 24).first([visit("w", "e", NOW + 2)]) == [False]
