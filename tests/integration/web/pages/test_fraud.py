"""The fraud centre, partner risk and the blocklist as pages: what they show is what the API answers."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from fraud.reasons import REASONS
from tests.support.pages import Visitor
from tests.support.risk import ordinary, own_day, store

BLOCKS = "/api/v1/blocklist"
MARKS = "/api/v1/fraud/marks"


@pytest.fixture(scope="module")
def network(web, event_store):
    """A scored day with a bot farm among eleven partners, one of nearly no clicks, and flagged clicks."""
    day, dice = own_day(), random.Random(8)
    farm, small, *others = [web.partner() for _ in range(12)]
    clicks = ordinary(dice, day, small, 12)
    for partner in (farm, *others):
        own = ordinary(dice, day, partner, 130)
        for number, click in enumerate(own):
            if partner == farm:
                click.update(ip="7.7.7.7", ip_prefix="7.7.7.0/24", verdict="suspect", fraud_score=55)
                click.update(fraud_reasons=["ip_velocity"] if number % 2 else ["ip_velocity", "sub_id_spam"])
            click.setdefault("fraud_reasons", [])
            click.setdefault("fraud_score", 0)
        clicks += own
    store(event_store, [{"fraud_reasons": [], "fraud_score": 0} | click for click in clicks])
    web.admin.made("POST", "/api/v1/fraud/risk/runs", {"day": str(day)})
    return day, farm, small


@pytest.fixture(scope="module")
def manager(web):
    return Visitor(web, web.key(role="manager"))


@pytest.fixture(scope="module")
def analyst(web):
    return Visitor(web, web.key(role="analyst"))


def in_days(day):
    return f"range=custom&from={day}&to={day + dt.timedelta(days=1)}"


def test_the_centre_tells_what_reports_tell_of_its_days(web, manager, network):
    day, _, _ = network
    page = manager.see(f"/fraud?{in_days(day)}")
    query = {"from": str(day), "to": str(day + dt.timedelta(days=2)), "totals": True}
    metrics = ["gross_clicks", "duplicate_clicks", "suspect_clicks", "invalid_clicks"]
    by_day = web.admin.made(
        "POST", "/api/v1/reports/query", {**query, "dimensions": ["day"], "metrics": metrics, "fill": True}
    )
    first = page.table("Clicks by verdict")[0]
    row = by_day["rows"][0]
    assert [first[word] for word in ("Duplicate", "Suspect", "Invalid")] == [
        f"{row[name]:,}" for name in metrics[1:]
    ]
    assert int(first["Valid"].replace(",", "")) == row["gross_clicks"] - sum(row[name] for name in metrics[1:])
    reasons = {one["Reason"]: one for one in page.table("Why clicks and conversions were flagged")}
    assert (reasons["ip_velocity"]["Clicks"], reasons["sub_id_spam"]["Clicks"]) == ("130", "65")
    assert "one address" not in reasons["ip_velocity"]["What happened"]
    assert page.links()["ip_velocity"] == "/fraud/rules/ip_velocity"
    assert "where=fraud_reason%3Dip_velocity" in page.links()["130"]
    bands = {one["Score"]: one["Clicks"] for one in page.table("Events by fraud score")}
    assert (bands["50-59"], bands["90-100"]) == ("130", "0")
    flagged = page.table("Suspect and invalid clicks by partner")[0]
    assert (flagged["Suspect"], flagged["Of its clicks"]) == ("130", "100%")


def test_the_links_of_the_centre_lead_to_the_events_it_counts(manager, network):
    day, _, _ = network
    page = manager.see(f"/fraud?{in_days(day)}")
    events = manager.see(page.links()["130"])
    assert events.text.count(REASONS["ip_velocity"].sentence) > 10


def test_a_day_s_ranking_stands_as_the_api_answers_it(web, manager, network):
    day, farm, _ = network
    page = manager.see(f"/fraud/partners?day={day}")
    told = web.admin.made("GET", "/api/v1/fraud/risk", params={"day": str(day)})
    rows = page.table("Partners, the riskiest first")
    assert [row["Score"].split()[0] for row in rows[:-1]] == [str(one["score"]) for one in told["items"][:-1]]
    assert rows[0]["Score"] == "100 high"
    assert rows[0]["What sets it apart"] == " ".join(one["sentence"] for one in told["items"][0]["reasons"])
    assert rows[-1]["Score"] == "not judged"
    assert f"/fraud/partners/{farm}?day={day}" in page.links().values()
    by_clicks = manager.see(f"/fraud/partners?day={day}&sort=clicks").table("Partners, the most clicks first")
    assert by_clicks[-1]["Score"] == "not judged"
    assert "wasn't scored" in manager.see("/fraud/partners?day=2001-01-01").text


def test_a_day_is_scored_from_the_page_and_one_ahead_is_refused(web, manager):
    day = own_day()
    page = manager.see("/fraud/partners")
    done = page.send("score", day=str(day))
    assert done.path == f"/fraud/partners?day={day}"
    assert "0 partners were judged" in done.text
    ahead = page.send("score", 400, day=str(dt.date.today() + dt.timedelta(days=9)))  # noqa: DTZ011 - any day ahead
    assert "hasn't begun" in ahead.text


def test_a_partner_s_page_shows_all_that_was_measured_beside_its_peers(web, manager, network):
    day, farm, _ = network
    page = manager.see(f"/fraud/partners/{farm}?day={day}")
    told = web.admin.made("GET", f"/api/v1/fraud/risk/{farm}", params={"day": str(day)})
    assert page.heading == web.admin.made("GET", f"/api/v1/partners/{farm}")["name"]
    shown = {row["What"]: row for row in page.table("What the ranking looks at")}
    compared = [one for one in told["behaviour"] if one["peers_median"] is not None and one["value"] is not None]
    assert set(shown) == {one["sentence"] for one in compared}
    address = shown["100 % of this partner's clicks come from one address"]
    assert address["This partner"] == "100 %"
    apart = {row["What"] for row in shown.values() if row["Beside its peers"] == "sets it apart"}
    assert len(apart) == len(told["risk"]["reasons"]) > 0
    assert page.table("Days of this partner")[0]["Place"] == f"1 of {told['judged']}"
    for one in told["risk"]["reasons"]:
        assert one["sentence"] in page.text


def test_marks_are_made_counted_by_the_newest_and_taken_back(web, manager, network):
    _, farm, _ = network
    page = manager.see(f"/fraud/partners/{farm}")
    page = page.send("mark", mark="fraud", note="The same twelve phones")
    assert "Marked as fraud." in page.text
    page = page.send("mark", mark="fine", note="They explained it")
    kept = web.admin.made("GET", MARKS, params={"partner_id": farm, "sort": "-id"})["items"]
    assert [(one["mark"], one["note"]) for one in kept] == [
        ("fine", "They explained it"),
        ("fraud", "The same twelve phones"),
    ]
    assert [row["Mark"] for row in page.table("What people found")] == ["fine", "fraud"]
    page.send("unmark", mark_id=str(kept[0]["id"]))
    assert [one["mark"] for one in web.admin.made("GET", MARKS, params={"partner_id": farm})["items"]] == ["fraud"]
    assert page.send("mark", 400, mark="maybe", note="hm").form("mark")["note"] == "hm"
    manager.see(f"/fraud/partners/{farm}").send("unmark")
    assert web.admin.made("GET", MARKS, params={"partner_id": farm})["items"] == []


def test_a_partner_is_blocked_let_through_suspended_and_taken_on_again(web, manager):
    partner = web.partner()
    page = manager.see(f"/fraud/partners/{partner}").send("block", days="7", reason="A farm")
    (block,) = web.admin.made("GET", BLOCKS, params={"kind": "partner", "value": str(partner)})["items"]
    left = dt.datetime.fromisoformat(block["expires_at"]) - dt.datetime.now(dt.UTC)
    assert (block["reason"], left.days) == ("A farm", 6)
    page.send("unblock")
    assert web.admin.made("GET", BLOCKS, params={"kind": "partner", "value": str(partner)})["items"] == []
    page = manager.see(f"/fraud/partners/{partner}").send("status", status_reason="Until they answer")
    told = web.admin.made("GET", f"/api/v1/partners/{partner}")
    assert (told["status"], told["status_reason"]) == ("suspended", "Until they answer")
    page.send("status")
    assert web.admin.made("GET", f"/api/v1/partners/{partner}")["status"] == "approved"


def test_the_blocklist_says_what_until_when_and_who_made_it(web, manager, analyst):
    address = f"198.51.{web.number() % 250}.0/24"
    page = manager.see("/fraud/blocklist").send("add", kind="network", value=address, hours="24", reason="A farm")
    (row,) = [one for one in page.table("What is turned away") if one["Value"] == address]
    (block,) = web.admin.made("GET", BLOCKS, params={"value": address})["items"]
    audited = web.admin.made("GET", "/api/v1/audit", params={"entry_id": block["id"], "kind": "blocklist entry"})
    assert (row["State"], row["Why"], row["By"]) == ("blocks", "A farm", audited["items"][0]["actor"])
    left = dt.datetime.fromisoformat(block["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(hours=23) < left < dt.timedelta(hours=25)
    found = analyst.see(f"/fraud/blocklist?q={address.partition('/')[0]}")
    assert "By" not in found.table("What is turned away")[0]
    assert analyst.post("/fraud/blocklist", {"do": "end", "id": block["id"]}).status_code == 403
    page.send("end", holding={"id": str(block["id"])})
    assert web.admin.made("GET", BLOCKS, params={"value": address})["items"] == []


def test_a_block_that_cant_be_is_refused_beside_its_field(manager):
    refused = manager.see("/fraud/blocklist").send("add", 400, kind="network", value="not.a.network")
    assert refused.soup.find(id="f-value-problem") is not None
    assert refused.form("add")["value"] == "not.a.network"


def test_analysts_look_and_change_nothing(analyst, network):
    day, farm, _ = network
    page = analyst.see(f"/fraud/partners/{farm}?day={day}")
    assert not page.soup.find("main").find_all("form", method="post")
    for path in ("/fraud", "/fraud/partners", "/fraud/blocklist", "/fraud/past", "/fraud/models"):
        assert not analyst.see(path).soup.find("main").find_all("form", method="post"), path


def test_partners_see_nothing_of_it_but_their_disputes(web):
    partner = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    for path in ("/fraud", "/fraud/partners", "/fraud/partners/1", "/fraud/rules", "/fraud/rules/ip_velocity"):
        assert partner.get(path).status_code == 404
    assert partner.see("/disputes").heading == "Disputes"
