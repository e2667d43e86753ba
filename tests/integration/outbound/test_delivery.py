"""One try against receivers of every temper, and against names that lead where nothing may be dialled."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import time

import pytest
from aiohttp.abc import AbstractResolver

from kernel.settings import Settings
from tests.support.outbound import LOOPBACK, SECRET, message, receiving, silence, status
from tracker.outbound import delivery
from tracker.outbound.delivery import MOST_ANSWER_BYTES, deliver, outbound_session
from tracker.outbound.guard import Guard


class Names(AbstractResolver):
    """Answers each look-up of a name with the next list of addresses."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host, port=0, family=socket.AF_INET):  # noqa: ARG002 - aiohttp's interface
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in found
        ]

    async def close(self):
        pass


def sent(*messages, guard=LOOPBACK, resolver=None, secret=SECRET):
    """Return the answers to messages sent one after the other in one session."""

    async def work():
        async with outbound_session(guard, 10, resolver) as session:
            return [await deliver(session, each, secret) for each in messages]

    return asyncio.run(work())


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(delivery, "TOTAL_SECONDS", 0.4)


def test_a_postback_is_a_get_of_exactly_the_rendered_url():
    with receiving() as receiver:
        (answer,) = sent(message(f"{receiver.url}/pb/%C3%BC?a=1%26b&c=x%20y&d=a+b&e=%2Fz"))
        (got,) = receiver.got
        assert (got.method, got.path, got.body) == ("GET", "/pb/%C3%BC?a=1%26b&c=x%20y&d=a+b&e=%2Fz", b"")
        assert got.headers["User-Agent"] == "clickledger"
        assert (answer.status, answer.body, answer.error) == (200, "ok", "")
        assert answer.address == f"127.0.0.1:{receiver.port}"
        assert 0 <= answer.duration_ms < 5_000
        assert abs(answer.ts - time.time() * 1000) < 60_000


def test_a_post_sends_a_form():
    with receiving() as receiver:
        sent(message(f"{receiver.url}/pb", method="POST", body="a=1&b=x%20y"))
        (got,) = receiver.got
        assert (got.method, got.path, got.body) == ("POST", "/pb", b"a=1&b=x%20y")
        assert got.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "webhook-id" not in {name.lower() for name in got.headers}


def test_a_webhook_can_be_verified_by_its_receiver():
    with receiving() as receiver:
        body = '{"type":"conversion.created","name":"Übung"}'
        sent(message(receiver.url + "/wh", kind="webhook", method="POST", body=body))
        (got,) = receiver.got
        headers = {name.lower(): value for name, value in got.headers.items()}
        assert headers["content-type"] == "application/json"
        assert headers["webhook-id"] == "1_conv-1_1"
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
        digest = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), content, hashlib.sha256)
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        assert json.loads(got.body)["name"] == "Übung"


def test_a_webhook_without_a_usable_secret_is_not_sent_unsigned():
    with receiving() as receiver:
        (answer,) = sent(message(receiver.url, kind="webhook", method="POST", body="{}"), secret="")
        assert receiver.got == []
        assert "whsec_" in answer.error
        assert (answer.status, answer.forbidden) == (0, False)


def test_a_redirect_is_an_answer_and_is_not_followed():
    with receiving() as other, receiving(status(302, b"", Location=other.url)) as receiver:
        (answer,) = sent(message(receiver.url))
        assert answer.status == 302
        assert other.got == []


def test_a_huge_answer_is_read_no_further_than_four_kilobytes():
    def flood(handler, _request):
        handler.send_response(200)
        handler.end_headers()
        while True:  # until the other side hangs up
            handler.wfile.write(b"x" * 65_536)

    with receiving(flood) as receiver:
        (answer,) = sent(message(receiver.url))
        assert (answer.status, answer.body) == (200, "x" * MOST_ANSWER_BYTES)


def test_a_compressed_answer_is_not_unpacked():
    with receiving(status(200, b"\x1f\x8bnot really", Content_Encoding="gzip")) as receiver:
        (answer,) = sent(message(receiver.url))
        assert (answer.status, answer.error) == (200, "")


def test_no_cookie_is_kept():
    with receiving(status(200, b"", Set_Cookie="id=1; Path=/")) as receiver:
        sent(message(receiver.url), message(receiver.url))
        assert [request.headers.get("Cookie") for request in receiver.got] == [None, None]


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        (answer,) = sent(message(receiver.url))
        assert (answer.status, len(receiver.got), proxy.got) == (200, 1, [])


