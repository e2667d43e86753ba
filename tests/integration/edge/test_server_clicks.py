from __future__ import annotations

import json
import time
from itertools import count

import pytest

from kernel import keys as api_keys
from tests.support.edge import GOOD, KEYS, NETWORK_FALLBACK, OPEN, PAUSED, PENDING, VISITOR, Edge, program, publish
from tests.support.offers import offer
from tracker.edge.click_bodies import MOST_CLICKS, MOST_PAGE_FACTS
from tracker.events import Click, Refused
from tracker.routes import CapRoute, KeyRoute
from tracker.test_mode import token

PARTNERS, EVERYBODYS, EXPIRED = api_keys.make(), api_keys.make(), api_keys.make()
LINK = {"offer_id": OPEN, "partner_id": GOOD}
PERSON = {
    "ip": "198.51.100.7",
    "user_agent": "Mozilla/5.0 (iPhone)",
    "language": "de-DE",
    "referrer": "https://a.example/",
}


@pytest.fixture
def edge(chosen):
    """A running edge that accepts a partner's key, everybody's key, and no longer a third."""
    keys = {
        PARTNERS.fingerprint: KeyRoute(PARTNERS.prefix, GOOD),
        EVERYBODYS.fingerprint: KeyRoute(EVERYBODYS.prefix, 0, time.time_ns() // 1_000_000 + 60_000),
        EXPIRED.fingerprint: KeyRoute(EXPIRED.prefix, 0, 1_700_000_000_000),
    }
    publish(chosen.data_dir, program(keys=keys, fallback_url=NETWORK_FALLBACK))
    with Edge(chosen) as running:
        yield running


@pytest.fixture
def send(edge):
    """Send clicks, with a key or as a page's script does."""

    def post(sent, key=None, **headers):
        if key is not None:
            headers["authorization"] = f"Bearer {key.text}"
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return edge.send(
            "POST", "/click.json", "", {name.replace("_", "-"): v for name, v in headers.items()}, body=(body,)
        )

    return post


def test_a_scripts_click_is_its_senders_and_on_the_disk_before_the_answer(send, events):
    page = {
        "screen": "1920x1080",
        "pixel_ratio": 2,
        "timezone": "Europe/Berlin",
        "platform_version": "15.0.0",
        "webdriver": False,
    }
    sent = {**LINK, "sub1": "é &=+", "cost": 0.25, "page": page, "referrer": "https://news.example/x"}
    answer = send(sent, user_agent="Mozilla/5.0", accept_language="en", referer="https://landing.example/")
    (event,) = events()
    assert isinstance(event, Click)
    assert answer.status == 200
    assert answer.json == {
        "status": "accepted",
        "click_id": event.click_id,
        "destination": f"https://shop.example/lp?cid={event.click_id}&src=1&s=%C3%A9%20%26%3D%2B",
    }
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert (event.kind, event.source, event.method, event.trafficback_reason) == ("click", "js", "GET", "")
    assert (event.ip, event.user_agent, event.accept_language) == (VISITOR, "Mozilla/5.0", "en")
    assert event.referrer == "https://news.example/x"
    assert event.query == b"offer_id=1&partner_id=1&sub1=%C3%A9+%26%3D%2B&cost=0.25"
    assert event.page == {**page, "pixel_ratio": "2", "webdriver": "0"}
    assert event.headers == {"sec-ch-ua-platform-version": '"15.0.0"'}
    assert KEYS.read(event.click_id).offer_id == OPEN


def test_a_servers_click_is_the_visitors_it_names(send, events):
    answer = send(
        {**LINK, **PERSON, "sub1": "app"}, EVERYBODYS, user_agent="server/1", referer="https://x.example/"
    )
    (event,) = events()
    assert (answer.json["status"], event.source) == ("accepted", "server")
    assert (event.ip, event.user_agent) == (PERSON["ip"], PERSON["user_agent"])
    assert (event.accept_language, event.referrer) == ("de-DE", "https://a.example/")
    assert event.query == b"offer_id=1&partner_id=1&sub1=app"
    assert EVERYBODYS.text not in repr(event)


def test_many_clicks_have_a_result_each(send, events):
    clicks = [
        {**LINK, **PERSON},
        {**PERSON, "offer_id": PAUSED, "partner_id": GOOD},
        {**PERSON, "offer_id": 999, "partner_id": GOOD},
        {**LINK},
        {**LINK, **PERSON, "partner_id": PENDING},
        {**LINK, **PERSON, "sub1": ["x"]},
        7,
        {**PERSON, "code": "summer"},
    ]
    answer = send(clicks, PARTNERS)
    assert answer.status == 200
    results = answer.json["results"]
    assert [r["status"] for r in results] == ["accepted", *["trafficback"] * 2, *["rejected"] * 4, "accepted"]
    assert [r.get("reason") for r in results[1:3]] == ["offer_paused", "offer_unknown"]
    assert [r["error"]["code"] for r in results[3:7]] == [
        "address_invalid",
        "partner_not_allowed",
        "click_body_invalid",
        "click_body_invalid",
    ]
    found = events()
    assert [getattr(e, "click_id", "") for e in found] == [r.get("click_id", "") for r in results]
    assert [json.loads(e.raw) for e in found if isinstance(e, Refused)] == clicks[3:7]
    assert {(e.kind, e.ip) for e in found if isinstance(e, Refused)} == {("click", VISITOR)}
    assert (found[-1].link_code, found[-1].link_id, found[-1].preset) == (
        "summer",
        5,
        "sub1=preset&sub2=two&source=mail",
    )


def test_a_thousand_clicks_fit_in_one_request_and_share_one_frame(send, events, edge):
    before = edge.journal._commits
    answer = send([{**LINK, **PERSON, "sub1": n} for n in range(MOST_CLICKS)], EVERYBODYS)
    assert len({r["click_id"] for r in answer.json["results"]}) == MOST_CLICKS
    assert edge.journal._commits == before + 1
    assert len(events()) == MOST_CLICKS
    for clicks in ([], [{}] * (MOST_CLICKS + 1)):
        refused = send(clicks, EVERYBODYS)
        assert (refused.status, refused.json["error"]["code"]) == (400, "click_body_invalid")


def test_a_partners_key_records_its_partners_clicks_alone(send, events):
    assert send({**PERSON, "offer_id": OPEN}, PARTNERS).json["status"] == "accepted"
    assert events()[-1].partner_id == GOOD
    for other in ({"partner_id": PENDING}, {"pid": "2"}, {"aff_id": "01"}):
        answer = send({**PERSON, "offer_id": OPEN, **other}, PARTNERS)
        assert (answer.status, answer.json["error"]["code"]) == (403, "partner_not_allowed")


@pytest.mark.parametrize(
    ("sent", "header", "status", "code"),
    [
        ({**LINK, "ip": "8.8.8.8"}, None, 401, "key_missing"),
        ({**LINK, "user_agent": "x"}, None, 401, "key_missing"),
        ([LINK], None, 401, "key_missing"),
        (LINK, "Bearer clk_wrong", 401, "key_not_accepted"),
        (LINK, f"Bearer {api_keys.make().text}", 401, "key_not_accepted"),
        (LINK, f"Bearer {EXPIRED.text}", 401, "key_not_accepted"),
        (LINK, f"Basic {PARTNERS.text}", 401, "key_not_accepted"),
        ({**LINK, "ip": "300.1.1.1"}, f"Bearer {PARTNERS.text}", 400, "address_invalid"),
        (b"", None, 400, "click_body_invalid"),
        (b"offer_id=1", None, 400, "click_body_invalid"),
        (b"\xff", None, 400, "click_body_invalid"),
        (b'"x"', None, 400, "click_body_invalid"),
        ({"page": "x"}, None, 400, "click_body_invalid"),
        (b"x" * 70_000, None, 413, "click_body_too_large"),
    ],
    # Keys are made anew for each run, and test processes must agree on the names of their tests.
    ids=count(),
)
def test_what_isnt_allowed_is_refused_with_its_code_and_kept_without_the_key(
    send, events, sent, header, status, code
):
    answer = send(sent, **({"authorization": header} if header else {}))
    assert (answer.status, answer.json["status"], answer.json["error"]["code"]) == (status, "rejected", code)
    (event,) = events()
    assert isinstance(event, Refused)
    assert (event.kind, event.reason, event.detail) == ("click", code, answer.json["error"]["message"])
    assert header is None or header.partition(" ")[2] not in repr(event)


def test_what_a_page_tells_is_bounded(send, events):
    many = {f"fact_{n}": "x" * 1000 for n in range(50)}
    send(
        {
            **LINK,
            "page": {"Bad name": "1", "screen": "wide", "nested": {"a": 1}, "none": None, "model": 'a"b', **many},
        }
    )
    (event,) = events()
    assert len(event.page) == MOST_PAGE_FACTS
    assert set(event.page) == {"model", *(f"fact_{n}" for n in range(MOST_PAGE_FACTS - 1))}
    assert {len(value) for value in event.page.values()} == {3, 256}
    assert event.headers == {}


def test_a_click_that_leads_nowhere_says_so(chosen, events):
    publish(chosen.data_dir, program())
    with Edge(chosen) as edge:
        answer = edge.post("/click.json", json.dumps({"offer_id": 999, "partner_id": GOOD}).encode())
    assert answer.json == {
        "status": "page",
        "click_id": events()[0].click_id,
        "destination": "",
        "reason": "offer_unknown",
    }


def test_a_recorded_click_takes_from_a_cap_and_a_test_does_not(chosen, events):
    capped = offer(id=OPEN, caps=(CapRoute(1, "click", "day", "1"),))
    publish(chosen.data_dir, program(offers={OPEN: capped}))
    with Edge(chosen) as edge:
        query = json.dumps({**LINK, "cl_test": token(KEYS, time.time_ns() // 1_000_000)}).encode()
        agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"}
        bodies = [query, json.dumps(LINK).encode(), json.dumps(LINK).encode()]
        answers = [edge.send("POST", "/click.json", "", agent, body=(body,)).json for body in bodies]
        assert edge.get("/i", f"offer_id={OPEN}&partner_id={GOOD}", agent).status == 200
    assert [answer.get("reason", "") for answer in answers] == ["", "", "cap_click"]
    assert [event.is_test for event in events()] == [True, False, False, False]


def test_nothing_is_accepted_that_could_not_be_stored(send, events, edge, disk):
    disk.break_down()
    answer = send([{**LINK, **PERSON}] * 3, EVERYBODYS)
    assert (answer.status, answer.json["error"]["code"], answer.headers["retry-after"]) == (
        503,
        "journal_unavailable",
        "1",
    )
    disk.mend()
    edge.wait_for_answer("/readyz", "", lambda a: a.status == 200)
    assert events() == []


def test_a_browser_may_ask_first_and_other_methods_are_refused(edge, events):
    answer = edge.send("OPTIONS", "/click.json", "", {"origin": "https://landing.example"})
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, "POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert edge.get("/click.json").headers["allow"] == "POST, OPTIONS"
    assert events() == []
