"""Hooks and the log of what was sent: made, previewed, tried, changed, sent again; each sees its own alone."""

from __future__ import annotations

import time

import pytest

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from kernel.macro_names import HOOK_MACROS
from reports.web.pages.hook_macros import described, preview
from tests.support.pages import Visitor


@pytest.fixture
def nora(web):
    """A partner, and somebody of its own."""
    partner_id = web.partner()
    return {"id": partner_id, "visitor": Visitor(web, web.key(role="partner", partner_id=partner_id))}


def hook(web, **body):
    given = {"name": f"Hook {web.number()}", "url": "https://tracker.example/pb?cid={partner_click_id}", **body}
    return web.admin.made("POST", "/api/v1/hooks", given)


def tried(event_store, hook_id, partner_id, outcome="failed", **columns):
    """Store a try; return its message's id."""
    now_ms = time.time_ns() // 1_000_000
    message_id = f"{hook_id}_page-conversion_{now_ms * 1000}"
    row = {
        "message_id": message_id, "attempt": 1, "ts": now_ms, "hook_id": hook_id, "hook_kind": "postback",
        "conversion_id": "page-conversion", "partner_id": partner_id, "hook_partner_id": partner_id,
        "method": "GET", "url": "https://tracker.example/pb?cid=x", "outcome": outcome,
        "error": "The receiver answered 500.", "response_status": 500, **columns,
    }  # fmt: skip
    insert(event_store, "outbound_attempts", rows_table("outbound_attempts", [row]), f"{message_id}-1")
    return message_id


def test_every_macro_is_described_and_previewed():
    macros = described()
    assert sorted(name for name, _, _ in macros) == sorted(HOOK_MACROS)
    assert all(told for _, told, _ in macros)
    shown, unknown = preview("https://t.example/?o={offer_name}&x={nothing}&o2={offer_name}", macros)
    assert shown == "https://t.example/?o=Running%20shoes&x={nothing}&o2=Running%20shoes"
    assert unknown == ["nothing"]


def test_a_partner_makes_a_postback_and_it_is_the_partners(web, nora):
    page = nora["visitor"].see("/hooks/new")
    made = page.send(
        "create", name="My tracker", url="https://t.example/?c={partner_click_id}", statuses=["approved"]
    )
    assert made.heading == "My tracker"
    assert "https://t.example/?c=w7f3kd92" in made.text
    stored = web.admin.made("GET", made.path.replace("/hooks", "/api/v1/hooks"))
    assert (stored["partner_id"], stored["kind"], stored["statuses"]) == (nora["id"], "postback", ["approved"])
    assert nora["visitor"].see("/hooks").table("Hooks")[0]["Name"] == "My tracker"


def test_what_is_wrong_stands_beside_its_field_and_the_form_stays(nora):
    page = nora["visitor"].see("/hooks/new")
    wrong = page.send("create", 400, name="Kept name", url="https://t.example/?c={revenue}", statuses=[])
    problems = {tag["id"] for tag in wrong.soup.select(".problem[id]")}
    assert "at least one status" in wrong.text
    assert problems <= {"f-url-problem"}
    assert wrong.form("create")["name"] == "Kept name"


def test_a_webhooks_secret_is_shown_once(web):
    manager = Visitor(web, web.key(role="manager"))
    made = manager.see("/hooks/new").send("create", 200, name="CRM", kind="webhook", url="https://crm.example/in")
    secret = made.soup.select_one("#copy-secret").get_text()
    assert secret.startswith("whsec_")
    page = manager.see(made.links()["Go to the hook and send it a test"])
    assert secret not in page.answer.text
    rotated = page.send("rotate", 200, overlap_hours="24").soup.select_one("#copy-secret").get_text()
    assert rotated.startswith("whsec_")
    assert rotated != secret
    assert "signs along until" in manager.see(page.path).text


def test_a_test_tells_what_came_of_it(web):
    made = hook(web, url="http://10.0.0.1/pb?cid={click_id}")
    manager = Visitor(web, web.key(role="manager"))
    page = manager.see(f"/hooks/{made['id']}").send("test", 200)
    assert "Not delivered" in page.text
    assert "http://10.0.0.1/pb?cid=sample-click" in page.text


def test_a_hook_is_changed_and_deleted(web):
    made = hook(web, goal="")
    manager = Visitor(web, web.key(role="manager"))
    page = manager.see(f"/hooks/{made['id']}")
    assert page.form("change")["goal"] == "base"
    fields = page.form("change") | {"name": "Renamed", "goal": ""}
    del fields["enabled"]
    assert "Saved" in page.after(manager.post(page.path, fields)).text
    stored = web.admin.made("GET", f"/api/v1/hooks/{made['id']}")
    assert (stored["name"], stored["goal"], stored["enabled"]) == ("Renamed", None, False)
    assert "The hook is gone" in manager.see(page.path).send("delete").text
    assert web.admin.refused("GET", f"/api/v1/hooks/{made['id']}") == (404, "not_found")


def test_failing_hooks_come_first_and_the_log_has_their_tries(web, nora, event_store):
    fine, failing = (hook(web, partner_id=nora["id"], name=f"{n} {web.number()}") for n in ("A", "B"))
    message_id = tried(event_store, failing["id"], nora["id"])
    listed = nora["visitor"].see("/hooks").table("Hooks")
    assert [one["Name"] for one in listed] == [failing["name"], fine["name"]]
    assert listed[0]["State"].startswith("failing")
    log = nora["visitor"].see("/outbound")
    assert "Failing now" in log.text
    (row,) = log.table("Tries")
    assert (row["Hook"], row["What came of it"]) == (failing["name"], "failed, tried again")
    assert "The receiver answered 500." in row["Answer"]
    again = log.send("resend", holding={"id": message_id})
    assert f"Message {message_id} is sent again" in again.text
    assert again.path == "/outbound"
    whole = nora["visitor"].see(f"/outbound/{message_id}")
    assert [one["Try"] for one in whole.table("Every try")] == ["1"]


def test_nobody_sees_hooks_and_tries_of_others(web, nora, event_store):
    other = web.partner()
    made = hook(web, partner_id=other, name=f"Not yours {web.number()}")
    message_id = tried(event_store, made["id"], other)
    visitor = nora["visitor"]
    assert "Not yours" not in visitor.see("/hooks").text
    assert visitor.get(f"/hooks/{made['id']}").status_code == 404
    assert visitor.get(f"/outbound/{message_id}").status_code == 404
    assert message_id not in visitor.see(f"/outbound?hook_id={made['id']}").answer.text
    for do in ("change", "test", "delete", "rotate"):
        assert (
            visitor.post(f"/hooks/{made['id']}", {"do": do, "overlap_hours": "1", "name": "x"}).status_code == 404
        )
    assert visitor.post("/outbound", {"do": "resend", "id": message_id}).status_code == 404
    advertiser = Visitor(web, web.key(role="advertiser", advertiser_id=web.advertiser()))
    assert advertiser.get("/hooks").status_code == 404
