"""The postback set-up page: what to copy, the token, a test, and what came lately."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from reports.web.pages.postback_code import Wiring
from tests.support.fake_edge import EdgeThread, FakeEdge
from tests.support.pages import Visitor
from tracker.click_id import parse_keys
from tracker.postbacks import PostbackRequest
from tracker.routes import AdvertiserRoute
from tracker.self_test import postback as firing
from tracker.senders import check_token

KEYS = parse_keys(f"0:{'5c' * 32}")


@pytest.fixture
def shop(web):
    """An advertiser with an offer, and somebody of its own."""
    advertiser = web.admin.made("POST", "/api/v1/advertisers", {"name": f"Shop {web.number()}"})
    destination = "https://shop.example/lp?cid={click_id}"
    offer = web.admin.made(
        "POST",
        "/api/v1/offers",
        {"name": f"Shoes {web.number()}", "advertiser_id": advertiser["id"], "destination": destination},
    )
    key = web.key(role="advertiser", advertiser_id=advertiser["id"])
    return advertiser | {"offer": offer, "visitor": Visitor(web, key)}


@pytest.fixture
def edge(web, monkeypatch):
    monkeypatch.setattr(firing, "STORED_SECONDS", 0.05)
    running = EdgeThread(FakeEdge())
    running.start()
    before = web.app.state.settings
    web.app.state.settings = before.model_copy(update={"edge_public_url": running.edge.url})
    yield running.edge
    web.app.state.settings = before
    running.stop()


def texts(page):
    return {tag["id"]: tag.get_text() for tag in page.soup.select("[id^=copy-]")}


def test_the_urls_are_for_the_offer_and_the_goal_and_show_no_token(web, shop):
    goal = {"offer_id": shop["offer"]["id"], "code": "lead", "name": "Lead"}
    web.admin.made("POST", "/api/v1/goals", goal)
    page = shop["visitor"].see(f"/postbacks?offer_id={shop['offer']['id']}&goal=lead")
    url = texts(page)["copy-url-token"]
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "click_id": "CLICK_ID", "txn_id": "ORDER_ID", "amount": "AMOUNT",
        "currency": shop["offer"]["currency"], "goal": "lead", "token": "YOUR_TOKEN",
    }  # fmt: skip
    assert url.startswith(f"{web.app.state.settings.edge_url}/postback?")
    assert shop["postback_token"] not in page.answer.text


def test_the_token_is_shown_when_asked_for_and_in_no_address(web, shop):
    page = shop["visitor"].see("/postbacks")
    shown = page.send("show-token", 200)
    assert texts(shown)["copy-token-text"] == shop["postback_token"]
    assert f"token={shop['postback_token']}" in texts(shown)["copy-url-token"]
    assert shop["postback_token"] not in shop["visitor"].see("/postbacks").answer.text
    analyst = Visitor(web, web.key(role="analyst"))
    fields = {"do": "show-token", "advertiser_id": shop["id"], "offer_id": shop["offer"]["id"]}
    assert analyst.post("/postbacks", fields).status_code == 403


def test_the_network_replaces_a_token_and_the_old_one_holds_for_the_overlap(web, shop):
    manager = Visitor(web, web.key(role="manager"))
    page = manager.see(f"/postbacks?advertiser_id={shop['id']}")
    new = texts(page.send("rotate", 200, overlap_hours="24"))["copy-token-text"]
    stored = web.admin.made("GET", f"/api/v1/advertisers/{shop['id']}")
    assert stored["postback_token"] == new != shop["postback_token"]
    assert stored["previous_token_until"] is not None
    assert shop["visitor"].post("/postbacks", {"do": "rotate"}).status_code == 403


def test_a_test_postback_is_fired_with_the_token_and_tells_what_came_of_it(shop, edge):
    done = shop["visitor"].see("/postbacks").send("test", 200, amount="12.50", proof="token")
    assert "The postback was taken" in done.text
    (sent,) = edge.postbacks
    assert (sent["amount"], sent["token"]) == ("12.50", shop["postback_token"])
    assert KEYS.read(sent["click_id"]).offer_id == shop["offer"]["id"]
    assert sent["cl_test"]
    assert shop["postback_token"] not in done.answer.text
    assert sent["cl_test"] not in done.answer.text


def test_a_signed_test_postback_is_what_the_edge_accepts(shop, edge):
    shop["visitor"].see("/postbacks").send("test", 200, proof="signature")
    (sent,) = edge.postbacks
    route = AdvertiserRoute(shop["id"], "Shop", shop["postback_token"], require_token=True)
    check_token(PostbackRequest(sent), route, time.time())


def test_a_refused_test_postback_says_why(shop, edge):
    edge.refuse_postbacks = True
    refused = shop["visitor"].see("/postbacks").send("test", 200, proof="none")
    assert "token" not in edge.postbacks[0]
    assert refused.soup.select_one(".tested .notice.bad") is not None
    assert refused.form("test")["proof"] == "none"


def test_without_an_edge_the_page_says_that_nobody_answers(web, shop):
    before = web.app.state.settings
    web.app.state.settings = before.model_copy(update={"edge_public_url": "http://127.0.0.1:1"})
    try:
        page = shop["visitor"].see("/postbacks").send("test", 200)
    finally:
        web.app.state.settings = before
    assert "did not answer" in page.text


def test_nobody_tests_anothers_offer(web, shop):
    other = Visitor(web, web.key(role="advertiser", advertiser_id=web.advertiser()))
    fields = {"do": "test", "offer_id": shop["offer"]["id"], "proof": "token"}
    assert other.post("/postbacks", fields).status_code == 404
    assert shop["visitor"].see(f"/postbacks?advertiser_id={web.advertiser()}").text.count("Shoes") >= 1


def refused(event_store, raw, **columns):
    """Store a refused postback."""
    now_ms = time.time_ns() // 1_000_000
    row = {
        "rejected_id": f"page-postback-{time.time_ns()}", "ts": now_ms, "kind": "postback",
        "reason": "amount_invalid", "detail": "amount is not a plain decimal number like 12.50.",
        "method": "GET", "ip": "203.0.113.5", "raw": raw, **columns,
    }  # fmt: skip
    insert(event_store, "rejected", rows_table("rejected", [row]), row["rejected_id"])


def test_the_log_has_what_was_refused_with_its_reason_and_without_secrets(web, shop, event_store):
    click_id = KEYS.mint(int(time.time() * 1000), shop["offer"]["id"])
    raw = f"cid={click_id}&sum=1,5&order_id=o-77&secure={shop['postback_token']}"
    refused(event_store, raw, click_id=click_id)
    page = shop["visitor"].see("/postbacks?outcome=refused")
    entry = next(one for one in page.table("Postbacks and pixels") if one["Transaction, click"].startswith("o-77"))
    assert entry["What came of it"] == "refused postback"
    assert "amount is not a plain decimal number" in entry["Why"]
    assert "secure=***" in entry["Why"]
    assert shop["postback_token"] not in page.answer.text
    assert "o-77" not in shop["visitor"].see("/postbacks?outcome=taken").text


def test_what_bears_anothers_token_is_shown_to_that_one_alone(web, shop, event_store):
    other = web.admin.made("POST", "/api/v1/advertisers", {"name": f"Wrong {web.number()}"})
    visitor = Visitor(web, web.key(role="advertiser", advertiser_id=other["id"]))
    click_id = KEYS.mint(int(time.time() * 1000), shop["offer"]["id"])
    refused(
        event_store, f"click_id={click_id}&txn_id=mixed-up&token={other['postback_token']}",
        click_id=click_id, reason="token_invalid", detail="",
    )  # fmt: skip
    assert "mixed-up" in visitor.see("/postbacks").text
    assert "The token or signature is not this advertiser's." in visitor.see("/postbacks").text
    assert "mixed-up" not in shop["visitor"].see("/postbacks").text
    manager = Visitor(web, web.key(role="manager"))
    assert "mixed-up" in manager.see(f"/postbacks?advertiser_id={other['id']}").text


def test_the_python_example_signs_as_the_edge_checks():
    code = Wiring("https://go.example", 3, "lead", "EUR", "token-1").examples()[2].text
    sent = {}

    class Answer:
        def read(self):
            return b""

    def urlopen(url):
        sent.update(parse_qsl(urlsplit(url).query))
        return Answer()

    code = code.replace("from urllib.request import urlopen\n", "")
    exec(code, {"urlopen": urlopen, "click_id": "c" * 32, "order_id": "order 7/b"})  # noqa: S102 - our own example
    check_token(PostbackRequest(sent), AdvertiserRoute(1, "Shop", "token-1", require_token=True), time.time())
    assert (sent["goal"], sent["txn_id"]) == ("lead", "order 7/b")


def test_an_amount_that_no_page_can_write_is_shown_as_it_was_sent(shop, event_store):
    click_id, digits = KEYS.mint(int(time.time() * 1000), shop["offer"]["id"]), "9" * 60
    refused(event_store, f"cid={click_id}&sum={digits}&order_id=o-78", click_id=click_id)
    page = shop["visitor"].see("/postbacks?outcome=refused")
    entry = next(one for one in page.table("Postbacks and pixels") if one["Transaction, click"].startswith("o-78"))
    assert digits in " ".join(entry.values())
