"""Disputes as pages: a partner opens one and talks, the network keeps notes of its own and decides."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from tests.support.pages import Visitor

MILLIS = int(datetime(2018, 5, 6, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def parties(web):
    """Return a partner's id, it as a visitor, and a manager."""
    partner = web.partner()
    return (
        partner,
        Visitor(web, web.key(role="partner", partner_id=partner)),
        Visitor(web, web.key(role="manager")),
    )


@pytest.fixture(scope="module")
def offer(web):
    """Return an offer."""
    body = {"name": f"Disputed {web.number()}", "advertiser_id": web.advertiser(), "currency": "USD"}
    return web.admin.made("POST", "/api/v1/offers", body | {"destination": "https://shop.example/"})


@pytest.fixture
def conversion(web, event_store, parties, offer):
    """Return the id of a held conversion of the partner."""
    conversion_id = f"page-dispute-{web.number()}-{parties[0]}"
    row = {
        "conversion_id": conversion_id,
        "ts": MILLIS,
        "changed_at": MILLIS,
        "change_seq": MILLIS * 1000,
        "partner_id": parties[0],
        "advertiser_id": offer["advertiser_id"],
        "offer_id": offer["id"],
        "txn_id": conversion_id,
        "status": "hold",
        "currency": "USD",
        "payout": Decimal("1.5"),
        "revenue": Decimal(2),
    }
    insert(event_store, "conversions", rows_table("conversions", [row]), conversion_id)
    return conversion_id


def api(web, page):
    return web.admin.made("GET", f"/api/v1/fraud/{page.path.strip('/')}")


def test_from_opening_to_a_decision_each_side_reads_what_is_meant_for_it(web, parties, conversion):
    _, partner, manager = parties
    page = partner.see(f"/disputes?conversion_id={conversion}")
    assert page.form("open")["conversion_id"] == conversion
    mine = page.send("open", reason="These are our subscribers.")
    theirs = manager.see(mine.path)
    assert "hold · $1.50 payout" in theirs.text
    assert theirs.links()["Signed pack as PDF"] == f"/api/v1/fraud/evidence/{conversion}.pdf"
    theirs = theirs.send("say", text="Looks like farm 12.", internal="true")
    theirs = theirs.send("say", text="Which campaign was it?")
    assert [one["internal"] for one in api(web, mine)["history"]] == [False, True, False]
    seen = partner.see(mine.path)
    assert "farm 12" not in seen.text
    assert "Which campaign was it?" in seen.text
    seen.send("say", text="The one in May.")
    theirs = manager.see(mine.path).send("decide")
    assert api(web, mine)["state"] == "under_review"
    over = theirs.send("decide", state="overturned", reason="The shop confirmed them.")
    assert (api(web, mine)["state"], api(web, mine)["outcome"]) == ("overturned", "approved")
    assert "The conversion was approved." in over.text
    assert "The shop confirmed them." in partner.see(mine.path).text
    states = {row["Dispute"]: row["State"] for row in manager.see("/disputes?state=overturned").table("Disputes")}
    assert states[f"Dispute {mine.path.rpartition('/')[2]}"] == "overturned"


def test_a_decision_without_a_reason_or_of_what_changed_meanwhile_is_refused(web, parties, conversion):
    _, partner, manager = parties
    mine = partner.see("/disputes").send("open", conversion_id=conversion, reason="Real people.")
    page = manager.see(mine.path).send("decide")
    refused = page.send("decide", 400, state="upheld", reason="")
    assert "say why it is upheld" in refused.soup.find(id="f-reason-problem").text
    partner.see(mine.path).send("say", text="One more thing.")
    stale = page.send("decide", 412, state="upheld", reason="No.")
    assert "Somebody changed it" in stale.text
    kept = manager.see(mine.path).send("decide", state="overturned", reason="Fine.", leave_money="true")
    assert api(web, mine)["outcome"] == "nothing"
    assert not kept.soup.find("input", attrs={"value": "withdraw"})


def test_days_are_disputed_by_the_partner_and_withdrawn_and_by_the_network_for_it(web, parties):
    partner_id, partner, manager = parties
    mine = partner.see("/disputes").send(
        "open", first_day="2018-05-01", last_day="2018-05-03", reason="A campaign."
    )
    told = api(web, mine)
    assert (told["partner_id"], told["first_day"], told["last_day"]) == (partner_id, "2018-05-01", "2018-05-03")
    mine.send("withdraw")
    assert api(web, mine)["state"] == "withdrawn"
    theirs = manager.see(f"/disputes?partner_id={partner_id}")
    theirs = theirs.send("open", first_day="2018-06-01", partner_id=str(partner_id), reason="They called.")
    assert (api(web, theirs)["partner_id"], api(web, theirs)["opened_by_partner"]) == (partner_id, False)
    wrong = partner.see("/disputes").send("open", 400, first_day="2018-05-03", last_day="2018-05-01", reason="x")
    assert wrong.soup.find(id="f-last_day-problem") is not None
    assert wrong.form("open")["reason"] == "x"
    nobody = manager.see("/disputes").send("open", 400, first_day="2018-05-03", reason="x")
    assert "name the partner" in nobody.text


def test_another_partner_finds_none_of_it_and_partners_dont_decide(web, parties, conversion):
    _, partner, _ = parties
    mine = partner.see("/disputes").send("open", conversion_id=conversion, reason="Real.")
    stranger = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    assert stranger.get(mine.path).status_code == 404
    assert "No dispute here" in stranger.see("/disputes").text
    assert stranger.post(mine.path, {"do": "say", "text": "hm"}).status_code == 404
    decided = partner.post(mine.path, {"do": "decide", "state": "overturned", "reason": "Please."})
    assert decided.status_code == 403
    noted = partner.post(mine.path, {"do": "say", "text": "hm", "internal": "true"})
    assert noted.status_code == 403
    assert partner.see("/disputes").table("Disputes")[0]["About"].split()[1] == conversion
