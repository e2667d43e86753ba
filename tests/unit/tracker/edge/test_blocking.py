from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.visits import NOON, visit
from tracker.edge.blocking import is_blocked, referrer_host
from tracker.edge.blocklist import Blocklist
from tracker.routes import BlockRoute

OFFER, PARTNER = 7, 3


class Facts:
    def __init__(self, country="", asn=0):
        self.found = SimpleNamespace(country=country, asn=asn)
        self.places = 0

    def place(self, _ip):
        self.places += 1
        return self.found


def blocked(kind, value, *, facts=None, parameters=None, offer_id=OFFER, partner_id=PARTNER, entry=None, **seen):
    blocks = Blocklist([BlockRoute(1, kind, value, **(entry or {}))])
    return is_blocked(blocks, visit(**seen), parameters or {}, facts or Facts(), offer_id, partner_id)


@pytest.mark.parametrize(
    ("kind", "value", "seen", "not_seen"),
    [
        ("network", "203.0.113.0/24", {"ip": "203.0.113.200"}, {"ip": "203.0.114.1"}),
        ("network", "2001:db8::/32", {"ip": "2001:db8::5"}, {"ip": "2001:db9::5"}),
        ("network", "203.0.113.9/32", {"ip": "203.0.113.9"}, {"ip": ""}),
        ("asn", "64496", {"facts": Facts(asn=64496)}, {"facts": Facts(asn=0)}),
        ("country", "KP", {"facts": Facts(country="KP")}, {"facts": Facts()}),
        ("user_agent", "BadBot", {"user_agent": "Mozilla/5.0 badbot/1.0"}, {"user_agent": ""}),
        ("referrer_host", "spam.example", {"referrer": "https://a.spam.example/x"}, {"referrer": ""}),
        (
            "referrer_host",
            "spam.example",
            {"referrer": "http://spam.example:80"},
            {"referrer": "https://nospam.example/"},
        ),
        ("source", "s-1", {"parameters": {"source": "s-1"}}, {"parameters": {"source": "S-1"}}),
        ("sub1", "x", {"parameters": {"sub1": "x"}}, {"parameters": {"sub2": "x"}}),
        ("device_id", "ABC-1", {"parameters": {"idfa": "abc-1"}}, {"parameters": {"idfa": "abc-2"}}),
        ("device_id", "ABC-1", {"parameters": {"idfa": "other", "gaid": "abc-1"}}, {}),
    ],
)
def test_an_entry_turns_away_what_it_names_and_nothing_else(kind, value, seen, not_seen):
    assert blocked(kind, value, **seen)
    assert not blocked(kind, value, **not_seen)


@pytest.mark.parametrize(
    ("entry", "is_turned_away"),
    [
        ({}, True),
        ({"offer_id": OFFER}, True),
        ({"offer_id": OFFER + 1}, False),
        ({"partner_id": PARTNER}, True),
        ({"partner_id": PARTNER + 1}, False),
        ({"offer_id": OFFER, "partner_id": PARTNER + 1}, False),
        ({"expires_at": NOON + 1}, True),
        ({"expires_at": NOON}, False),
    ],
)
def test_an_entry_holds_for_its_offer_and_partner_until_it_expires(entry, is_turned_away):
    assert blocked("network", "203.0.113.9", entry=entry) == is_turned_away


def test_a_place_is_looked_up_for_lists_of_places_alone():
    facts = Facts(country="DE", asn=1)
    plain = [
        BlockRoute(n, kind, "nothing like it")
        for n, kind in enumerate(("user_agent", "referrer_host", "source", "sub1"))
    ]
    assert not is_blocked(Blocklist(plain), visit(), {}, facts, OFFER, PARTNER)
    assert facts.places == 0
    assert not is_blocked(Blocklist([BlockRoute(1, "country", "US")]), visit(), {}, facts, OFFER, PARTNER)
    assert facts.places == 1


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://blog.example/post?x=https://other.example/", "blog.example"),
        ("https://user:word@blog.example:8443", "blog.example"),
        ("https://blog.example.?q", "blog.example"),
        ("https://blog.example#f", "blog.example"),
        ("http://[2001:db8::1]:80/", "2001:db8::1"),
        ("android-app://com.app.news", "com.app.news"),
        ("http://[", ""),
        ("http://", ""),
        ("blog.example", ""),
        ("", ""),
        ("\x00://\x00", "\x00"),
    ],
)
def test_a_referrers_host_is_read_off_whatever_a_browser_sends(referrer, host):
    assert referrer_host(referrer) == host
