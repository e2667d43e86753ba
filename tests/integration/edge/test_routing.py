"""Rules over the real edge: what a visitor gets, what is written down, and what Redis has to do with it."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from kernel.settings import Settings
from tests.support.edge import GOOD, KEYS, OPEN, TOKEN, VISITOR, Edge, program, publish
from tests.support.mmdb import write_mmdb
from tests.support.offers import offer
from tests.support.visits import BROWSER
from tracker import performance, test_mode
from tracker.performance import Earned, Performance
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CapRoute,
    DuplicateRoute,
    FraudRuleRoute,
    LandingRoute,
    LinkRoute,
    SmartLinkRoute,
    TargetingRoute,
)

PERSON = {"user-agent": BROWSER}
CAPPED, ALTERNATIVE, ONCE, MARKED, TARGETED, PAGES, COOKIE, SOFT = range(21, 29)
CAP = CapRoute(1, "click", "day", "3")
FALLBACK = "https://instead.example/"


def rules():
    offers = [
        offer(id=OPEN),
        offer(id=CAPPED, caps=(CAP,), alternative_offer_id=ALTERNATIVE, fallback_url=FALLBACK),
        offer(id=ALTERNATIVE, destination="https://other.example/?o={offer_id}&c={click_id}"),
        offer(id=ONCE, duplicates=DuplicateRoute("trafficback", "visitor", 3600), fallback_url=FALLBACK),
        offer(id=MARKED, duplicates=DuplicateRoute("mark", "ip", 3600)),
        offer(id=TARGETED, targeting=TargetingRoute(country=(("DE",), ()), os=(("Windows>=10",), ()))),
        offer(
            id=PAGES,
            landings=(LandingRoute(5, "https://a.example/"), LandingRoute(6, "https://b.example/{click_id}")),
        ),
        offer(id=COOKIE, pixel_cookie=True, attribution_window_s=3600, alternative_offer_id=OPEN),
        offer(id=SOFT, caps=(CapRoute(2, "click", "total", "1", hard=False),)),
    ]
    return program(
        offers={o.id: o for o in offers},
        links={"best": LinkRoute(9, "best", GOOD, 0, "sub1=mail", smart_link_id=4)},
        smart_links={4: SmartLinkRoute(4, "Best", "epc", ((OPEN, 1), (ALTERNATIVE, 1)))},
        blocks=(
            BlockRoute(1, "sub1", "farm"),
            BlockRoute(2, "referrer_host", "spam.example", offer_id=OPEN),
            BlockRoute(3, "network", "198.51.100.0/24", expires_at=time.time_ns() // 1_000_000 - 1),
        ),
        advertisers={1: AdvertiserRoute(1, "Acme", TOKEN)},
        fraud_rules=(
            FraudRuleRoute("bot_user_agent", CAPPED, action="fallback"),
            FraudRuleRoute("prefetch", CAPPED, action="fallback"),
        ),
    )


@pytest.fixture
def counting_edge(tmp_path, valkey, valkey_socket):
    """An edge with rules and the session's Redis."""
    publish(tmp_path, rules())
    with Edge(Settings(data_dir=tmp_path, redis_url=f"unix://{valkey_socket}", attribution_window_days=2)) as edge:
        yield edge


@pytest.fixture
def edge(chosen):
    """An edge with rules and no Redis."""
    publish(chosen.data_dir, rules())
    with Edge(chosen) as edge:
        yield edge


def click(edge, offer_id, more="", headers=None, **how):
    query = f"offer_id={offer_id}&partner_id={GOOD}{more}"
    return edge.send(how.pop("method", "GET"), "/click", query, {**PERSON, **(headers or {})}, **how)


