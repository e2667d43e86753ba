"""Postbacks without a click, allowed addresses, tokens in rotation, suspended advertisers, tests."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.edge import GOOD, KEYS, OPEN, TOKEN, VISITOR, Edge, program, publish
from tests.support.offers import goal, offer
from tracker.conversion_state import clickless_id
from tracker.events import Postback, Refused
from tracker.routes import AdvertiserRoute, CouponRoute
from tracker.senders import sign
from tracker.test_mode import token

NOW = time.time_ns() // 1_000_000
DAY = 86_400_000
COUPONS = [
    CouponRoute(1, "SAVE10", OPEN, GOOD),
    CouponRoute(2, "OVER", OPEN, GOOD, ends_at=NOW - 1000),
    CouponRoute(3, "SOON", OPEN, GOOD, starts_at=NOW + DAY),
]
PERSON = "ip=198.51.100.7&user_agent=Mozilla%2F5.0"


@pytest.fixture
def start(chosen):
    """Start an edge whose one advertiser is as told."""
    running = []

    def make(**changes):
        advertiser = AdvertiserRoute(**{"id": 1, "name": "Acme", "postback_token": TOKEN, **changes})
        offers = {OPEN: offer(id=OPEN, more_goals=(goal("signup", id=31),))}
        coupons = {f"{c.offer_id}:{c.code}": c for c in COUPONS}
        publish(chosen.data_dir, program(advertisers={1: advertiser}, offers=offers, coupons=coupons))
        running.append(Edge(chosen).__enter__())
        return running[-1]

    yield make
    for edge in running:
        edge.__exit__()


def code_of(answer):
    return answer.json["error"]["code"] if answer.json["status"] == "rejected" else answer.json["status"]


def test_a_coupon_makes_a_conversion_without_a_click(start, events):
    edge = start()
    query = f"offer_id={OPEN}&coupon=save10&txn_id=A-1&amount=20&token={TOKEN}"
    answers = [edge.get("/postback", query).json for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["accepted", "duplicate"]
    assert answers[0]["conversion_id"] == clickless_id(OPEN, "", "A-1")
    event = events()[0]
    assert isinstance(event, Postback)
    assert (event.offer_id, event.fields.click_id, event.fields.coupon) == (OPEN, "", "save10")


def test_a_visitor_is_told_by_address_and_user_agent(start, events):
    edge = start()
    body = json.dumps(
        {"oid": OPEN, "txn_id": "1", "ip": "[2001:DB8::1]", "ua": "Mozilla/5.0", "token": TOKEN}
    ).encode()
    assert edge.post("/postback", body).json["status"] == "accepted"
    (event,) = events()
    assert (event.ip, event.fields.conversion_ip, event.user_agent) == (VISITOR, "2001:db8::1", "Mozilla/5.0")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"offer_id={OPEN}&coupon=SAVE10&txn_id=1", 401, "token_missing"),
        (f"offer_id={OPEN}&coupon=SAVE10&txn_id=1&token=wrong", 403, "token_invalid"),
        (f"offer_id={OPEN}&coupon=SAVE10&token={TOKEN}", 400, "txn_id_missing"),
        (f"offer_id={OPEN}&txn_id=1&token={TOKEN}", 400, "attribution_missing"),
        (f"offer_id={OPEN}&txn_id=1&ip=198.51.100.7&token={TOKEN}", 400, "attribution_missing"),
        (f"offer_id={OPEN}&txn_id=1&token={TOKEN}&ip=home&user_agent=x", 400, "address_invalid"),
        (f"offer_id={OPEN}&coupon=NONE&txn_id=1&token={TOKEN}", 404, "coupon_unknown"),
        (f"offer_id={OPEN}&coupon=OVER&txn_id=1&token={TOKEN}", 404, "coupon_unknown"),
        (f"offer_id={OPEN}&coupon=SOON&txn_id=1&token={TOKEN}", 404, "coupon_unknown"),
        (f"offer_id=999&coupon=SAVE10&txn_id=1&token={TOKEN}", 404, "offer_unknown"),
        (f"coupon=SAVE10&txn_id=1&token={TOKEN}", 400, "click_id_missing"),
    ],
)
def test_without_a_click_a_postback_proves_and_names_all_it_needs(start, events, query, status, code):
    answer = start().get("/postback", query)
    assert (answer.status, code_of(answer)) == (status, code)
    (event,) = events()
    assert isinstance(event, Refused)
    assert (event.kind, event.reason, event.raw) == ("postback", code, query.encode())


def test_an_unknown_coupon_still_leaves_the_visitor(start):
    query = f"offer_id={OPEN}&coupon=NONE&txn_id=1&token={TOKEN}&{PERSON}"
    assert start().get("/postback", query).json["status"] == "accepted"


@pytest.mark.parametrize(
    ("peer", "forwarded", "allowed"),
    [
        ("198.51.100.7", None, True),
        ("198.51.101.7", None, False),
        ("2001:db8::5", None, True),
        ("::ffff:198.51.100.7", None, True),
        ("127.0.0.1", "198.51.100.7", True),
        ("203.0.113.9", "198.51.100.7", False),
        (None, None, False),
    ],
)
def test_postbacks_come_from_allowed_addresses_alone(start, events, click_id, peer, forwarded, allowed):
    edge = start(allowed_networks=("198.51.100.0/24", "2001:db8::/64", "nonsense"))
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    query = f"click_id={click_id()}&token={TOKEN}".encode()
    answer = edge.run(edge.ask("GET", "/postback", query, headers, peer=peer))
    assert (answer.status, code_of(answer)) == ((200, "accepted") if allowed else (403, "address_not_allowed"))
    assert len(events()) == 1


def test_a_list_that_cant_be_read_allows_nobody(start, click_id):
    answer = start(allowed_networks=("nonsense",)).get("/postback", f"click_id={click_id()}")
    assert code_of(answer) == "address_not_allowed"


@pytest.mark.parametrize(
    ("until", "holds"), [(NOW + DAY, True), (NOW - 1, False), (0, False)], ids=["ahead", "past", "never"]
)
def test_a_replaced_token_and_its_signatures_hold_until_the_overlap_ends(start, click_id, until, holds):
    edge = start(require_token=True, previous_token="before", previous_token_until=until)
    expected = "accepted" if holds else "token_invalid"
    assert code_of(edge.get("/postback", f"click_id={click_id()}&token=before")) == expected
    parameters = {"click_id": click_id(), "expires": str(int(time.time()) + 60)}
    body = json.dumps({**parameters, "signature": sign(parameters, b"before")}).encode()
    assert code_of(edge.post("/postback", body)) == expected
    assert code_of(edge.get("/postback", f"click_id={click_id()}&token={TOKEN}")) == "accepted"


def test_no_token_before_it_is_not_one_that_is_empty(start, click_id):
    edge = start(require_token=True, previous_token_until=NOW + DAY)
    parameters = {"click_id": click_id(), "expires": str(int(time.time()) + 60)}
    body = json.dumps({**parameters, "signature": sign(parameters, b"")}).encode()
    assert code_of(edge.post("/postback", body)) == "token_invalid"


def test_a_suspended_advertiser_is_told_so_once_it_has_proved_who_it_is(start, events, click_id):
    edge = start(status="suspended")
    assert code_of(edge.get("/postback", f"click_id={click_id()}")) == "advertiser_suspended"
    assert code_of(edge.get("/postback", f"click_id={click_id()}&token=wrong")) == "token_invalid"
    assert edge.get("/pixel.gif", f"offer_id={OPEN}").headers["x-clickledger"] == "rejected advertiser_suspended"
    assert {event.reason for event in events()} == {"advertiser_suspended", "token_invalid"}


def test_a_goal_is_named_by_code_or_id_and_makes_one_conversion(start, events, click_id):
    edge, click = start(), click_id()
    answers = [edge.get("/postback", f"click_id={click}&goal={named}").json for named in ("signup", "31", "32")]
    assert [answer["status"] for answer in answers] == ["accepted", "duplicate", "accepted"]
    assert [event.fields.goal for event in events()] == ["signup", "signup", "32"]


def test_a_test_token_marks_a_postback(start, events, click_id):
    edge = start()
    for value in (token(KEYS, time.time_ns() // 1_000_000), "made.up", token(KEYS, NOW - DAY)):
        assert edge.get("/postback", f"click_id={click_id()}&cl_test={value}").json["status"] == "accepted"
    assert [event.is_test for event in events()] == [True, False, False]
