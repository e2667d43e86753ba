"""Whose conversions are that name no click: a coupon's partner, a visitor's last click, or last impression."""

from __future__ import annotations

import secrets
from decimal import Decimal

import pytest

from tests.support.offers import goal, offer
from tests.support.pipeline import KEYS, Host, new_offer_id, now_ms
from tracker.conversion_state import clickless_id, conversion_id
from tracker.events import Adjustment, Outgoing, Postback, PostbackFields
from tracker.pipeline import conversions
from tracker.routes import CouponRoute, PartnerRoute
from tracker.snapshot import Snapshot

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


def program(host, status="approved", **terms):
    terms = {"view_window_s": 3600, "payout": "0", "payout_percent": "10"} | terms
    now = now_ms()
    codes = [
        CouponRoute(1, "SPRING", host.offer, host.partner),
        CouponRoute(2, "OLD", host.offer, host.partner, ends_at=now - HOUR),
        CouponRoute(3, "NEXT", host.offer, host.partner, starts_at=now + HOUR),
    ]
    host.program = Snapshot(
        1,
        {host.offer: offer(id=host.offer, advertiser_id=5, **terms)},
        {host.partner: PartnerRoute(host.partner, "p", status)},
        coupons={f"{c.offer_id}:{c.code}": c for c in codes},
    )


def reported(host, *, ip="", agent="", source="postback", ts=None, is_test=False, **fields):
    values = {"click_id": "", "txn_id": "t1", "amount": "50", "conversion_ip": ip} | fields
    ts = now_ms() if ts is None else ts
    return Postback(ts, PostbackFields(**values), host.offer, "GET", b"", ip, agent, source, is_test=is_test)


def visit(host, ip, *, ago=1000, **changes):
    return host.click(host.offer, ts=now_ms() - ago, ip=ip, user_agent=AGENT, **changes)


def stored(host):
    return host.rows(
        "SELECT conversion_id, click_id, attribution, sub1, coupon, status, payout, ctit_ms, advertiser_id, offer_id "
        "FROM conversions FINAL WHERE partner_id = {partner:UInt32} ORDER BY txn_id"
    )


def rejected(host, *ids):
    return [row["reason"] for row in host.rejected(*ids)]


def wait_out(host):
    """Go on until everything that waits has waited long enough."""
    for n in range(1, 9):
        host.convert(in_s=n * conversions.LONGEST_WAIT_SECONDS)


def test_a_coupon_gives_the_sale_to_its_partner(host, name):
    host.write(name, [reported(host, coupon=" spring ")])
    host.run()
    (row,) = stored(host)
    assert row["conversion_id"] == clickless_id(host.offer, "", "t1")
    assert (row["attribution"], row["coupon"], row["click_id"], row["ctit_ms"]) == ("coupon", "SPRING", "", 0)
    assert (row["advertiser_id"], row["offer_id"], row["payout"]) == (5, host.offer, Decimal(5))


def test_a_change_finds_a_sale_without_a_click_months_later(host, name):
    first = now_ms() - 100 * 24 * HOUR
    host.write(name, [reported(host, coupon="SPRING", ts=first)])
    host.run()
    host.restart()
    host.write(name, [reported(host, coupon="spring"), reported(host, coupon="SPRING", status="rejected")])
    host.run()
    host.convert()
    assert [row["status"] for row in stored(host)] == ["rejected"]
    assert [outcome for *_, outcome in host.history()] == ["accepted", "updated"]


@pytest.mark.parametrize("code", ["OLD", "NEXT", "OTHER"])
def test_a_coupon_that_is_not_valid_gives_nobody_the_sale(host, name, code):
    host.write(name, [reported(host, coupon=code)])
    host.run()
    assert (stored(host), rejected(host)) == ([], [])
    wait_out(host)
    assert (stored(host), rejected(host, name)) == ([], ["not_attributed"])
    assert host.ledger.waiting() == 0


def test_a_partner_who_was_suspended_earns_by_no_coupon(host, name):
    program(host, status="suspended")
    host.write(name, [reported(host, coupon="SPRING")])
    host.run()
    wait_out(host)
    assert rejected(host, name) == ["not_attributed"]


