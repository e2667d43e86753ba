from __future__ import annotations

import json
import time

import pytest

from tests.support.edge import KEYS, OPEN, SHARE, STRICT, TOKEN, VISITOR, Edge, program, publish
from tests.support.offers import offer
from tracker.conversion_state import clickless_id, conversion_id
from tracker.edge.acceptance import visitor_key
from tracker.events import Postback, Refused
from tracker.routes import AdvertiserRoute
from tracker.senders import sign

AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
BROWSER = {"user-agent": AGENT}


@pytest.fixture
def signed():
    """Sign parameters as the advertiser's server does."""

    def make(parameters):
        parameters = {**parameters, "expires": str(int(time.time()) + 300)}
        return "&".join(
            f"{n}={v}" for n, v in {**parameters, "signature": sign(parameters, TOKEN.encode())}.items()
        )

    return make


@pytest.mark.parametrize(
    ("path", "kind", "beginning"),
    [("/pixel.gif", "image/gif", b"GIF89a"), ("/pixel", "text/html; charset=utf-8", b"<!doctype html>")],
)
def test_a_pixel_with_a_click_id_makes_its_conversion(edge, events, click_id, path, kind, beginning):
    click = click_id()
    query = f"click_id={click}&txn_id=7&amount=49.90"
    answers = [edge.get(path, query, BROWSER) for _ in range(2)]
    assert [answer.headers["x-clickledger"] for answer in answers] == ["accepted", "duplicate"]
    for answer in answers:
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.body.startswith(beginning)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    event = events()[0]
    assert isinstance(event, Postback)
    assert (event.source, event.ip, event.user_agent) == ("pixel", VISITOR, AGENT)
    assert (event.fields.click_id, event.fields.txn_id, event.fields.amount) == (click, "7", "49.9")
    assert event.raw == query.encode()
    assert len({conversion_id(e.fields.click_id, e.fields.goal, e.fields.txn_id) for e in events()}) == 1


@pytest.mark.parametrize("path", ["/pixel.gif", "/pixel"])
def test_a_refused_pixel_is_shown_whole_says_why_and_is_kept(edge, events, path):
    for query, code in (
        ("", "click_id_missing"),
        ("click_id=x", "click_id_malformed"),
        ("offer_id=999", "offer_unknown"),
        (f"offer_id={OPEN}&amount=abc", "amount_invalid"),
        (f"offer_id={OPEN}&token=wrong", "token_invalid"),
        (f"offer_id={STRICT}", "signature_missing"),
        (f"offer_id={STRICT}&token={TOKEN}", "signature_missing"),
    ):
        answer = edge.get(path, query)
        assert (answer.status, answer.headers["x-clickledger"]) == (200, f"rejected {code}")
        assert answer.body
        event = events()[-1]
        assert isinstance(event, Refused)
        assert (event.kind, event.reason, event.raw) == ("pixel", code, query.encode())


def test_the_cookie_of_a_click_comes_before_that_of_a_view_and_before_looking_for_the_visitor(
    edge, events, click_id
):
    click = click_id()
    view = KEYS.mint(KEYS.read(click).ts, OPEN)
    for cookie, expected in (
        (f"a=b; cl{OPEN}={click}; cv{OPEN}={view}", click),
        (f"cl{SHARE}={click}", ""),
        (f"cl{OPEN}=nonsense", ""),
        (f"cl{OPEN}={click_id(SHARE)}", ""),
        (f"cl{OPEN}={click_id(seconds_ago=31 * 86_400)}", ""),
        (f"cv{OPEN}={view}", ""),  # the offer pays for no views
        ("", ""),
    ):
        edge.get("/pixel.gif", f"offer_id={OPEN}&txn_id=1", {**BROWSER, "cookie": cookie})
        assert events()[-1].fields.click_id == expected, cookie


def test_a_view_is_taken_from_its_cookie_within_the_view_window(chosen, events, click_id):
    publish(chosen.data_dir, program(offers={OPEN: offer(id=OPEN, view_window_s=60)}))
    with Edge(chosen) as edge:
        fresh, old = click_id(seconds_ago=30), click_id(seconds_ago=90)
        for view in (fresh, old):
            edge.get("/pixel.gif", f"offer_id={OPEN}&txn_id=1", {"cookie": f"cv{OPEN}={view}"})
    assert [event.fields.click_id for event in events()] == [fresh, ""]


def test_the_id_of_a_view_may_be_as_old_as_views_may(chosen, events, click_id):
    publish(chosen.data_dir, program(offers={OPEN: offer(id=OPEN, view_window_s=90, attribution_window_s=60)}))
    with Edge(chosen) as edge:
        answers = [edge.get("/pixel.gif", f"click_id={click_id(seconds_ago=ago)}") for ago in (80, 100)]
    assert [answer.headers["x-clickledger"] for answer in answers] == ["accepted", "rejected click_id_expired"]


