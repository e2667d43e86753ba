"""A conversion is judged before it is first stored: by its click, by itself, by others, and by what is usual."""

from __future__ import annotations

import secrets
from decimal import Decimal

import msgspec
import pytest

from fraud.entries import RuleEntry
from fraud.findings import facts_of
from fraud.rules.book import Rulebook
from fraud.usual.conversions import NOTHING_USUAL, Amounts, UsualConversions
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from tests.support.offers import goal, offer
from tests.support.pipeline import Host, new_offer_id, now_ms
from tracker.conversion_state import conversion_id
from tracker.events import Adjustment, Postback, PostbackFields
from tracker.pipeline.conversion_quality import JudgedBy
from tracker.routes import CapRoute, CouponRoute, PartnerRoute
from tracker.snapshot import Snapshot
from tracker.visitor import Place

HOUR = 3_600_000
AGENT = "Mozilla/5.0 (visitor)"


@pytest.fixture
def name():
    return f"edge-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store, wait_minutes=1)
    host.offer = new_offer_id()
    program(host)
    yield host
    host.kill()


def program(host, coupons=(), **terms):
    terms = {"payout": "2", "revenue": "4"} | terms
    host.program = Snapshot(
        1,
        {host.offer: offer(id=host.offer, advertiser_id=5, **terms)},
        {host.partner: PartnerRoute(host.partner, "p", "approved")},
        coupons={f"{c.offer_id}:{c.code}": c for c in coupons},
    )


def click(host, ago=HOUR, **changes):
    return host.click(host.offer, ts=now_ms() - ago, **changes)


def rules(host, *entries, usual=NOTHING_USUAL):
    host.judged_by = JudgedBy(Rulebook.of(entries), usual)


def quality(host, columns="verdict, fraud_reasons, status, reject_reason"):
    rows = host.rows(
        f"SELECT {columns} FROM conversions FINAL "  # noqa: S608 - columns named in this file
        "WHERE partner_id = {partner:UInt32} ORDER BY txn_id, goal"
    )
    return [tuple(row.values()) for row in rows]


def by_hand(host, one, **fields):
    return host.postback(one, None, event={"source": "api", "trusted": True, "actor": "ann"}, **fields)


# reasons


def test_an_ordinary_conversion_is_valid_under_the_rules_version(host, name):
    one = click(host)
    host.write(name, [one, host.postback(one)])
    host.run()
    assert quality(host, "verdict, fraud_reasons, fraud_facts, fraud_score, fraud_category, rules_version") == [
        ("valid", [], [], 0, "", host.judged_by.book.version)
    ]


def test_a_conversion_too_soon_is_suspect_with_its_facts_in_every_row_of_its_history(host, name):
    one = click(host, ago=2_000)
    host.write(name, [one, host.postback(one, ts=one.ts + 1_500)])
    host.run()
    [row] = quality(host, "verdict, fraud_reasons, fraud_facts, fraud_score, fraud_category, status")
    assert row == ("suspect", ["ctit_too_fast"], [row[2][0]], 50, "SIVT", "approved")
    assert facts_of(row[2][0]) == {"did": "Converted", "took": "1.5 s", "least": "5 s"}
    [change] = host.rows(
        "SELECT verdict, fraud_reasons FROM conversion_changes WHERE partner_id = {partner:UInt32}"
    )
    assert change == {"verdict": "suspect", "fraud_reasons": ["ctit_too_fast"]}


def store_click(host, one, **columns):
    """Store a click as if the pipeline had judged it so."""
    row = {
        "click_id": one.click_id,
        "ts": one.ts,
        "partner_id": host.partner,
        "offer_id": host.offer,
        "advertiser_id": 5,
        "ip": "198.51.100.7",
        "country": "DE",
    }
    clickhouse.insert(host.store, "clicks", rows_table("clicks", [row | columns]), one.click_id)


