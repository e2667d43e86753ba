from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tracker.edge.blocklist import Blocklist
from tracker.routes import BlockRoute

NOW = 1_760_000_000_000
OFFER, PARTNER = 7, 9


def hits(kind, blocked, value, **limits):
    """The id of the entry that answers, None for none."""
    entry = Blocklist([BlockRoute(1, kind, blocked, **limits)]).hit(kind, value, OFFER, PARTNER, NOW)
    return entry.id if entry else None


@pytest.mark.parametrize(
    ("network", "address", "blocked"),
    [
        ("203.0.113.0/24", "203.0.113.9", True),
        ("203.0.113.0/24", "203.0.114.9", False),
        ("203.0.113.9/32", "203.0.113.9", True),
        ("203.0.113.9/32", "203.0.113.8", False),
        ("0.0.0.0/0", "198.51.100.1", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "2001:db8::1", True),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("10.0.0.1/8", "10.200.1.1", True),
        ("203.0.113.0/24", "", False),
        ("203.0.113.0/24", "not an address", False),
        ("203.0.113.0/24", "203.0.113", False),
        ("203.0.113.0/24", "203.0.113.9\x00", False),
    ],
)
def test_an_address_is_found_in_its_network(network, address, blocked):
    assert (hits("network", network, address) == 1) is blocked


@pytest.mark.parametrize(
    ("kind", "value", "asked", "blocked"),
    [
        ("asn", "64496", "64496", True),
        ("asn", "64496", "6449", False),
        ("country", "KP", "kp", True),
        ("country", "KP", "KR", False),
        ("device_id", "38400000-8CF0-11BD-B23E-10B96E40000D", "38400000-8cf0-11bd-b23e-10b96e40000d", True),
        ("source", "Spam", "Spam", True),
        ("source", "Spam", "spam", False),
        ("sub1", "a", "ab", False),
        ("sub1", "a", "a", True),
        ("user_agent", "BadBot", "Mozilla/5.0 (compatible; badbot/1.0)", True),
        ("user_agent", "BadBot", "Mozilla/5.0", False),
        ("referrer_host", "spam.example", "spam.example", True),
        ("referrer_host", "spam.example", "www.SPAM.example", True),
        ("referrer_host", "spam.example", "notspam.example", False),
        ("referrer_host", "www.spam.example", "spam.example", False),
        ("source", "", "", False),
        ("user_agent", "", "anything", False),
    ],
)
def test_a_value_is_compared_as_its_kind_asks(kind, value, asked, blocked):
    assert (hits(kind, value, asked) == 1) is blocked


@pytest.mark.parametrize(
    ("limits", "blocked"),
    [
        ({"offer_id": OFFER}, True),
        ({"offer_id": OFFER + 1}, False),
        ({"partner_id": PARTNER}, True),
        ({"partner_id": PARTNER + 1}, False),
        ({"offer_id": OFFER, "partner_id": PARTNER + 1}, False),
        ({"expires_at": NOW + 1}, True),
        ({"expires_at": NOW}, False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "value", "asked"),
    [
        ("network", "203.0.113.0/24", "203.0.113.9"),
        ("source", "s1", "s1"),
        ("user_agent", "bot", "a bot"),
        ("referrer_host", "spam.example", "a.spam.example"),
    ],
)
def test_an_entry_holds_for_its_offer_its_partner_and_until_it_expires(kind, value, asked, limits, blocked):
    assert (hits(kind, value, asked, **limits) == 1) is blocked


def test_an_entry_that_does_not_apply_hides_none_that_does():
    entries = [
        BlockRoute(1, "network", "203.0.113.0/24", offer_id=OFFER + 1),
        BlockRoute(2, "network", "203.0.0.0/16", expires_at=NOW - 1),
        BlockRoute(3, "network", "203.0.113.0/24", partner_id=PARTNER + 1),
        BlockRoute(4, "network", "203.0.113.9/32", partner_id=PARTNER),
        BlockRoute(5, "referrer_host", "a.spam.example", expires_at=NOW),
        BlockRoute(6, "referrer_host", "spam.example"),
    ]
    blocks = Blocklist(entries)
    assert blocks.hit("network", "203.0.113.9", OFFER, PARTNER, NOW).id == 4
    assert blocks.hit("network", "203.0.113.8", OFFER, PARTNER, NOW) is None
    assert blocks.hit("referrer_host", "a.spam.example", OFFER, PARTNER, NOW).id == 6


def test_the_kinds_there_are_entries_of_are_known_and_others_block_nothing():
    blocks = Blocklist([BlockRoute(1, "source", "a"), BlockRoute(2, "country", "KP")])
    assert blocks.kinds == {"source", "country"}
    assert blocks.hit("sub1", "a", OFFER, PARTNER, NOW) is None
    assert Blocklist().kinds == frozenset()


def test_a_network_that_is_none_blocks_nothing_and_is_said():
    with capture_logs() as logged:
        blocks = Blocklist([BlockRoute(5, "network", "somewhere"), BlockRoute(6, "network", "10.0.0.0/8")])
    assert [(entry["event"], entry["id"]) for entry in logged] == [("block_unusable", 5)]
    assert blocks.hit("network", "10.1.1.1", OFFER, PARTNER, NOW).id == 6
