"""``clickledger up``: what happens when processes die, ports are taken, or it is asked to end."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.support.running_service import RunningService, eventually, make_program
from tests.support.waiting import ended

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("up"))
    try:
        running.start()
        make_program(running)
        yield running
    finally:
        running.close()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def ended_with(service):
    service.spawn()
    assert service.process is not None
    return ended(service.process, 90)


def test_a_second_instance_on_the_same_directory_says_so_and_harms_nothing(service):
    second = RunningService(service.data_dir)
    assert ended_with(second) == 1
    assert "is in use by another clickledger" in second.log()
    assert service.running().pid == service.process.pid
    assert service.click("/c/nora1").status_code == 302


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        unlucky = RunningService(tmp_path / "data", edge_port=port)
        assert ended_with(unlucky) == 1
        assert f"Port {port}" in unlucky.log()
        assert "--edge-port" in unlucky.log()


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    unlucky = RunningService(tmp_path / "elsewhere")
    unlucky.environment["CLICKLEDGER_DATA_DIR"] = str(tmp_path / "file" / "below")
    assert ended_with(unlucky) == 1
    assert "can't be written" in unlucky.log()


@pytest.mark.parametrize("role", ["edge", "backend", "valkey"])
def test_a_child_that_is_killed_is_started_again_and_run_json_follows(service, role):
    victim = service.running().children[role][0]
    os.kill(victim, signal.SIGKILL)
    eventually(
        f"another {role} in run.json",
        lambda: (
            len(pids := service.running().children.get(role, [])) == (2 if role == "edge" else 1)
            and victim not in pids
        ),
        60,
    )
    eventually("the edge", lambda: _redirects(service), 60)
    eventually("the web role", lambda: _is_ready(service), 60)


def _redirects(service):
    try:
        return service.click("/c/nora1").status_code == 302
    except OSError:
        return False
    except Exception as why:
        if type(why).__module__.startswith("httpx2"):
            return False
        raise


def _is_ready(service):
    try:
        return service.http.get(f"{service.web_url}/readyz").status_code == 200
    except Exception as why:
        if type(why).__module__.startswith("httpx2"):
            return False
        raise


def test_when_the_supervisor_is_killed_its_children_end_and_the_next_start_has_everything(service):
    clicks = service.report(metrics=["gross_clicks"])[0]["gross_clicks"]
    children = [pid for pids in service.running().children.values() for pid in pids]
    service.process.kill()
    ended(service.process)
    eventually("all children to end", lambda: not any(alive(pid) for pid in children))
    service.start()
    assert service.click("/c/nora1").status_code == 302
    eventually(
        "the old clicks and the new one",
        lambda: service.report(metrics=["gross_clicks"])[0]["gross_clicks"] >= clicks + 1,
    )


def test_asked_to_end_it_ships_what_is_journalled_and_leaves_no_process(service):
    before = service.report(metrics=["gross_clicks"])[0]["gross_clicks"]
    for _ in range(20):
        assert service.click("/c/nora1").status_code == 302
    children = [pid for pids in service.running().children.values() for pid in pids]
    seconds = service.end()
    assert service.process.returncode == 0
    assert seconds < 11, "END_SECONDS and the time to notice"
    assert not any(alive(pid) for pid in children)
    assert not (service.data_dir / "run.json").exists()
    service.start()
    assert service.report(metrics=["gross_clicks"])[0]["gross_clicks"] >= before + 20