def test_the_clicks_reasons_and_the_conversions_own_corroborate_each_other(host, name):
    one = click(host, ago=2_000)
    store_click(
        host,
        one,
        verdict="suspect",
        fraud_reasons=["anonymous_proxy"],
        fraud_facts=["name=vpn"],
        fraud_category="SIVT",
        fraud_score=45,
        rules_version="older",
        model_score=40,
    )
    host.write(name, [host.postback(one, ts=one.ts + 900)])
    host.run()
    [row] = quality(host, "verdict, fraud_reasons, fraud_facts, fraud_score, rules_version")
    assert row[:2] == ("invalid", ["ctit_too_fast", "anonymous_proxy"])
    assert row[2][1] == "name=vpn"
    assert row[3:] == (72, host.judged_by.book.version)


def test_customers_in_another_country_are_told(host, name):
    one = click(host, ago=60_000, country="DE")
    host.places = {
        "198.51.100.7": Place(ip_prefix="198.51.100.0/24", country="DE"),
        "203.0.113.9": Place(ip_prefix="203.0.113.0/24", country="VN"),
    }
    host.write(name, [one, host.postback(one, conversion_ip="203.0.113.9")])
    host.run()
    assert quality(host, "verdict, fraud_reasons, fraud_facts") == [
        (
            "suspect",
            ["conversion_country_mismatch", "conversion_ip_mismatch"],
            ["click=DE conversion=VN", "click=198.51.100.0/24 conversion=203.0.113.0/24"],
        )
    ]


def test_conversions_of_a_batch_and_stored_ones_see_each_other(host, name):
    clicks = [click(host) for _ in range(3)]
    host.write(f"{name}a", [*clicks, host.postback(clicks[0]), host.postback(clicks[1])])
    host.run()
    host.write(f"{name}b", [host.postback(clicks[2])])
    host.run()
    rows = host.rows(
        "SELECT click_id, verdict, fraud_facts FROM conversions FINAL WHERE partner_id = {partner:UInt32}"
    )
    told = {row["click_id"]: (row["verdict"], row["fraud_facts"]) for row in rows}
    assert [told[one.click_id] for one in clicks] == [
        ("valid", []),
        ("suspect", ["txn=t1 count=1"]),
        ("suspect", ["txn=t1 count=2"]),
    ]


def test_a_click_that_is_sent_again_and_again_is_replayed_from_its_fourth_conversion_on(host, name):
    one = click(host)
    host.write(name, [one, *(host.postback(one, txn_id=f"t{n}") for n in range(5))])
    host.run()
    assert [reasons for _, reasons, *_ in quality(host)] == [
        [],
        [],
        [],
        ["replayed_click_id"],
        ["replayed_click_id"],
    ]


def test_a_customer_is_new_once_by_two_clicks(host, name):
    clicks = [click(host), click(host)]
    sent = [host.postback(one, txn_id=f"t{n}", customer_id="u-1") for n, one in enumerate(clicks)]
    host.write(name, [*clicks, *sent])
    host.run()
    assert [reasons for _, reasons, *_ in quality(host)] == [[], ["duplicate_customer"]]


def test_six_conversions_in_one_second_are_a_batch_and_those_of_a_file_are_not(host, name):
    clicks = [click(host) for _ in range(12)]
    second = now_ms() // 1000 * 1000
    sent = [host.postback(one, txn_id=f"t{n}", ts=second + n) for n, one in enumerate(clicks[:6])]
    uploaded = [
        host.postback(one, txn_id=f"u{n}", ts=second + n, event={"source": "upload"})
        for n, one in enumerate(clicks[6:])
    ]
    host.write(name, [*clicks, *sent, *uploaded])
    host.run()
    assert [reasons for _, reasons, *_ in quality(host)] == [["same_second_batch"]] * 6 + [[]] * 6


def test_a_sale_by_coupon_without_a_click_is_judged_and_one_whose_visitor_others_sent_has_leaked(host, name):
    program(host, [CouponRoute(1, "SPRING", host.offer, host.partner)])
    visitor = click(host, ago=60_000, partner_id=host.partner + 500_000, ip="198.51.100.40", user_agent=AGENT)

    def sale(txn_id, ip, agent):
        fields = PostbackFields("", txn_id=txn_id, amount="9", coupon="spring", conversion_ip=ip)
        return Postback(now_ms(), fields, host.offer, "GET", b"", ip, agent)

    host.write(name, [visitor, sale("t1", "", ""), sale("t2", "198.51.100.40", AGENT)])
    host.run()
    assert quality(host, "verdict, fraud_reasons, attribution, ip") == [
        ("valid", [], "coupon", ""),
        ("suspect", ["coupon_leak"], "coupon", ""),
    ]


