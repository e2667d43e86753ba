from __future__ import annotations

import ipaddress

import pytest

from tracker.edge.address import ClientAddress, parse_address

PROXIES = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "::1/128", "2001:db8:ff::/48")))


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1\t", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ('"192.0.2.1"', "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:1", "192.0.2.1"),
    ],
)
def test_an_address_is_read_with_ports_brackets_and_zones(entry, address):
    assert str(parse_address(entry)) == address


@pytest.mark.parametrize(
    "entry",
    [
        *("", " ", "unknown", "_hidden", "localhost", "999.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4/32"),
        *("1.2.3.4, 5.6.7.8", "[", "[]", "::g", "1.2.3.4:80:90", "\uff11.2.3.4", "\x00", "for=1.2.3.4"),
    ],
)
def test_what_is_no_address_is_none(entry):
    assert parse_address(entry) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.1", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("127.0.0.1", "203.0.113.1, 10.1.2.3", "203.0.113.1"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.1, 10.1.2.3", "203.0.113.1"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("127.0.0.1", "6.6.6.6, unknown, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "6.6.6.6, ", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("::1", "[2001:db8::5]:9", "2001:db8::5"),
        ("2001:db8:ff::2", "203.0.113.1", "203.0.113.1"),
        ("::ffff:127.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("::ffff:198.51.100.7", "203.0.113.1", "198.51.100.7"),
        ("", "203.0.113.1", "203.0.113.1"),
        ("", "6.6.6.6, 203.0.113.1, 127.0.0.1", "203.0.113.1"),
        ("", "", ""),
        ("", "nonsense", ""),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_trusted_proxy(peer, forwarded, client):
    addresses = ClientAddress(PROXIES)
    assert [addresses.resolve(peer, forwarded) for _ in range(2)] == [client] * 2


def test_peer_and_header_are_never_mixed_up():
    addresses = ClientAddress(PROXIES)
    assert addresses.resolve("", "10.0.0.1,203.0.113.1") == "203.0.113.1"
    assert addresses.resolve("10.0.0.1", "203.0.113.1") == "203.0.113.1"
    assert addresses.resolve("198.51.100.7", "203.0.113.1") == "198.51.100.7"
    assert addresses.resolve("", "198.51.100.7,203.0.113.1") == "203.0.113.1"


def test_nobody_is_trusted_unless_configured():
    assert ClientAddress(()).resolve("127.0.0.1", "203.0.113.1") == "127.0.0.1"


def test_long_made_up_headers_are_answered_and_many_are_survived():
    addresses = ClientAddress(PROXIES)
    assert addresses.resolve("127.0.0.1", "6.6.6.6, " * 5_000 + "203.0.113.1") == "203.0.113.1"
    answers = {addresses.resolve("127.0.0.1", f"203.0.{n // 256}.{n % 256}") for n in range(40_000)}
    assert len(answers) == 40_000
