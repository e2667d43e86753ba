import http.server
import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from clickledger.doctor import listening
from clickledger.running import Running, write_run_file
from kernel.settings import Settings
from tests.support.running_service import free_ports
from tests.support.waiting import join


def by_check(findings):
    return {f.check: f for f in findings}


@pytest.fixture
def gone():
    """The id of a process that ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def clickledger_port():
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"status": "ok", "worker": "edge-0"}).encode()
            self.send_response(200 if self.path == "/healthz" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        join(thread)


@pytest.fixture
def free():
    """A port that no outgoing connection of another test is given meanwhile."""
    return free_ports(1)[0]


def test_without_a_run_file_nothing_runs(tmp_path):
    (found,) = listening.instance(Settings(data_dir=tmp_path))
    assert (found.level, found.message) == ("ok", "none is running in the data directory")


def test_a_running_instance_is_shown_with_its_addresses(tmp_path):
    write_run_file(tmp_path, Running("http://e", "http://w", os.getpid(), {"edge": [os.getpid()]}))
    (found,) = listening.instance(Settings(data_dir=tmp_path))
    assert found.level == "ok"
    assert f"process {os.getpid()} serves http://e and http://w" in found.message


def test_a_dead_child_of_a_running_instance_is_named(tmp_path, gone):
    write_run_file(tmp_path, Running("http://e", "http://w", os.getpid(), {"edge": [os.getpid(), gone]}))
    (found,) = listening.instance(Settings(data_dir=tmp_path))
    assert found.level == "warning"
    assert f"edge {gone}" in found.message


def test_a_run_file_left_by_a_killed_instance_is_no_problem(tmp_path, gone):
    write_run_file(tmp_path, Running("http://e", "http://w", gone))
    (found,) = listening.instance(Settings(data_dir=tmp_path))
    assert found.level == "ok"
    assert "the next start replaces it" in found.message


def test_a_run_file_that_cant_be_read_is_warned_of(tmp_path):
    (tmp_path / "run.json").write_text("{")
    (found,) = listening.instance(Settings(data_dir=tmp_path))
    assert found.level == "warning"


def test_free_ports_are_ok(free):
    found = by_check(listening.ports(Settings(edge_port=free, web_port=free)))
    assert {f.level for f in found.values()} == {"ok"}
    assert found["edge port"].message == f"127.0.0.1:{free} is free"


def test_a_port_another_program_has_is_a_problem_that_names_its_setting(taken, free, monkeypatch):
    monkeypatch.setattr(listening, "PROBE_SECONDS", 0.1)
    found = by_check(listening.ports(Settings(edge_port=free, web_port=taken)))
    assert found["edge port"].level == "ok"
    assert found["web port"].level == "problem"
    assert "CLICKLEDGER_WEB_PORT" in found["web port"].advice


def test_a_port_on_which_clickledger_answers_is_ok_whatever_its_public_url(clickledger_port, free):
    chosen = Settings(edge_port=clickledger_port, web_port=free, edge_public_url="https://go.example.invalid")
    found = by_check(listening.ports(chosen))
    assert found["edge port"].message == f"clickledger answers on 127.0.0.1:{clickledger_port}"


@pytest.mark.parametrize(
    ("host", "message"),
    [("192.0.2.1", "is not an address of this machine"), ("no such host", "is not an address")],
)
def test_an_address_that_is_not_this_machines_is_a_problem(host, message, free):
    found = by_check(listening.ports(Settings(edge_host=host, edge_port=free, web_port=free)))
    assert found["edge port"].level == "problem"
    assert message in found["edge port"].message


@pytest.mark.parametrize(
    ("host", "level"),
    [("127.0.0.1", "ok"), ("::1", "ok"), ("localhost", "ok"), ("0.0.0.0", "warning"), ("web", "warning")],
)
def test_an_admin_api_that_others_can_reach_is_warned_of(host, level):
    assert by_check(listening.exposure(Settings(web_host=host)))["web exposure"].level == level


@pytest.mark.parametrize(
    ("url", "level"), [("", "ok"), ("https://go.example.com", "ok"), ("go.example.com", "problem")]
)
def test_a_public_url_without_its_scheme_is_a_problem(url, level):
    assert by_check(listening.exposure(Settings(edge_public_url=url)))["public url"].level == level
