"""Conversions whose goal has a hold period are approved when it is over, once, whatever happens meanwhile."""

from __future__ import annotations

import secrets

import pytest

from kernel import faults
from tests.support.offers import offer
from tests.support.pipeline import Host, new_offer_id, now_ms
from tracker.pipeline import holds
from tracker.pipeline.own_postbacks import turns
from tracker.routes import CapRoute
from tracker.snapshot import Snapshot

HOUR_S = 3_600


@pytest.fixture
def name():
    return f"edge-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


def held_by(host, **terms):
    number = new_offer_id()
    host.program = Snapshot(1, {number: offer(id=number, hold_s=HOUR_S, **terms)})
    return number


def history(host):
    rows = host.rows(
        "SELECT status, reject_reason, conversion_source, toUnixTimestamp64Milli(hold_until) AS until, "
        "toUnixTimestamp64Milli(changed_at) AS at FROM conversion_changes WHERE partner_id = {partner:UInt32} "
        "ORDER BY change_seq"
    )
    return [(r["status"], r["reject_reason"], r["conversion_source"]) for r in rows], rows


def wait_out(host, in_s=HOUR_S + 1):
    """Let the stage look for periods that are over, and then process what it found."""
    host.convert(in_s=in_s)
    return host.convert(in_s=in_s + holds.LOOK_SECONDS + 1)


def test_a_held_conversion_is_approved_when_its_time_has_come_and_not_before(host, name):
    click = host.click(held_by(host))
    sold = host.postback(click)
    host.write(name, [click, sold])
    host.run()
    assert wait_out(host, in_s=HOUR_S - 60) == 0
    assert wait_out(host) == 1
    assert wait_out(host, in_s=HOUR_S + 100) == 0
    steps, rows = history(host)
    assert steps == [("hold", "hold_period", "postback"), ("approved", "", "hold")]
    assert [row["until"] for row in rows] == [sold.ts + HOUR_S * 1000, 0]
    assert rows[1]["at"] == sold.ts + HOUR_S * 1000
    assert [state.status for state in host.remembered.values()] == ["approved"]
    assert host.ledger.waiting() == 0


def test_what_was_rejected_during_the_period_stays_rejected(host, name):
    click = host.click(held_by(host))
    host.write(
        name, [click, host.postback(click, ts=click.ts), host.postback(click, ts=click.ts + 1, status="rejected")]
    )
    host.run()
    assert wait_out(host) == 0
    assert [status for status, *_ in history(host)[0]] == ["hold", "rejected"]


def test_a_rejection_after_the_period_is_a_charge_back_though_it_is_read_first(host, name):
    """The approval's moment is the end of the period, however late it is found."""
    past = now_ms() - 2 * HOUR_S * 1000
    click = host.click(held_by(host), ts=past)
    host.write(name, [click, host.postback(click, ts=past)])
    host.run()
    host.write(name, [host.postback(click, ts=now_ms(), status="rejected")])
    host.stage._holds._next_look = 0.0
    host.run()
    host.convert()
    assert [status for status, *_ in history(host)[0]] == ["hold", "approved", "rejected"]


def test_the_end_of_a_period_counts_towards_no_cap_again(host, name):
    limit = CapRoute(1, "conversion", "total", "2")
    number = held_by(host, caps=(limit,))
    for txn in ("t1", "t2"):
        click = host.click(number)
        host.write(name, [click, host.postback(click, txn_id=txn)])
        host.run()
        wait_out(host)
        host.stage._holds._next_look = 0.0
    click = host.click(number)
    host.write(name, [click, host.postback(click, txn_id="t3")])
    host.run()
    assert [(txn, status) for txn, status, *_ in host.conversions()] == [
        ("t1", "approved"),
        ("t2", "approved"),
        ("t3", "rejected"),
    ]


@pytest.mark.parametrize("point", ["put", "conversions.before_outbox", "conversions.after_outbox"])
def test_a_pipeline_killed_while_it_ends_a_period_approves_once(host, name, point, tmp_path, monkeypatch):
    click = host.click(held_by(host))
    host.write(name, [click, host.postback(click)])
    host.run()
    later = HOUR_S + 1.0
    host.convert(in_s=later)
    assert host.ledger.waiting() == 1
    if point != "put":
        place = tmp_path / "faults"
        place.mkdir()
        monkeypatch.setattr(faults, "_directory", place)
        (place / point).write_text("fail")
        with pytest.raises(OSError, match=point):
            host.convert(in_s=later)
        (place / point).unlink()
    host.restart()
    for more in range(3):
        host.convert(in_s=later + 10 * more)
    assert [status for status, *_ in history(host)[0]] == ["hold", "approved"]
    assert [row["status"] for batch in host.told for row in batch] == ["hold", "approved"]


def test_an_offer_that_is_gone_holds_back_no_approval(host, name):
    click = host.click(held_by(host))
    host.write(name, [click, host.postback(click)])
    host.run()
    host.program = Snapshot(2)
    assert wait_out(host) == 1
    assert [status for status, *_ in history(host)[0]] == ["hold", "approved"]


def test_a_period_that_fails_for_good_is_not_tried_for_ever(host, name, monkeypatch):
    click = host.click(held_by(host))
    host.write(name, [click, host.postback(click)])
    host.run()
    monkeypatch.setattr("tracker.pipeline.deciding.apply", lambda *_: 1 / 0)
    wait_out(host)
    wait_out(host, in_s=HOUR_S + 100)
    rejected = host.rows(
        "SELECT reason FROM rejected WHERE startsWith(rejected_id, 'hold:') AND click_id = {click:String}",
        click=click.click_id,
    )
    assert [row["reason"] for row in rejected] == ["postback_not_processed"]


def test_hosts_take_turns_to_look(valkey):
    one, two = (turns(valkey, "holds", holds.LOOK_SECONDS) for _ in range(2))
    assert (one(), two(), one()) == (True, False, False)
    valkey.delete("clickledger:holds:turn")
    assert two()


def test_without_a_turn_nothing_is_looked_for(host, name, event_store):
    click = host.click(held_by(host))
    host.write(name, [click, host.postback(click)])
    host.run()
    looked = holds.HoldPeriods(event_store, host.ledger, lambda: False)
    assert looked.put_when_due(now_ms() / 1000 + HOUR_S + 1) == 0
    assert host.ledger.waiting() == 0