def test_clicks_beyond_a_cap_go_to_the_alternative_and_are_its_own(counting_edge, events):
    for method in ("HEAD", "GET", "GET", "HEAD", "GET", "GET"):
        click(counting_edge, CAPPED, method=method)
    found = events()
    assert [e.trafficback_reason for e in found] == ["", "", "", "", "", "cap_click"]
    last = found[-1]
    assert (last.offer_id, last.requested_offer_id) == (ALTERNATIVE, CAPPED)
    assert KEYS.read(last.click_id).offer_id == ALTERNATIVE
    assert last.destination == f"https://other.example/?o={ALTERNATIVE}&c={last.click_id}"


def test_many_clicks_at_once_are_let_in_as_often_as_the_cap_says(counting_edge, events):
    query = f"offer_id={CAPPED}&partner_id={GOOD}".encode()
    raw = [(b"user-agent", BROWSER.encode())]
    answers = counting_edge.send_all(counting_edge.ask("GET", "/click", query, raw) for _ in range(40))
    assert {answer.status for answer in answers} == {302}
    assert Counter(e.trafficback_reason for e in events()) == {"": 3, "cap_click": 37}


def test_clicks_beyond_a_soft_cap_go_on_and_are_marked(counting_edge, events):
    answers = [click(counting_edge, SOFT) for _ in range(3)]
    assert {answer.location[:21] for answer in answers} == {"https://shop.example/"}
    assert [(e.trafficback_reason, e.over_cap) for e in events()] == [("", False), ("", True), ("", True)]


@pytest.mark.parametrize("redis", ["counting_edge", "edge"])
def test_a_repeated_click_is_sent_elsewhere_or_marked_with_and_without_redis(request, redis, events):
    edge = request.getfixturevalue(redis)
    assert [click(edge, ONCE).location == FALLBACK for _ in range(2)] == [False, True]
    assert click(edge, ONCE, headers={"user-agent": BROWSER + " Other"}).location != FALLBACK
    assert (
        len({click(edge, MARKED, headers={"user-agent": f"{BROWSER} {n}"}).location[:24] for n in range(2)}) == 1
    )
    found = [(e.offer_id, e.trafficback_reason, e.duplicate) for e in events()]
    assert found == [
        (ONCE, "", False),
        (ONCE, "duplicate", False),
        (ONCE, "", False),
        (MARKED, "", False),
        (MARKED, "", True),
    ]


def test_a_test_click_is_marked_and_counts_nothing(counting_edge, events):
    now = time.time_ns() // 1_000_000
    good = f"&{test_mode.PARAMETER}={test_mode.token(KEYS, now)}"
    for more in (good, good, good, good, f"&{test_mode.PARAMETER}={now}.ff", "", "", ""):
        click(counting_edge, CAPPED, more)
    found = events()
    assert [e.is_test for e in found] == [True] * 4 + [False] * 4
    assert [e.trafficback_reason for e in found] == [""] * 7 + ["cap_click"]


def test_targeting_sees_the_country_of_the_address_and_the_system_of_the_browser(tmp_path, events):
    city = write_mmdb(tmp_path / "city.mmdb", "GeoLite2-City", {"8.8.4.0/24": {"country": {"iso_code": "DE"}}})
    publish(tmp_path, rules())
    with Edge(Settings(data_dir=tmp_path, geoip_city=city)) as edge:
        click(edge, TARGETED, peer="8.8.4.4")
        click(edge, TARGETED, peer="8.8.8.8")
        click(
            edge, TARGETED, headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}, peer="8.8.4.4"
        )
    assert [e.trafficback_reason for e in events()] == ["", "targeting_country", "targeting_os"]


def test_a_blocked_source_is_turned_away_from_what_it_is_blocked_for(edge, events):
    click(edge, OPEN, "&sub1=farm")
    click(edge, OPEN, headers={"referer": "https://ads.spam.example/x"})
    click(edge, ALTERNATIVE, headers={"referer": "https://ads.spam.example/x"})
    click(edge, OPEN, peer="198.51.100.7")
    assert [e.trafficback_reason for e in events()] == ["blocked_source", "blocked_source", "", ""]


