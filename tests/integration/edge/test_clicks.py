from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from kernel.settings import Settings
from tests.support.edge import (
    BROKEN,
    ENDED,
    GOOD,
    KEYS,
    NETWORK_FALLBACK,
    OPEN,
    PAUSED,
    PAUSED_ALONE,
    PENDING,
    PENDING_ALONE,
    VISITOR,
    Edge,
    program,
    publish,
)
from tests.support.offers import offer
from tracker.events import Click
from tracker.macros import MACROS


def only(events):
    (event,) = events()
    assert isinstance(event, Click)
    return event


def test_a_click_is_redirected_with_its_id_and_written_down(edge, events):
    before = time.time_ns() // 1_000_000
    query = "offer_id=1&aff_id=1&s1=caf%C3%A9+bar&link_id=12"
    headers = {
        "user-agent": "Mozilla/5.0 (X11; Linux)",
        "accept-language": "de-DE,de;q=0.9",
        "referer": "https://blog.example/post",
        "sec-ch-ua-platform": '"Linux"',
        "sec-purpose": "prefetch",
        "cookie": "session=secret",
    }
    answer = edge.get("/click", query, headers)
    event = only(events)
    assert answer.status == 302
    assert answer.location == f"https://shop.example/lp?cid={event.click_id}&src=1&s=caf%C3%A9%20bar"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.body == b""
    parts = KEYS.read(event.click_id)
    assert (parts.ts, parts.offer_id) == (event.ts, OPEN)
    assert before <= event.ts <= time.time_ns() // 1_000_000
    assert event == Click(
        click_id=event.click_id,
        ts=event.ts,
        offer_id=OPEN,
        partner_id=GOOD,
        advertiser_id=1,
        link_id=12,
        trafficback_reason="",
        destination=answer.location,
        method="GET",
        query=query.encode(),
        preset="",
        ip=VISITOR,
        user_agent="Mozilla/5.0 (X11; Linux)",
        accept_language="de-DE,de;q=0.9",
        referrer="https://blog.example/post",
        headers={"sec-ch-ua-platform": '"Linux"', "sec-purpose": "prefetch"},
    )


def test_a_saved_link_brings_its_partner_its_offer_and_its_parameters(edge, events):
    answer = edge.get("/c/summer", "sub1=asked&offer_id=2&partner_id=2")
    event = only(events)
    assert answer.location == f"https://shop.example/lp?cid={event.click_id}&src=1&s=asked"
    assert (event.link_id, event.offer_id, event.partner_id) == (5, OPEN, GOOD)
    assert event.preset == "sub1=preset&sub2=two&source=mail"
    assert edge.get("/c/summer").location.endswith("&s=preset")


@pytest.mark.parametrize(
    ("path", "query", "reason", "where"),
    [
        ("/click", "", "offer_unknown", None),
        ("/click", "offer_id=999&partner_id=1", "offer_unknown", None),
        ("/click", f"offer_id={OPEN}", "partner_unknown", None),
        ("/click", f"offer_id={OPEN}&partner_id=999", "partner_unknown", None),
        ("/click", f"offer_id={PAUSED}&partner_id={GOOD}", "offer_paused", "https://instead.example/?o=2"),
        ("/click", f"offer_id={PAUSED_ALONE}&partner_id={GOOD}", "offer_paused", None),
        ("/click", f"offer_id={PAUSED_ALONE}&partner_id={PENDING}", "offer_paused", "https://partner.example/?c="),
        ("/click", f"offer_id={ENDED}&partner_id={GOOD}", "offer_ended", None),
        ("/click", f"offer_id={OPEN}&partner_id={PENDING}", "partner_inactive", "https://partner.example/?c="),
        ("/click", f"offer_id={OPEN}&partner_id={PENDING_ALONE}", "partner_inactive", None),
        ("/click", f"offer_id={BROKEN}&partner_id={GOOD}", "destination_unusable", None),
        ("/c/orphan", "", "offer_unknown", None),
        ("/c/nothing", "", "link_unknown", None),
        ("/c/nöthing", "", "link_unknown", None),
    ],
)
@pytest.mark.parametrize("network", ["", NETWORK_FALLBACK])
def test_what_fails_goes_to_the_next_fallback_and_its_reason_is_kept(
    chosen, events, path, query, reason, where, network
):
    publish(chosen.data_dir, program(fallback_url=network))
    with Edge(chosen) as edge:
        answer = edge.get(path, query)
    event = only(events)
    assert event.trafficback_reason == reason
    assert event.link_code == path.partition("/c/")[2]
    where = where or (network and "https://network.example/?c=")
    if where:
        assert answer.status == 302
        assert answer.location in {where, where + event.click_id}
        assert event.destination == answer.location
    else:
        assert answer.status == 404
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert b"This link is not available" in answer.body
        assert event.click_id.encode() in answer.body
        assert event.destination == ""


def test_the_configured_fallback_serves_a_program_that_has_none(tmp_path, events):
    publish(tmp_path, program())
    with Edge(Settings(data_dir=tmp_path, fallback_url="https://configured.example/")) as edge:
        assert edge.get("/click").location == "https://configured.example/"


def test_an_edge_without_any_program_answers_and_records(chosen, events):
    with Edge(chosen) as edge:
        assert edge.get("/click", "offer_id=1&partner_id=1").status == 404
        assert edge.get("/c/summer").status == 404
    assert [event.trafficback_reason for event in events()] == ["offer_unknown", "link_unknown"]


