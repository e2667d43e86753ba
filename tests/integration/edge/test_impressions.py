from __future__ import annotations

import time

import pytest

from tests.support.edge import GOOD, KEYS, OPEN, PAUSED_ALONE, VISITOR, Edge, program, publish
from tests.support.offers import offer
from tracker.events import Click
from tracker.test_mode import token

SEEN = f"offer_id={OPEN}&partner_id={GOOD}&sub1=banner"


def test_an_impression_is_on_the_disk_before_the_invisible_image_is_answered(edge, events):
    answer = edge.get("/i", SEEN, {"user-agent": "Mozilla/5.0", "referer": "https://blog.example/"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert (answer.body[:6], len(answer.body)) == (b"GIF89a", 42)
    (event,) = events()
    assert isinstance(event, Click)
    assert (event.kind, event.source, event.method) == ("impression", "redirect", "GET")
    assert (event.offer_id, event.partner_id, event.trafficback_reason) == (OPEN, GOOD, "")
    assert (event.ip, event.user_agent, event.referrer) == (VISITOR, "Mozilla/5.0", "https://blog.example/")
    assert event.query == SEEN.encode()
    assert KEYS.read(event.click_id).offer_id == OPEN


def test_what_no_offer_takes_is_recorded_with_its_reason_and_answered_alike(edge, events):
    for query, reason in (
        (f"offer_id={PAUSED_ALONE}&partner_id={GOOD}", "offer_paused"),
        ("offer_id=999&partner_id=1", "offer_unknown"),
        ("", "offer_unknown"),
    ):
        answer = edge.get("/i", query)
        assert (answer.status, answer.body[:3]) == (200, b"GIF")
        assert events()[-1].trafficback_reason == reason


def test_a_look_ahead_and_a_head_are_recorded_as_what_they_are(edge, events):
    assert edge.send("HEAD", "/i", SEEN).body == b""
    edge.get("/i", SEEN, {"sec-purpose": "prefetch"})
    head, prefetch = events()
    assert head.method == "HEAD"
    assert prefetch.headers == {"sec-purpose": "prefetch"}


def test_a_test_token_marks_an_impression_while_it_holds(edge, events):
    now = time.time_ns() // 1_000_000
    for made_at in (now - 700_000, now):
        edge.get("/i", f"{SEEN}&cl_test={token(KEYS, made_at)}")
    assert [event.is_test for event in events()] == [False, True]


@pytest.mark.parametrize(
    ("view_window_s", "pixel_cookie", "url", "cookie"),
    [
        (3600, True, "http://127.0.0.1:8000", "; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax"),
        (3600, True, "https://go.example.net", "; Max-Age=3600; Path=/; HttpOnly; SameSite=None; Secure"),
        (0, True, "https://go.example.net", None),
        (3600, False, "https://go.example.net", None),
    ],
)
def test_an_offers_pixel_remembers_views_while_they_earn_something(
    chosen, events, view_window_s, pixel_cookie, url, cookie
):
    seen = offer(id=OPEN, view_window_s=view_window_s, pixel_cookie=pixel_cookie)
    publish(chosen.data_dir, program(offers={OPEN: seen}))
    with Edge(chosen.model_copy(update={"edge_public_url": url})) as edge:
        answer = edge.get("/i", SEEN)
    (event,) = events()
    expected = None if cookie is None else f"cv{OPEN}={event.click_id}{cookie}"
    assert answer.headers.get("set-cookie") == expected


def test_an_impression_that_could_not_be_stored_is_a_503_with_a_whole_image(edge, events, disk):
    disk.break_down()
    answer = edge.get("/i", SEEN)
    assert (answer.status, answer.body[:3], answer.headers["retry-after"]) == (503, b"GIF", "1")
    disk.mend()
    edge.wait_for_answer("/readyz", "", lambda a: a.status == 200)
    assert edge.get("/i", SEEN).status == 200
    assert len(events()) == 1


def test_other_methods_are_no_impressions(edge, events):
    for method in ("POST", "PUT", "OPTIONS"):
        answer = edge.send(method, "/i", SEEN)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert events() == []
