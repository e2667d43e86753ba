"""Nothing but public addresses is dialled, in whatever form they come."""

from __future__ import annotations

import socket

import pytest

from kernel.settings import Settings
from tracker.outbound.guard import DIALLING, FORBIDDEN, AddressForbiddenError, Dialling, Guard

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "11.0.0.0",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
]

REFUSED = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "shared"),
    ("100.127.255.255", "shared"),
    ("127.0.0.1", "loopback"),
    ("127.1.2.3", "loopback"),
    ("127.255.255.255", "loopback"),
    ("169.254.0.1", "link-local"),
    ("169.254.169.254", "metadata"),
    ("168.63.129.16", "metadata"),
    ("100.100.100.200", "shared"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "6to4"),
    ("192.168.0.1", "private"),
    ("192.168.255.255", "private"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.7", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("0:0:0:0:0:0:0:1", "loopback"),
    ("::2", "IPv4-compatible"),
    ("::127.0.0.1", "IPv4-compatible"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:7f00:1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("::ffff:169.254.169.254", "metadata"),
    ("::ffff:0:127.0.0.1", "IPv4-translated"),
    ("::ffff:0:8.8.8.8", "IPv4-translated"),
    ("64:ff9b::127.0.0.1", "NAT64"),
    ("64:ff9b::8.8.8.8", "NAT64"),
    ("64:ff9b::a9fe:a9fe", "NAT64"),
    ("64:ff9b:1::1", "NAT64"),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"),
    ("100::1", "discard"),
    ("2001::1", "Teredo"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
    ("2001:2::1", "reserved"),
    ("2001:10::1", "reserved"),
    ("2001:20::1", "reserved"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("2002:7f00:1::", "6to4"),
    ("2002:808:808::1", "6to4"),
    ("2002:a9fe:a9fe::1", "6to4"),
    ("2620:4f:8000::1", "reserved"),
    ("5f00::1", "segment"),
    ("fc00::1", "private"),
    ("fd12:3456:789a::1", "private"),
    ("fd00:ec2::254", "metadata"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fe80::1%2", "link-local"),
    ("febf::1", "link-local"),
    ("fec0::1", "site-local"),
    ("feff::1", "site-local"),
    ("ff02::1", "multicast"),
    ("ff0e::1", "multicast"),
    ("4000::1", "not public"),
    ("1000::1", "not public"),
    ("e000::1", "not public"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled(address):
    assert Guard().refusal(address, 443) == ""


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_everything_else_is_refused_with_what_it_is(address, why):
    refusal = Guard().refusal(address, 443)
    assert why in refusal
    assert refusal.endswith(".")


@pytest.mark.parametrize("network", [network for network, _ in FORBIDDEN], ids=str)
def test_both_ends_of_every_forbidden_network_are_refused(network):
    assert Guard().refusal(str(network[0]), 443)
    assert Guard().refusal(str(network[-1]), 443)


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1."]
)
def test_what_is_not_an_address_as_the_system_writes_it_is_refused(text):
    assert "not an address" in Guard().refusal(text, 443)


def test_ports_are_those_of_the_web_unless_the_operator_says_so():
    guard = Guard.of(Settings())
    assert [p for p in (22, 25, 80, 443, 3306, 6379, 8080, 8123, 8443) if not guard.refusal("8.8.8.8", p)] == [
        80,
        443,
        8080,
        8443,
    ]
    wider = Guard.of(Settings(outbound_ports="443, 9000-9002"))
    assert [p for p in (80, 443, 8999, 9000, 9002, 9003) if not wider.refusal("8.8.8.8", p)] == [443, 9000, 9002]
    assert "outbound_ports" in wider.refusal("8.8.8.8", 80)


def test_networks_the_operator_opened_are_open_on_every_port_and_no_others():
    guard = Guard.of(Settings(outbound_allowed_networks="10.20.0.0/16, fd12::/16"))
    assert guard.refusal("10.20.3.4", 9999) == ""
    assert guard.refusal("::ffff:10.20.3.4", 9999) == ""
    assert guard.refusal("fd12::5", 25) == ""
    assert "private" in guard.refusal("10.21.0.1", 80)
    assert "loopback" in guard.refusal("127.0.0.1", 80)
    # The embedding forms stay shut: what they lead to is another's decision.
    assert "NAT64" in guard.refusal("64:ff9b::10.20.3.4", 80)


def test_the_socket_is_not_even_made_for_a_forbidden_address():
    dialling = Dialling()
    token = DIALLING.set(dialling)
    try:
        with pytest.raises(AddressForbiddenError, match="loopback"):
            Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
        with pytest.raises(AddressForbiddenError, match="loopback"):
            Guard().socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)))
        with pytest.raises(AddressForbiddenError):
            Guard().socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("a-socket", 80)))
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))).close()
    finally:
        DIALLING.reset(token)
    assert dialling.addresses == ["8.8.8.8:80"]
    assert len(dialling.refusals) == 3


@pytest.mark.parametrize("wrong", ["0", "80-", "a", "70000", "90-80"])
def test_ports_that_can_not_be_meant_are_refused_at_the_start(wrong):
    with pytest.raises(ValueError, match=r"outbound_ports"):
        Settings(outbound_ports=wrong)