def test_a_receiver_that_says_nothing_is_left_after_the_time(hasty):
    with silence() as url:
        begin = time.monotonic()
        (answer,) = sent(message(url))
        assert time.monotonic() - begin < 8, "the time that was set is over long ago"
        assert (answer.status, answer.forbidden) == (0, False)
        assert "No whole answer within" in answer.error
        assert answer.address.startswith("127.0.0.1:")


def test_a_receiver_that_drips_its_answer_is_left_after_the_time(hasty):
    def drip(handler, _request):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b".")
            handler.wfile.flush()
            time.sleep(0.05)

    with receiving(drip) as receiver:
        begin = time.monotonic()
        (answer,) = sent(message(receiver.url))
        assert time.monotonic() - begin < 8, "the time that was set is over long ago"
        assert answer.error


def test_a_port_nobody_listens_on_is_a_failure_and_no_refusal():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (answer,) = sent(message(f"http://127.0.0.1:{free.getsockname()[1]}/"))
    assert (answer.status, answer.forbidden) == (0, False)
    assert answer.error


def test_what_is_no_http_is_a_failure():
    def garbage(handler, _request):
        handler.wfile.write(b"\x00\x01 SSH-2.0\r\n\r\n")

    with receiving(garbage) as receiver:
        (answer,) = sent(message(receiver.url))
    assert (answer.status, answer.forbidden) == (0, False)
    assert answer.error


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1%25lo]",
        "[fe80::1]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_no_way_of_writing_a_forbidden_address_gets_past(host):
    with receiving() as receiver:
        (answer,) = sent(message(f"http://{host}:{receiver.port}/"), guard=Guard(ports=[(1, 65535)]))
        assert receiver.got == []
        assert answer.status == 0
        assert answer.error
        assert answer.address == ""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1", "64:ff9b::a00:1"]
)
def test_a_name_that_leads_to_a_forbidden_address_is_refused(address):
    with receiving() as receiver:
        everywhere = Guard(ports=[(1, 65535)])
        url = f"http://partner.example:{receiver.port}/"
        (answer,) = sent(message(url), guard=everywhere, resolver=Names([address]))
        assert receiver.got == []
        assert answer.forbidden
        assert "may not be dialled" in answer.error


def test_a_name_whose_second_answer_is_forbidden_is_refused_though_the_first_was_dialled():
    # 127.0.0.2 stands for a public address: it is opened, and nobody listens there.
    guard = Guard(Settings(outbound_allowed_networks="127.0.0.2/32").outbound_networks, [(1, 65535)])
    with receiving() as receiver:
        names = Names(["127.0.0.2"], ["127.0.0.1"])
        rebound = message(f"http://rebinding.example:{receiver.port}/")

        async def work():
            async with outbound_session(guard, 10, names) as session:
                first = await deliver(session, rebound, "")
                session.connector.clear_dns_cache()
                return first, await deliver(session, rebound, "")

        first, second = asyncio.run(work())
        assert names.asked == 2
        assert receiver.got == []
        assert (first.forbidden, first.address) == (False, f"127.0.0.2:{receiver.port}")
        assert (second.forbidden, second.address) == (True, "")
        assert "loopback" in second.error


def test_of_several_addresses_only_those_that_may_be_are_dialled():
    with receiving() as receiver:
        names = Names(["10.0.0.1", "169.254.169.254", "127.0.0.1"])
        (answer,) = sent(message(f"http://partner.example:{receiver.port}/"), resolver=names)
        assert answer.status == 200
        assert answer.address == f"127.0.0.1:{receiver.port}"


def test_a_port_that_is_not_open_is_refused_at_a_public_address():
    (answer,) = sent(message("http://partner.example:22/"), guard=Guard(), resolver=Names(["8.8.8.8"]))
    assert answer.forbidden
    assert "Port 22" in answer.error


@pytest.mark.parametrize("url", ["http://" + "a" * 64 + ".example/", "http://a..b.example/"])
def test_a_name_that_can_not_be_one_is_a_failure(url):
    (answer,) = sent(message(url), guard=Guard())
    assert answer.status == 0
    assert answer.error
