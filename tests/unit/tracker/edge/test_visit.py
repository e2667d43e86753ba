from __future__ import annotations

from pathlib import Path

import pytest

from kernel.settings import Settings
from tests.support.edge import GOOD, OPEN, program
from tests.support.visits import NOON, visit
from tracker.edge.decision import Decision
from tracker.edge.facts import VisitorFacts
from tracker.edge.program import Program
from tracker.edge.visit import as_event, given_token, macro, read_visit, render
from tracker.events import Click
from tracker.macros import MACROS, Template, keyed_hash

FACTS = VisitorFacts(Settings(data_dir=Path("unused")))
SECRET = b"s" * 32
CLICK_ID = "C" * 32
PROGRAM = Program(program())
PARAMETERS = {
    "sub1": "one",
    "source": "mail",
    "partner_click_id": "p-1",
    "creative_id": "banner",
    "coupon": "SAVE",
    "ext5": "five",
}


def decision(offer_id=OPEN, partner_id=GOOD, **changes):
    offer, partner = PROGRAM.offers.get(str(offer_id)), PROGRAM.partners.get(str(partner_id))
    return Decision("", None, offer, partner, PARAMETERS, **changes)


def told(name, decided=None, secret=SECRET, **changes):
    seen = visit(**({"ip": "1.1.1.1", "ts": 1_760_000_000_999} | changes))
    return macro(name, seen, decided or decision(), CLICK_ID, FACTS, secret)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("click_id", CLICK_ID),
        ("offer_id", "1"),
        ("offer_name", "Shoes"),
        ("partner_id", "1"),
        ("advertiser_id", "1"),
        ("ip", "1.1.1.1"),
        ("timestamp", "1760000000"),
        ("sub1", "one"),
        ("sub2", ""),
        ("source", "mail"),
        ("partner_click_id", "p-1"),
        ("creative_id", "banner"),
        ("coupon", "SAVE"),
        ("ext5", "five"),
        ("country", "AU"),
        ("device", "desktop"),
        ("os", "Windows"),
        ("browser", "Chrome"),
        ("language", "de-DE"),
        ("sub1_hash", keyed_hash(SECRET, "sub1", "one")),
        ("sub2_hash", ""),
        ("source_hash", keyed_hash(SECRET, "source", "mail")),
        ("partner_id_hash", keyed_hash(SECRET, "partner_id", "1")),
    ],
)
def test_a_macro_tells_what_its_name_says(name, value):
    assert told(name) == value


@pytest.mark.parametrize("name", sorted(MACROS))
def test_every_macro_has_a_text_even_when_nothing_is_known(name):
    assert isinstance(told(name, Decision("", None, None, None), ip="", language="", user_agent=""), str)
    assert isinstance(told(name, ip="2001:db8::1"), str)


def test_random_is_a_new_number_each_time():
    drawn = {told("random") for _ in range(20)}
    assert len(drawn) > 1
    assert all(text.isdigit() and int(text) < 10**9 for text in drawn)


def test_two_installations_hash_differently():
    assert told("sub1_hash") != told("sub1_hash", secret=b"t" * 32)


def test_client_hints_tell_what_a_frozen_user_agent_hides():
    frozen = visit().user_agent
    hints = {"sec-ch-ua-platform-version": '"15.0.0"', "sec-ch-ua-mobile": "?0"}
    assert FACTS.device(frozen, {}).os_version == "10"
    assert FACTS.device(frozen, hints).os_version == "11"
    assert FACTS.device(frozen, {"sec-fetch-site": "none"}).os_version == "10"


def test_nothing_is_looked_up_for_a_template_that_asks_for_nothing():
    class NoFacts:
        def of(self, *_):
            raise AssertionError("looked up")

    for url in ("https://shop.example/?c={click_id}", "https://shop.example/?c={click_id}&s={sub1}"):
        assert render(Template(url), visit(), decision(), CLICK_ID, NoFacts(), SECRET).startswith(
            f"https://shop.example/?c={CLICK_ID}"
        )
    assert render(None, visit(), decision(), CLICK_ID, NoFacts(), SECRET) == ""


@pytest.mark.parametrize(
    ("query", "token"),
    [
        (b"", ""),
        (b"offer_id=1&cl_test=5.ab", "5.ab"),
        (b"cl_test=5.ab&cl_test=6.cd", "5.ab"),
        (b"acl_test=5.ab", ""),
        (b"sub1=cl_test=5.ab", ""),
        (b"cl_test=&x=1", ""),
        (b"cl_test=\xff\x00", "\xff\x00"),
    ],
)
def test_a_test_token_is_the_first_parameter_of_its_name(query, token):
    assert given_token(query) == token


BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"method": "POST"}, True),
        ({"method": "HEAD"}, False),
        ({"is_test": True}, False),
        ({"is_impression": True}, False),
        ({"headers": {"sec-purpose": "prefetch;prerender"}}, False),
        ({"headers": {"sec-fetch-site": "none"}}, True),
        ({"user_agent": BOT}, False),
    ],
)
def test_only_a_persons_click_counts(changes, counts):
    assert visit(**changes).counts() is counts


def test_an_event_holds_the_visit_and_what_was_decided():
    seen = visit("offer_id=1", "k" * 300, referrer="https://blog.example/", headers={"x-moz": "1"}, is_test=True)
    decided = decision(
        preset="sub1=x",
        link_id=4,
        requested_offer_id=8,
        smart_link_id=6,
        landing_id="11",
        duplicate=True,
        over_cap=True,
    )
    assert as_event(seen, decided, CLICK_ID, "https://shop.example/", "js", {"screen": "1x1"}) == Click(
        click_id=CLICK_ID,
        ts=NOON,
        offer_id=OPEN,
        partner_id=GOOD,
        advertiser_id=1,
        link_id=4,
        trafficback_reason="",
        destination="https://shop.example/",
        method="GET",
        query=b"offer_id=1",
        preset="sub1=x",
        ip=seen.ip,
        user_agent=seen.user_agent,
        accept_language=seen.language,
        referrer="https://blog.example/",
        headers={"x-moz": "1"},
        is_test=True,
        link_code="k" * 128,
        requested_offer_id=8,
        smart_link_id=6,
        landing_id="11",
        duplicate=True,
        over_cap=True,
        kind="click",
        source="js",
        page={"screen": "1x1"},
    )
    impression = as_event(visit(is_impression=True), Decision("link_unknown", None, None, None), CLICK_ID, "")
    assert (impression.kind, impression.source, impression.page) == ("impression", "redirect", {})
    assert (impression.offer_id, impression.partner_id, impression.advertiser_id) == (0, 0, 0)


def test_a_request_is_read_as_it_came():
    scope = {
        "method": "GET",
        "query_string": b"a=1",
        "path_params": {"code": "summer"},
        "client": None,
        "headers": [(b"user-agent", b"UA"), (b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2")],
    }
    read = read_visit(scope, lambda peer, forwarded: f"{peer}|{forwarded}", 7)
    assert (read.ts, read.method, read.query, read.code) == (7, "GET", b"a=1", "summer")
    assert (read.ip, read.user_agent, read.language, read.referrer) == ("|1.1.1.1,2.2.2.2", "UA", "", "")
    assert (read.headers, read.is_test, read.is_impression) == ({}, False, False)
