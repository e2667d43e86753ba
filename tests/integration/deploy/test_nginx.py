"""The nginx example as it stands, in front of a stand-in for the edge: what does clickledger get to see?"""

import contextlib
import http.client
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from kernel.settings import Settings
from tests.support.running_service import eventually, free_ports
from tests.support.waiting import ended, join
from tracker.edge.address import ClientAddress

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "nginx" / "clickledger.conf"

NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")
pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed")

AROUND = """
{user}
daemon off;
worker_processes 1;
pid {here}/nginx.pid;
error_log {here}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    include {here}/clickledger.conf;
}}
"""


class Edge(http.server.ThreadingHTTPServer):
    """Answers every request with the redirect of a click and remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Redirect)
        self.seen = []


class Redirect(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, self.client_address[0], dict(self.headers), self.rfile.read(length)))
        self.send_response(302)
        self.send_header("Location", "https://shop.example/?c=1")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the library calls it so

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def edge():
    with Edge() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        join(thread)


@pytest.fixture(scope="module")
def port(edge, tmp_path_factory):
    here = tmp_path_factory.mktemp("nginx")
    key = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=go.example.com"]
    written = ["-keyout", here / "key.pem", "-out", here / "cert.pem"]
    subprocess.run([*key, *written], check=True, capture_output=True, timeout=60)
    listening = free_ports(1)[0]
    text = EXAMPLE.read_text()
    for name in ("go", "ledger"):
        text = text.replace(f"/etc/nginx/tls/{name}.example.com.pem", f"{here}/cert.pem")
        text = text.replace(f"/etc/nginx/tls/{name}.example.com.key", f"{here}/key.pem")
    for was, now in (
        ("listen 443 ssl", f"listen 127.0.0.1:{listening} ssl"),
        ("listen [::]:443 ssl;", ""),
        ("127.0.0.1:8000", f"127.0.0.1:{edge.server_port}"),
        ("127.0.0.1:8001", f"127.0.0.1:{edge.server_port}"),
    ):
        assert was in text
        text = text.replace(was, now)
    (here / "clickledger.conf").write_text(text)
    # Started by root its workers would become somebody who can't enter the test's directory.
    own_user = "user root;" if os.geteuid() == 0 else ""
    (here / "nginx.conf").write_text(AROUND.format(here=here, user=own_user))
    command = [NGINX, "-p", here, "-e", here / "error.log", "-c", here / "nginx.conf"]
    tested = subprocess.run([*command, "-t"], check=False, capture_output=True, text=True, timeout=60)
    assert tested.returncode == 0, tested.stderr
    nginx = subprocess.Popen(command)

    def listens():
        assert nginx.poll() is None, (here / "error.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", listening), timeout=1):
            return True

    try:
        eventually("nginx to listen", listens)
        yield listening
    finally:
        nginx.terminate()
        ended(nginx)


@pytest.fixture
def ask(port, edge):
    edge.seen.clear()
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE

    def asking(path, *, host="go.example.com", method="GET", body=None, headers=None):
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=unverified)
        connection.request(method, path, body, {"Host": host, **(headers or {})})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    return asking


@pytest.mark.parametrize(
    "claimed",
    [{}, {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "10.0.0.1, 127.0.0.1"}, {"x-forwarded-for": "x"}],
)
def test_a_visitors_own_x_forwarded_for_never_reaches_clickledger(ask, edge, claimed):
    ask("/click?offer_id=1&partner_id=1", headers=claimed)
    ((_path, peer, headers, _body),) = edge.seen
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    address = ClientAddress(Settings().trusted_networks)
    assert address.resolve(peer, headers["X-Forwarded-For"]) == "127.0.0.1"
    # The same through clickledger's eyes when the visitor is elsewhere.
    assert address.resolve(peer, "198.51.100.7") == "198.51.100.7"


def test_a_redirect_passes_unchanged_and_uncached(ask, edge):
    for _time in range(2):
        response = ask("/c/summer?sub1=x")
        assert response.status == 302
        assert response.getheader("Location") == "https://shop.example/?c=1"
        assert response.getheader("Cache-Control") == "no-store"
    assert [path for path, *_ in edge.seen] == ["/c/summer?sub1=x"] * 2


def test_long_links_odd_bytes_and_postback_bodies_reach_clickledger_as_they_are(ask, edge):
    path = "/click?sub1=" + "x" * 20_000 + "&sub2=%FF%00%2F&sub3=a//b/../c"
    assert ask(path).status == 302
    body = bytes(range(256)) * 300
    assert ask("/postback", method="POST", body=body).status == 302
    assert [(seen[0], seen[3]) for seen in edge.seen] == [(path, b""), ("/postback", body)]


def test_what_is_for_the_inside_stays_inside(ask, edge):
    assert ask("/metrics").status == 404
    assert ask("/readyz").status == 404
    assert ask("/metrics", host="ledger.example.com").status == 404
    assert edge.seen == []
    assert ask("/api/v1/partners", host="ledger.example.com").status == 302
