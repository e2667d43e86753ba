"""The road of one click, its conversion, and what people do with conversions by hand."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import time
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from tests.support.journals import events
from tests.support.pages import Visitor
from tracker.click_id import ClickIdKeys
from tracker.events import Adjustment, Event, Postback
from tracker.journal import DIRECTORY

_numbers = itertools.count(1)
FOUND = {"verdict": "suspect", "fraud_reasons": ["ip_velocity"], "fraud_facts": ["count=80 window=minute usual=2"]}


class Case:
    """A partner, its offer, a click and conversions of it."""

    def __init__(self, web, store):
        self.web, self.store = web, store
        self.partner, self.advertiser = web.partner(name="Rosa of the road"), web.advertiser()
        offer = {"name": "Road shoes", "advertiser_id": self.advertiser, "currency": "EUR", "payout": "3"}
        offer |= {"destination": "https://shop.example/", "revenue": "5"}
        self.offer = web.admin.made("POST", "/api/v1/offers", offer)["id"]
        self.ids = ClickIdKeys({0: bytes.fromhex("5c" * 32)}, 0)
        self.manager = Visitor(web, web.key(role="manager"))
        self.own = Visitor(web, web.key(role="partner", partner_id=self.partner))
        self.pays = Visitor(web, web.key(role="advertiser", advertiser_id=self.advertiser))

    def put(self, table, row):
        insert(self.store, table, rows_table(table, [row]), f"road-{self.partner}-{next(_numbers)}")

    def click(self, **columns):
        """Store a click of a minute ago and return its row."""
        ts = int(datetime.now(UTC).timestamp() * 1000) - 60_000
        whose = {"partner_id": self.partner, "advertiser_id": self.advertiser, "offer_id": self.offer}
        row = {
            "click_id": self.ids.mint(ts, self.offer),
            "ts": ts,
            "country": "DE",
            "os": "Linux",
            **whose,
            **columns,
        }
        self.put("clicks", row)
        return row

    def convert(self, click, *statuses, **columns):
        """Store a conversion that had these states and return its last row."""
        conversion_id = f"road-{self.partner}-{next(_numbers)}"
        for place, status in enumerate(statuses):
            at = click["ts"] + 1000 * (place + 1)
            row = {
                "conversion_id": conversion_id, "ts": click["ts"] + 1000, "changed_at": at, "change_seq": at * 1000,
                "click_ts": click["ts"], "ctit_ms": 1000, "status": status, "attribution": "click", "currency": "EUR",
                "payout": Decimal(3), "revenue": Decimal(5), "conversion_source": "postback", "txn_id": conversion_id,
                **{name: click[name] for name in ("click_id", "partner_id", "advertiser_id", "offer_id")}, **columns,
            }  # fmt: skip
            self.put("conversion_changes", row)
        self.put("conversions", row)
        return row

    def written(self, kind):
        """Return what was written down of a kind."""
        found = msgspec.convert(events(self.web.app.state.settings.data_dir / DIRECTORY), list[Event])
        return [event for event in found if isinstance(event, kind)]


@pytest.fixture(scope="module")
def case(web, event_store):
    made = Case(web, event_store)
    web.client.portal.call(web.app.state.publish)
    return made


def times(page):
    return [page.words(item.find("p")) for item in page.soup.select("ol.road > li")]


def test_the_road_tells_every_step_with_its_reasons_states_and_money(case):
    click = case.click(**FOUND, fraud_score=55, model_score=97, model_version="m1", model_features=["hour_of_day"])
    sale = case.convert(click, "pending", "approved", actor="user:7", change_reason="the shop confirms")
    page = case.manager.see(f"/clicks/{click['click_id']}")
    assert times(page) == [
        "A link of Rosa of the road was clicked in DE on Linux.",
        "Sent to Road shoes, the offer that was asked for.",
        "Judged suspect with a score of 55.",
        "Conversion by postback (user:7): pending",
        "The conversion changed by postback (user:7): approved",
    ]
    assert "80 clicks from this address in one minute, usually 2." in page.text
    assert "stranger than 97 % of its training's clicks by hour of day" in page.text
    assert "payout €3.00 · revenue €5.00" in page.text
    assert page.links()["Rosa of the road"] == f"/partners/{case.partner}"
    assert page.links()["Rule ip velocity"] == "/fraud/rules/ip_velocity"
    assert page.links()["The conversion changed"] == f"/conversions/{sale['conversion_id']}"
    earned = {row["Whose"]: row["Earned"] for row in page.table("What came of it")}
    assert earned == {"The partner's payout": "€3.00", "The network's revenue": "€5.00"}


def test_a_partner_sees_its_own_road_alone_and_no_revenue(case, web):
    click = case.click()
    case.convert(click, "approved")
    page = case.own.see(f"/clicks/{click['click_id']}")
    assert "€3.00" in page.text
    assert "revenue" not in page.text.lower()
    assert "€5.00" not in page.answer.text
    assert "€3.00" not in case.pays.see(f"/clicks/{click['click_id']}").answer.text
    stranger = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    assert stranger.see(f"/clicks/{click['click_id']}", 404).heading == "There is nothing here"


def test_what_came_for_a_click_and_was_refused_stands_on_its_road(case):
    click = case.click(trafficback_reason="offer_paused", offer_id=0)
    row = {"rejected_id": f"r{case.partner}", "ts": click["ts"] + 500, "kind": "postback", "reason": "token_wrong"}
    case.put(
        "rejected", row | {"detail": "The token is wrong.", "click_id": click["click_id"], "raw": b"/postback"}
    )
    page = case.manager.see(f"/clicks/{click['click_id']}")
    assert "A postback that names it was refused: token wrong" in times(page)
    assert "because the offer was paused" in page.text
    assert "No conversion came of it so far." in page.text
    assert "was refused" not in case.own.see(f"/clicks/{click['click_id']}").text


def test_a_conversion_shows_its_states_and_what_the_one_who_looks_may_do(case):
    sale = case.convert(case.click(), "pending", "hold", reject_reason="looking", fraud_score=45, **FOUND)
    path = f"/conversions/{sale['conversion_id']}"
    page = case.manager.see(path)
    assert times(page) == ["pending by postback", "on hold by postback"]
    assert [button["value"] for button in page.soup.select("button[name=status]")] == ["approved", "rejected"]
    assert page.links()["PDF, to read"] == f"/api/v1/fraud/evidence/{sale['conversion_id']}.pdf"
    assert case.manager.get(page.links()["JSON, to verify"]).status_code == 200
    assert "Correct the money" in page.text
    own = case.own.see(path)
    assert "Decide" not in own.text
    assert own.links()["Dispute it"].startswith("/disputes")
    assert {"payout", "revenue"}.isdisjoint(case.pays.see(path).form("correct"))


@pytest.mark.parametrize(
    ("status", "said"), [("hold", "put on hold"), ("rejected", "rejected"), ("approved", "approved")]
)
def test_a_decision_is_written_down_with_who_and_why(case, status, said):
    sale = case.convert(case.click(), "pending")
    page = case.manager.see(f"/conversions/{sale['conversion_id']}")
    done = page.send("decide", status=status, reason="as the shop says")
    assert f"The conversion is {said}." in done.text
    assert done.path.endswith(f"?after={sale['change_seq']}")
    assert done.soup.find(attrs={"data-awaits": True})["data-than"] == str(sale["change_seq"])
    change = next(one for one in case.written(Postback) if one.conversion_id == sale["conversion_id"])
    assert (change.fields.status, change.reason, change.trusted) == (status, "as the shop says", True)


def test_a_decision_without_a_reason_and_one_that_cant_be_are_refused_beside_the_form(case):
    sale = case.convert(case.click(), "pending", "approved")
    page = case.manager.see(f"/conversions/{sale['conversion_id']}")
    nameless = page.send("decide", 400, status="rejected", reason=" ")
    assert nameless.words(nameless.soup.find(id="f-reason-problem")) == "Say why."
    refused = page.send("decide", 409, status="hold", reason="wait")
    assert "it can't become hold" in refused.text
    assert refused.form("decide")["reason"] == "wait"


def test_money_is_corrected_and_what_is_no_number_is_said_beside_its_field(case):
    sale = case.convert(case.click(), "approved")
    page = case.manager.see(f"/conversions/{sale['conversion_id']}")
    wrong = page.send("correct", 400, payout="4,50", reason="agreed")
    assert wrong.words(wrong.soup.find(id="f-payout-problem")) == "Write a plain number, such as 12.50."
    assert "The money is corrected." in page.send("correct", payout="4.50", reason="agreed").text
    change = next(one for one in case.written(Postback) if one.conversion_id == sale["conversion_id"])
    assert (change.fields.payout, change.fields.amount, change.reason) == ("4.50", None, "agreed")


def test_a_conversion_is_entered_for_a_click_and_waited_for(case):
    click = case.click()
    page = case.manager.see(f"/conversions/new?click_id={click['click_id']}")
    wrong = page.send("enter", 400, amount="much", reason="phone order")
    assert wrong.words(wrong.soup.find(id="f-amount-problem")) == "Write a plain number, such as 12.50."
    assert wrong.form("enter")["click_id"] == click["click_id"]
    done = page.send("enter", amount="50", txn_id="phone-1", reason="phone order")
    assert "The conversion is entered." in done.text
    assert done.soup.find(attrs={"data-awaits": True})["data-than"] == "0"
    entered = next(one for one in case.written(Postback) if one.fields.txn_id == "phone-1")
    assert (entered.fields.click_id, entered.source) == (click["click_id"], "api")
    forged = page.send("enter", 403, click_id="A" * 32, reason="x")
    assert "click id" in forged.text.lower()


def test_refused_rows_of_a_file_come_back_with_why_and_can_be_sent_again(case):
    clicks = [case.click()["click_id"] for _ in range(2)]
    file = f"click_id,txn_id,amount\n{clicks[0]},up-1,5\nnonsense,up-2,7\n{clicks[1]},up-3,much\n"
    page = case.manager.see("/conversions/upload")
    checked = page.after(case.manager.post(page.path, {"do": "check", "file": file}), 200)
    assert "What would become of it" in checked.text
    assert [row["Line"] for row in checked.table("Refused rows")] == ["3", "4"]
    assert not [one for one in case.written(Postback) if one.fields.txn_id == "up-1"]
    fields = checked.form("take")
    taken = checked.after(
        case.manager.post("/conversions/upload", fields | {"content": fields["content"].lstrip()}), 200
    )
    assert "What became of it" in taken.text
    assert [one.reason for one in case.written(Postback) if one.fields.txn_id == "up-1"] == ["upload"]
    sent = base64.b64decode(taken.links()["Download the refused rows"].partition(",")[2]).decode()
    rows = list(csv.DictReader(io.StringIO(sent)))
    assert [(row["click_id"], row["txn_id"], row["amount"]) for row in rows] == [
        ("nonsense", "up-2", "7"),
        (clicks[1], "up-3", "much"),
    ]
    assert all(row["problem"] for row in rows)
    again = taken.after(
        case.manager.post("/conversions/upload", {"do": "take", "file": sent.replace("much", "8")}), 200
    )
    assert [row["Line"] for row in again.table("Refused rows")] == ["2"]


def test_no_file_and_a_file_that_is_none_are_refused(case):
    for file in ("", "nothing,of,this\n1,2,3\n"):
        answer = case.manager.post("/conversions/upload", {"do": "check", "file": file})
        assert answer.status_code == 400
        assert "problem" in answer.text or "column" in answer.text


def test_an_account_is_adjusted_and_the_adjustment_listed(case):
    page = case.manager.see(f"/adjustments?partner_id={case.partner}")
    assert page.form("adjust")["partner_id"] == str(case.partner)
    nothing = page.send("adjust", 400, currency="EUR", reason="x")
    assert "Name the money" in nothing.text
    done = page.send("adjust", payout="-2.25", currency="eur", reason="bonus taken back")
    assert "is made" in done.text
    made = next(one for one in case.written(Adjustment) if one.reason == "bonus taken back")
    assert (made.partner_id, made.payout, made.currency) == (case.partner, "-2.25", "EUR")
    assert case.own.get("/adjustments").status_code == 404


def test_tries_of_outgoing_postbacks_are_listed_and_sent_again(case):
    sale = case.convert(case.click(), "approved")
    now = int(time.time() * 1000)
    message = f"{sale['conversion_id']}_7_{sale['change_seq']}"
    row = {
        "message_id": message, "attempt": 1, "ts": now, "hook_id": 7, "hook_kind": "postback", "hook_partner_id": 0,
        "conversion_id": sale["conversion_id"], "partner_id": case.partner, "advertiser_id": case.advertiser,
        "method": "GET", "url": "https://tracker.example/pb", "outcome": "given_up", "response_status": 500,
    }  # fmt: skip
    case.put("outbound_attempts", row)
    page = case.manager.see(f"/conversions/{sale['conversion_id']}")
    (shown,) = page.table("The newest try")
    assert (shown["Outcome"], shown["To"]) == ("given up answer 500", "https://tracker.example/pb")
    assert "It is sent again" in page.send("resend", holding={"message_id": message}).text
    assert "Nobody was told" in case.own.see(f"/conversions/{sale['conversion_id']}").text


def test_chosen_conversions_of_the_log_are_decided_at_once_each_for_itself(case):
    click = case.click()
    pending, approved = case.convert(click, "pending"), case.convert(click, "approved")
    page = case.manager.see(f"/conversions?range=today&click_id={click['click_id']}")
    boxes = [box["value"] for box in page.soup.select("input[name=chosen]")]
    assert len(boxes) == 2
    path = page.path
    assert "Choose conversions first" in page.send("decide", 400, status="hold", why="x").text
    nameless = page.after(case.manager.post(path, page.form("decide") | {"chosen": boxes, "status": "hold"}), 400)
    assert nameless.soup.find(id="f-why-problem")
    assert len(nameless.soup.select("input[name=chosen][checked]")) == 2
    sent = page.form("decide") | {"chosen": boxes, "status": "hold", "why": "look again"}
    done = page.after(case.manager.post(path, sent), 200)
    assert "1 conversion is put on hold" in done.text
    assert f"{approved['conversion_id']} : The conversion is approved; it can't become hold" in done.text
    held = [one for one in case.written(Postback) if one.reason == "look again"]
    assert [one.conversion_id for one in held] == [pending["conversion_id"]]
    assert not case.own.see(path).soup.select("input[name=chosen]")


def test_a_file_in_another_encoding_says_how_to_save_it(case):
    files = {"file": ("sales.csv", "click_id,txn_id\nx,\u00fc\n".encode("latin-1"), "text/csv")}
    answer = case.web.client.post(
        "/conversions/upload", data={"do": "check"}, files=files, headers=case.manager.headers
    )
    assert answer.status_code == 400
    assert "save it as CSV UTF-8" in answer.text