def test_head_is_answered_like_get_without_a_body_and_recorded_as_head(edge, events):
    redirect = edge.send("HEAD", "/click", "offer_id=1&partner_id=1")
    page = edge.send("HEAD", "/click")
    assert (redirect.status, redirect.body, redirect.location[:21]) == (302, b"", "https://shop.example/")
    assert (page.status, page.body) == (404, b"")
    assert [event.method for event in events()] == ["HEAD", "HEAD"]


def test_other_methods_are_no_clicks(edge, events):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "X"):
        for path in ("/click", "/c/summer"):
            answer = edge.send(method, path, "offer_id=1&partner_id=1")
            assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert events() == []


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://shop.example/shoes?size=42", "https://shop.example/shoes?size=42&cid="),
        ("https://de.shop.example/", "https://de.shop.example/?cid="),
        ("https://evil.example/", "https://shop.example/lp?cid="),
        ("https://shop.example@evil.example/", "https://shop.example/lp?cid="),
        ("//evil.example/", "https://shop.example/lp?cid="),
        ("https://shop.example/" + "x" * 600, "https://shop.example/lp?cid="),
    ],
)
def test_a_deep_link_leads_to_an_allowed_page_else_to_the_offers_own(edge, events, url, page):
    for path, query in (
        ("/click", f"offer_id=1&partner_id=1&dl={quote(url, safe='')}"),
        ("/c/summer", f"url={quote(url)}"),
    ):
        answer = edge.get(path, query)
        assert answer.status == 302
        assert answer.location.startswith(page)
        assert events()[-1].trafficback_reason == ""


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1", "127.0.0.9"], "198.51.100.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("::1", ["[2001:db8::5]:9"], "2001:db8::5"),
        (None, ["198.51.100.1"], "198.51.100.1"),
        (None, [], ""),
    ],
)
def test_the_visitors_address_is_taken_from_trusted_proxies_alone(edge, events, peer, forwarded, ip):
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    query = b"offer_id=1&partner_id=1"
    edge.run(edge.ask("GET", "/click", query, headers, peer=peer))
    edge.run(edge.ask("GET", "/postback", b"", headers, peer=peer))
    assert [event.ip for event in events()] == [ip, ip]


def test_who_else_is_trusted_is_configured(tmp_path, events):
    publish(tmp_path, program())
    with Edge(Settings(data_dir=tmp_path, trusted_proxies="203.0.113.0/24")) as edge:
        edge.get("/click", "", {"x-forwarded-for": "198.51.100.1"})
        edge.get("/click", "", {"x-forwarded-for": "198.51.100.1"}, peer="127.0.0.1")
    assert [event.ip for event in events()] == ["198.51.100.1", "127.0.0.1"]


def test_clicks_that_come_together_are_told_apart_and_all_written_down(edge, events):
    answers = edge.send_all(
        edge.ask("GET", "/click", f"offer_id=1&partner_id=1&sub1={n}".encode()) for n in range(200)
    )
    assert {answer.status for answer in answers} == {302}
    found = events()
    assert sorted(event.destination for event in found) == sorted(answer.location for answer in answers)
    assert len({event.click_id for event in found}) == 200


def test_every_macro_can_stand_in_a_destination(chosen, events):
    names = sorted(MACROS)
    url = "https://shop.example/?" + "&".join(f"{name}={{{name}}}" for name in names)
    publish(chosen.data_dir, program(offers={1: offer(destination=url)}))
    with Edge(chosen) as edge:
        answer = edge.get(
            "/click", "offer_id=1&partner_id=1&sub1=a%26b&source=mail", {"accept-language": "pt-BR,pt"}
        )
        unknown = edge.get("/click", "offer_id=1&partner_id=1", peer=None)
    assert [answer.status, unknown.status] == [302, 302]
    sent = dict(pair.split("=") for pair in answer.location.partition("?")[2].split("&"))
    assert list(sent) == names
    assert (sent["sub1"], sent["sub2"], sent["language"], sent["ip"]) == ("a%26b", "", "pt-BR", VISITOR)
    assert (sent["offer_name"], sent["offer_id"], sent["partner_id"], sent["advertiser_id"]) == (
        "Shoes",
        "1",
        "1",
        "1",
    )
    assert sent["click_id"] == events()[0].click_id
    assert len(sent["sub1_hash"]) == len(sent["source_hash"]) == len(sent["partner_id_hash"]) == 16


def test_strange_headers_are_borne_and_kept_short(edge, events):
    headers = [
        (b"user-agent", b"\xff\xfe" * 2_000),
        (b"accept-language", b"\xff" * 5_000),
        (b"referer", b"\x00\x01" * 5_000),
        (b"sec-ch-ua", b'"' * 5_000),
        (b"x-forwarded-for", b"," * 5_000),
        (b"content-length", b"-1"),
        (b"host", b"[" * 300),
    ]
    answer = edge.run(edge.ask("GET", "/click", b"offer_id=1&partner_id=1", headers))
    event = only(events)
    assert answer.status == 302
    assert max(len(event.user_agent), len(event.referrer)) <= 2048
    assert max(len(event.accept_language), len(event.headers["sec-ch-ua"])) <= 1024