def test_a_visitors_last_click_within_the_window_gets_the_conversion(host, name):
    ip = "203.0.113.1"
    clicks = [
        visit(host, ip, ago=40 * 24 * HOUR, sub1="long ago"),
        visit(host, ip, ago=2 * HOUR, sub1="first"),
        visit(host, ip, ago=HOUR, sub1="last"),
        visit(host, ip, ago=-HOUR, sub1="after"),
        visit(host, ip, ago=500, sub1="test", is_test=True),
        visit(host, ip, ago=400, sub1="elsewhere", trafficback_reason="offer_paused"),
        visit(host, "203.0.113.2", ago=300, sub1="another address"),
    ]
    host.write(name, [*clicks, reported(host, ip=ip, agent=AGENT, source="pixel")])
    host.run()
    (row,) = stored(host)
    assert (row["sub1"], row["attribution"], row["click_id"]) == ("last", "click", clicks[2].click_id)
    assert HOUR <= row["ctit_ms"] < HOUR + 60_000


def test_without_a_click_the_last_impression_within_its_own_window_counts_as_view(host, name):
    ip = "203.0.113.3"
    seen = [
        visit(host, ip, ago=2 * HOUR, sub1="too long ago", kind="impression"),
        visit(host, ip, ago=HOUR // 2, sub1="seen", kind="impression"),
    ]
    host.write(name, [*seen, reported(host, ip=ip, agent=AGENT, source="script")])
    host.run()
    (row,) = stored(host)
    assert (row["sub1"], row["attribution"], row["click_id"]) == ("seen", "view", seen[1].click_id)
    assert host.stored() == []


def test_an_impressions_id_converts_within_the_view_window_only(host, name):
    seen = visit(host, "", ago=HOUR // 2, kind="impression")
    old = visit(host, "", ago=2 * HOUR, kind="impression")
    host.write(name, [seen, old, host.postback(seen), host.postback(old)])
    host.run()
    assert [row["attribution"] for row in stored(host)] == ["view"]
    assert rejected(host, name) == ["outside_window"]
    program(host, view_window_s=0)
    host.write(name, [host.postback(seen, txn_id="t2")])
    host.run()
    host.convert()
    assert rejected(host, name) == ["outside_window", "not_attributed"]


def test_an_unknown_visitor_waits_and_gets_the_click_another_host_stores_late(host, name):
    ip = "203.0.113.4"
    clicked = visit(host, ip, sub1="late")
    host.write(f"{name}a", [reported(host, ip=ip, agent=AGENT, source="pixel")])
    host.run()
    assert (stored(host), host.ledger.waiting()) == ([], 1)
    host.write(f"{name}b", [clicked])
    host.run()
    host.convert(in_s=conversions.FIRST_WAIT_SECONDS)
    assert [row["sub1"] for row in stored(host)] == ["late"]


def test_who_waits_without_a_click_holds_back_only_their_own_transaction(host, name):
    host.write(name, [reported(host, txn_id="t1"), reported(host, txn_id="t2", coupon="SPRING")])
    host.run()
    assert len(stored(host)) == 1
    assert host.ledger.waiting() == 1


def test_a_self_test_may_find_a_self_tests_click_and_is_one(host, name):
    ip = "203.0.113.5"
    tested = visit(host, ip, sub1="test", is_test=True)
    host.write(name, [tested, reported(host, ip=ip, agent=AGENT, source="pixel", is_test=True)])
    host.run()
    rows = host.rows("SELECT is_test, sub1 FROM conversions WHERE partner_id = {partner:UInt32}")
    assert [tuple(row.values()) for row in rows] == [(True, "test")]


def test_a_self_test_changes_no_conversion_that_counts(host, name):
    click = host.click(host.offer)
    host.write(
        name, [click, host.postback(click), host.postback(click, status="rejected", event={"is_test": True})]
    )
    host.run()
    assert [row["status"] for row in stored(host)] == ["approved"]
    assert rejected(host, name) == ["transition_not_allowed"]
    # An edge, which took both, is told what holds.
    assert [state.status for state in host.remembered.values()] == ["approved"]


@pytest.mark.parametrize(("later", "reasons"), [(59_999, ["conversion_too_early"]), (60_000, [])])
def test_a_conversion_sooner_than_the_offer_allows_is_refused(host, name, later, reasons):
    program(host, min_conversion_s=60)
    click = host.click(host.offer)
    host.write(name, [click, host.postback(click, ts=click.ts + later)])
    host.run()
    host.convert(in_s=61)
    assert rejected(host, name) == reasons
    assert len(stored(host)) == 1 - len(reasons)
    assert host.forgotten == [conversion_id(click.click_id, "", "t1")] * len(reasons)


def test_a_goal_named_by_its_number_is_the_goal(host, name):
    program(host, more_goals=(goal("signup", id=812),))
    click = host.click(host.offer)
    sent = [host.postback(click, goal=named, ts=click.ts + n) for n, named in enumerate(["812", "signup"])]
    host.write(name, [click, *sent])
    host.run()
    rows = host.rows("SELECT goal FROM conversion_changes WHERE partner_id = {partner:UInt32}")
    assert [row["goal"] for row in rows] == ["signup"]


def adjustment(host, number, payout="-12.50", ts=None):
    ts = now_ms() if ts is None else ts
    return Adjustment(ts, number, host.partner, 5, host.offer, payout, "0", "EUR", "cancelled orders", "user:7")


def test_an_adjustment_is_booked_once_whatever_its_id_is_sent_with(host, name):
    number = secrets.token_hex(8)
    host.write(name, [adjustment(host, number), adjustment(host, number)])
    host.run()
    host.restart()
    host.write(name, [adjustment(host, number, "99", ts=now_ms() - 40 * 24 * HOUR)])
    host.run()
    host.convert()
    for table in ("conversions FINAL", "conversion_changes"):
        (row,) = host.rows(
            "SELECT status, attribution, payout, revenue, currency, change_reason, actor, txn_id, advertiser_id "  # noqa: S608 - the two names above
            f"FROM {table} WHERE partner_id = {{partner:UInt32}}"
        )
        assert tuple(row.values()) == (
            "approved",
            "adjustment",
            Decimal("-12.50"),
            Decimal(0),
            "EUR",
            "cancelled orders",
            "user:7",
            number,
            5,
        )


def test_an_adjustment_nobody_can_book_is_kept_and_holds_up_no_other(host, name):
    host.write(
        name, [adjustment(host, secrets.token_hex(8), "a lot"), adjustment(host, secrets.token_hex(8), "1")]
    )
    host.run()
    assert [(row["kind"], row["reason"]) for row in host.rejected(name)] == [
        ("adjustment", "postback_not_processed")
    ]
    assert [payout for *_, payout in host.conversions()] == [Decimal(1)]


def test_messages_to_be_sent_again_are_handed_on_before_they_count_as_shipped(host, name, monkeypatch):
    again = Outgoing(now_ms(), "m1", "user:7")
    host.write(name, [again])

    def broken(*_):
        raise OSError("the queue is away")

    take = host.shipper._outgoing
    host.shipper._outgoing = broken
    with pytest.raises(OSError, match="queue"):
        host.loop.round()
    host.shipper._outgoing = take
    host.run()
    assert host.handed_on == [again]


def test_changes_are_told_after_they_are_stored_and_again_until_that_succeeds(host, name):
    click = host.click(host.offer)
    seen = []

    def broken(rows):
        seen.append((rows[0]["conversion_id"], rows[0]["change_seq"], len(host.history())))
        raise OSError("nobody listens")

    host.stage._on_changes = broken
    host.write(name, [click, host.postback(click)])
    for _ in range(2):
        with pytest.raises(OSError, match="nobody"):
            host.run()
    host.restart()
    host.run()
    assert seen[0] == seen[1]
    assert seen[0][2] == 1
    assert [(row["conversion_id"], row["change_seq"], 1) for rows in host.told for row in rows] == seen[:1]
    assert host.told[0][0]["payout"] == Decimal(10)
    assert KEYS.read(host.told[0][0]["click_id"]).offer_id == host.offer
    assert len(host.history()) == 1