def test_a_view_and_an_adjustment_raise_nothing(host, name):
    program(host, view_window_s=7200)
    seen = click(host, ago=2_000, kind="impression")
    paid = Adjustment(now_ms(), secrets.token_hex(6), host.partner, 5, host.offer, "5", "0", "USD", "bonus", "ann")
    host.write(name, [seen, host.postback(seen), paid])
    host.run()
    assert sorted(quality(host, "attribution, verdict, fraud_reasons")) == [
        ("adjustment", "", []),
        ("view", "valid", []),
    ]


def test_self_tests_are_not_judged(host, name):
    rules(host, RuleEntry("ctit_too_fast", action="reject"))
    one = click(host, ago=1_000, is_test=True)
    host.write(name, [one, host.postback(one, event={"is_test": True})])
    host.run()
    assert quality(host) == [("valid", [], "approved", "")]


# later states


def test_later_states_keep_the_verdict_unless_what_it_depends_on_changes(host, name):
    usual = UsualConversions(amounts={(host.offer, "USD"): Amounts(100, 4.0, 0.2)})
    rules(host, RuleEntry("amount_outlier", action="reject"), usual=usual)
    one = click(host, ago=2_000)
    host.write(f"{name}a", [one, host.postback(one, "50", ts=one.ts + 1_000, status="pending")])
    host.run()
    rules(host, usual=usual)
    for suffix, sent, reasons in (
        ("b", host.postback(one, None, status="approved"), ["ctit_too_fast"]),
        ("c", host.postback(one, "5000"), ["ctit_too_fast", "amount_outlier"]),
        ("d", host.postback(one, "60"), ["ctit_too_fast"]),
    ):
        host.write(f"{name}{suffix}", [sent])
        host.run()
        assert quality(host) == [("invalid" if len(reasons) > 1 else "suspect", reasons, "approved", "")]


def test_an_amount_corrected_within_the_batch_is_judged_as_it_is_then(host, name):
    usual = UsualConversions(amounts={(host.offer, "USD"): Amounts(100, 4.0, 0.2)})
    rules(host, usual=usual)
    one = click(host)
    host.write(name, [one, host.postback(one, "5000"), host.postback(one, "50")])
    host.run()
    assert quality(host) == [("valid", [], "approved", "")]


# what follows


@pytest.mark.parametrize(("action", "status"), [("hold", "hold"), ("reject", "rejected")])
def test_an_action_holds_or_rejects_with_the_reason_fraud_and_pays_once_a_person_approves(
    host, name, action, status
):
    rules(host, RuleEntry("ctit_too_fast", action=action))
    one = click(host, ago=2_000)
    sent = host.postback(one, ts=one.ts + 1_000)
    host.write(f"{name}a", [one, sent])
    host.run()
    assert quality(host) == [("suspect", ["ctit_too_fast"], status, "fraud")]
    [told] = [row for rows in host.told for row in rows]
    assert (told["status"], told["reject_reason"], told["payout"]) == (status, "fraud", Decimal(2))
    # The same postback again, and one that merely says approved, change nothing.
    host.write(f"{name}b", [sent, host.postback(one, None, status="approved")])
    host.run()
    assert len(host.history()) == 1
    host.write(f"{name}c", [by_hand(host, one, status="approved")])
    host.run()
    assert quality(host) == [("suspect", ["ctit_too_fast"], "approved", "")]
    host.write(f"{name}d", [sent])
    host.run()
    assert quality(host) == [("suspect", ["ctit_too_fast"], "approved", "")]
    assert [row[1] for row in host.history()] == [status, "approved"]


def test_an_action_on_the_clicks_reason_is_the_conversions_too(host, name):
    rules(host, RuleEntry("bot_user_agent", action="reject"))
    one = click(host)
    store_click(host, one, verdict="invalid", fraud_reasons=["bot_user_agent"], fraud_facts=[""], fraud_score=95)
    host.write(name, [host.postback(one)])
    host.run()
    assert quality(host) == [("invalid", ["bot_user_agent"], "rejected", "fraud")]