def test_what_a_fraud_rule_names_goes_to_the_fallback_where_it_says_so(edge, events):
    bot = {"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"}
    assert click(edge, CAPPED, headers=bot).location == FALLBACK
    assert click(edge, CAPPED, headers={"sec-purpose": "prefetch"}).location == FALLBACK
    assert click(edge, OPEN, headers=bot).location.startswith("https://shop.example/")
    click(edge, CAPPED)
    found = events()
    assert [e.trafficback_reason for e in found] == ["fraud_rule", "fraud_rule", "", ""]
    assert [(e.offer_id, e.requested_offer_id) for e in found] == [
        (CAPPED, 0),
        (CAPPED, 0),
        (OPEN, 0),
        (CAPPED, 0),
    ]


def test_the_landing_page_that_was_chosen_is_written_down(edge, events):
    for more in ("", "&landing_id=6", "&landing_id=5", "&landing_id=7"):
        click(edge, PAGES, more)
    found = events()
    assert {e.landing_id for e in found} <= {"5", "6"}
    assert [(e.landing_id, e.destination) for e in found[1:3]] == [
        ("6", f"https://b.example/{found[1].click_id}"),
        ("5", "https://a.example/"),
    ]


def test_a_pixel_cookie_carries_the_click_id_for_as_long_as_a_conversion_counts(edge, events):
    answer = click(edge, COOKIE)
    (event,) = events()
    assert answer.headers["set-cookie"] == (
        f"cl{COOKIE}={event.click_id}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax"
    )
    assert "set-cookie" not in click(edge, OPEN).headers


def test_a_pixel_cookie_is_for_other_sites_where_visitors_come_over_https(tmp_path):
    offers = {
        1: offer(pixel_cookie=True),
        2: offer(id=2, status="paused", pixel_cookie=True, fallback_url=FALLBACK),
    }
    publish(tmp_path, program(offers=offers))
    with Edge(
        Settings(data_dir=tmp_path, edge_public_url="https://go.example/", attribution_window_days=2)
    ) as edge:
        assert (
            click(edge, 1)
            .headers["set-cookie"]
            .endswith("; Max-Age=172800; Path=/; HttpOnly; SameSite=None; Secure")
        )
        elsewhere = click(edge, 2)
    assert elsewhere.location == FALLBACK
    assert "set-cookie" not in elsewhere.headers


def test_a_smart_link_follows_what_the_pipeline_says_its_offers_earn(counting_edge, valkey, events):
    best = Performance(1, {OPEN: Earned(10**6, 0, "0", "0"), ALTERNATIVE: Earned(10**6, 10**5, "1000000", "0")})
    valkey.set(performance.REDIS_KEY, performance.encode(best))
    other = "https://other.example/"
    feed = counting_edge.app.state.performance
    counting_edge.run(feed.look())
    valkey.delete(performance.REDIS_KEY)
    counting_edge.run(feed.look())
    for _ in range(20):
        assert counting_edge.get("/c/best", "", PERSON).location.startswith(other)
    found = events()[-1]
    assert (found.smart_link_id, found.offer_id, found.link_id, found.requested_offer_id) == (4, ALTERNATIVE, 9, 0)
    assert (found.trafficback_reason, found.preset, found.link_code) == ("", "sub1=mail", "best")


def test_without_redis_a_smart_link_goes_by_its_weights(edge, events):
    for _ in range(40):
        edge.get("/click", f"smart_link_id=4&partner_id={GOOD}", PERSON)
    assert {e.offer_id for e in events()} == {OPEN, ALTERNATIVE}
    assert {(e.smart_link_id, e.ip) for e in events()} == {(4, VISITOR)}


def test_nothing_tells_a_visitor_why_a_click_went_elsewhere(edge, events):
    answer = click(edge, 999)
    blocked = click(edge, OPEN, "&sub1=farm")
    assert [e.trafficback_reason for e in events()] == ["offer_unknown", "blocked_source"]
    for told in (answer, blocked):
        assert not any(
            reason in f"{told.headers}{told.body}" for reason in ("offer_unknown", "blocked", "unknown")
        )