def test_without_any_click_the_visitor_is_left_to_be_looked_for(edge, events):
    answer = edge.get("/pixel.gif", f"offer_id={OPEN}&txn_id=7&goal=&coupon=SAVE", BROWSER)
    assert answer.headers["x-clickledger"] == "accepted"
    (event,) = events()
    assert (event.offer_id, event.fields.click_id, event.fields.txn_id) == (OPEN, "", "7")
    assert (event.fields.conversion_ip, event.user_agent) == (VISITOR, AGENT)
    assert event.fields.coupon == "", "a page could give itself a coupon's partner"


def test_a_visitor_without_transaction_has_one_conversion(edge, events):
    outcomes = [
        edge.get("/pixel.gif", f"offer_id={OPEN}", {"user-agent": agent}).headers["x-clickledger"]
        for agent in (AGENT, AGENT, "another")
    ]
    assert outcomes == ["accepted", "duplicate", "accepted"]
    first = events()[0]
    assert first.fields.txn_id == visitor_key(VISITOR, AGENT)
    answer = edge.post("/pixel", json.dumps({"offer_id": OPEN, "txn_id": "7"}).encode())
    assert answer.json["conversion_id"] == clickless_id(OPEN, "", "7")


def test_a_page_sets_no_money_and_without_signature_no_status(edge, events, click_id, signed):
    query = "payout=100&revenue=-1&amount=5&status=approved&reject_reason=x"
    edge.get("/pixel.gif", f"click_id={click_id(SHARE)}&{query}")
    assert (
        edge.get("/pixel.gif", signed({"click_id": click_id(SHARE), "payout": "9", "status": "hold"})).status
        == 200
    )
    plain, proven = (event.fields for event in events())
    assert (plain.payout, plain.revenue, plain.amount, plain.status, plain.reject_reason) == (
        None,
        None,
        "5",
        None,
        "",
    )
    assert (proven.payout, proven.status) == (None, "hold")


def test_a_pixel_never_changes_a_conversion_that_is_there(edge, click_id):
    click = click_id(SHARE)
    assert edge.get("/postback", f"click_id={click}&txn_id=1&amount=50").json["status"] == "accepted"
    answer = edge.get("/pixel.gif", f"click_id={click}&txn_id=1&amount=5000")
    assert answer.headers["x-clickledger"] == "duplicate"
    assert edge.get("/postback", f"click_id={click}&txn_id=1&amount=50").json["status"] == "duplicate"


def test_a_signature_opens_the_way_where_one_is_required(edge, events, signed):
    answer = edge.get("/pixel.gif", signed({"offer_id": str(STRICT), "txn_id": "1", "coupon": "SAVE"}))
    assert answer.headers["x-clickledger"] == "accepted"
    assert events()[0].fields.coupon == "SAVE"
    stale = {"offer_id": str(STRICT), "expires": "1000000000"}
    query = "&".join(f"{n}={v}" for n, v in {**stale, "signature": sign(stale, TOKEN.encode())}.items())
    assert edge.get("/pixel.gif", query).headers["x-clickledger"] == "rejected signature_expired"


def test_where_addresses_are_limited_a_page_needs_a_signature(chosen, events, signed):
    advertiser = AdvertiserRoute(1, "Acme", TOKEN, allowed_networks=("198.51.100.0/24",))
    publish(chosen.data_dir, program(advertisers={1: advertiser}))
    with Edge(chosen) as edge:
        plain = edge.get("/pixel.gif", f"offer_id={OPEN}")
        proven = edge.get("/pixel.gif", signed({"offer_id": str(OPEN)}))
    assert plain.headers["x-clickledger"] == "rejected address_not_allowed"
    assert proven.headers["x-clickledger"] == "accepted"


def test_a_script_reports_in_a_body_and_reads_what_happened(edge, events, click_id):
    click = click_id()
    body = json.dumps({"click_id": click, "txn_id": "7", "amount": 49.9}).encode()
    answer = edge.post("/pixel", body, "text/plain;charset=UTF-8")
    assert (answer.status, answer.json["status"], answer.json["click_id"]) == (200, "accepted", click)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    (event,) = events()
    assert (event.source, event.method, event.fields.amount) == ("script", "POST", "49.9")
    refused = edge.post("/pixel", b"{")
    assert (refused.status, refused.json["error"]["code"]) == (400, "postback_body_invalid")
    assert refused.headers["access-control-allow-origin"] == "*"
    assert events()[-1].raw == b"\n{"


def test_a_browser_may_ask_first(edge, events):
    answer = edge.send("OPTIONS", "/pixel", "", {"origin": "https://shop.example"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert edge.send("OPTIONS", "/pixel.gif").status == edge.send("HEAD", "/pixel").status == 405
    assert events() == []


def test_a_pixel_that_could_not_be_stored_is_a_503_with_a_whole_image(edge, events, click_id, disk):
    disk.break_down()
    for path in ("/pixel.gif", "/pixel"):
        answer = edge.get(path, f"click_id={click_id()}")
        assert (answer.status, answer.headers["x-clickledger"]) == (503, "rejected journal_unavailable")
        assert answer.body
    assert edge.post("/pixel", json.dumps({"click_id": click_id()}).encode()).status == 503
    disk.mend()
    edge.wait_for_answer("/readyz", "", lambda a: a.status == 200)
    assert events() == []