def test_an_action_on_a_score_and_one_set_for_another_partner(host, name):
    rules(
        host,
        RuleEntry("score", settings={"threshold": 50}, action="hold"),
        RuleEntry("ctit_too_fast", partner_id=host.partner + 1, action="reject"),
    )
    clicks = [click(host, ago=2_000), click(host)]
    sent = [host.postback(one, ts=one.ts + 1_000 + n * 60_000, txn_id=f"t{n}") for n, one in enumerate(clicks)]
    host.write(name, [*clicks, *sent])
    host.run()
    assert [row[2] for row in quality(host)] == ["hold", "approved"]


def test_what_a_person_enters_as_approved_stays_approved(host, name):
    rules(host, RuleEntry("duplicate_txn", action="reject"))
    clicks = [click(host), click(host)]
    entered = msgspec.structs.replace(
        host.postback(clicks[1]),
        source="api",
        trusted=True,
        fields=host.postback(clicks[1], status="approved").fields,
    )
    host.write(name, [*clicks, host.postback(clicks[0]), entered])
    host.run()
    rows = host.rows(
        "SELECT status, fraud_reasons FROM conversions FINAL "
        "WHERE partner_id = {partner:UInt32} AND click_id = {click:String}",
        click=clicks[1].click_id,
    )
    assert rows == [{"status": "approved", "fraud_reasons": ["duplicate_txn"]}]


def test_what_rules_hold_takes_no_room_under_a_cap(host, name):
    program(host, caps=(CapRoute(1, "conversion", "total", "1"),))
    rules(host, RuleEntry("ctit_too_fast", action="hold"))
    fast, slow, late = click(host, ago=2_000), click(host), click(host)
    host.write(
        name,
        [
            *(fast, slow, late),
            host.postback(fast, ts=fast.ts + 1_000, txn_id="t1"),
            host.postback(slow, txn_id="t2"),
            host.postback(late, txn_id="t3"),
        ],
    )
    host.run()
    assert [row[2:] for row in quality(host)] == [("hold", "fraud"), ("approved", ""), ("rejected", "cap_reached")]


def test_rules_come_before_a_hold_period_which_then_never_begins(host, name):
    program(host, hold_s=1)
    rules(host, RuleEntry("ctit_too_fast", action="hold"))
    one = click(host, ago=2_000)
    host.write(name, [one, host.postback(one, ts=one.ts + 500)])
    host.run()
    host.convert(in_s=3_600)
    host.run()
    assert quality(host) == [("suspect", ["ctit_too_fast"], "hold", "fraud")]


def test_what_rules_hold_gets_its_money_when_its_rate_comes_and_stays_on_hold(host, name):
    program(host, payout="2", payout_percent="10")
    host.program = msgspec.structs.replace(host.program, base_currency="USD")
    rules(host, RuleEntry("ctit_too_fast", action="hold"))
    one = click(host, ago=2_000)
    host.write(name, [one, host.postback(one, "100", currency="EUR", ts=one.ts + 500)])
    host.run()
    assert quality(host, "status, reject_reason, payout") == [("hold", "fraud", Decimal(0))]
    host.program = msgspec.structs.replace(host.program, rates={"EUR": ((0, "2"),)})
    host.stage._late_rates._next_look = 0.0
    host.convert()
    host.convert(in_s=1)
    assert quality(host, "status, reject_reason, payout") == [("hold", "fraud", Decimal(22))]


def test_a_killed_pipeline_judges_once(host, name):
    rules(host, RuleEntry("ctit_too_fast", action="hold"))
    one = click(host, ago=2_000)
    host.write(name, [one, host.postback(one, ts=one.ts + 500)])
    host.run()
    host.restart()
    host.run()
    assert [row[1] for row in host.history()] == ["hold"]
    key = conversion_id(one.click_id, "", "t1")
    assert host.remembered[key].reject_reason == "fraud"


def test_goals_of_one_click_are_judged_apart(host, name):
    program(host, more_goals=(goal("install"), goal("sale", model="CPS")))
    one = click(host, ago=9_000)
    sent = [host.postback(one, ts=one.ts + 6_000, goal=code, txn_id="") for code in ("install", "sale")]
    host.write(name, [one, *sent])
    host.run()
    assert [reasons for _, reasons, *_ in quality(host)] == [[], ["ctit_too_fast"]]
