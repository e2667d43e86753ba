"""What becomes of postbacks: they wait for their click, keep their order, and make one conversion each."""

from __future__ import annotations

import secrets
from decimal import Decimal

import pytest

from tests.support.pipeline import LATER_S, PAYS, WAITS, Host, now_ms
from tracker.click_id import ClickIdKeys
from tracker.pipeline import conversions, deciding
from tracker.pipeline.entries import ArrivedPostback, FrozenBatch


@pytest.fixture
def name():
    """The stem of this test's journals; a letter is added for each edge worker."""
    return f"edge-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


def amounts(host):
    return [(txn, status, str(amount.normalize())) for txn, status, amount, _ in host.conversions()]


def test_a_conversion_carries_its_clicks_columns_and_the_offers_tariff(host, name):
    click = host.click(sub1="spring")
    host.write(name, [click, host.postback(click, "80", ts=click.ts + 1500)])
    host.run()
    (row,) = host.rows(
        "SELECT sub1, offer_id, ctit_ms, payout, revenue, currency FROM conversions "
        "WHERE partner_id = {partner:UInt32}"
    )
    assert row == {
        "sub1": "spring",
        "offer_id": PAYS,
        "ctit_ms": 1500,
        "payout": Decimal("8.000000"),
        "revenue": Decimal("16.000000"),
        "currency": "USD",
    }
    assert [state.amount for state in host.remembered.values()] == [Decimal(80)]


def test_a_postback_waits_for_its_click_and_then_converts(host, name):
    click = host.click()
    host.write(f"{name}a", [host.postback(click)])
    host.run()
    assert (host.conversions(), host.ledger.waiting()) == ([], 1)
    host.write(f"{name}b", [click])
    host.run()
    host.convert(in_s=conversions.FIRST_WAIT_SECONDS)  # unless that was over before the run
    assert amounts(host) == [("t1", "approved", "1E+2")]
    assert host.ledger.waiting() == 0
    assert host.rejected() == []


def test_a_postback_whose_click_never_arrives_is_rejected_after_the_wait(tmp_path, event_store, name):
    host = Host(tmp_path, event_store, wait_minutes=1)
    click = host.click()
    host.write(name, [host.postback(click)])
    host.run()
    in_s = 0.0
    for _ in range(20):
        in_s += conversions.LONGEST_WAIT_SECONDS
        if host.convert(in_s=in_s):
            break
        assert host.rejected() == []
    (row,) = host.rejected(name)
    assert (row["reason"], row["kind"], row["click_id"]) == ("click_not_found", "postback", click.click_id)
    assert row["rejected_id"] == f"{name}:1:0"
    assert click.click_id in row["raw"]
    assert host.ledger.waiting() == 0
    # 0.5 + 1 + 2 + 4 + 8 + 16 + 30 seconds make the minute full.
    assert in_s == 7 * conversions.LONGEST_WAIT_SECONDS
    host.kill()


def test_time_in_which_the_store_was_away_does_not_count_as_waiting(host, name):
    """After an outage of hours the clicks of other hosts may arrive later than their postbacks."""
    click = host.click()
    long_ago = now_ms() - 5 * 3_600_000
    host.write(f"{name}a", [host.postback(click, ts=long_ago)])
    host.run()
    assert host.rejected() == []
    host.write(f"{name}b", [click])
    host.run()
    host.convert(in_s=LATER_S)  # unless its turn came before
    assert amounts(host) == [("t1", "approved", "1E+2")]


def test_a_later_postback_does_not_overtake_one_that_waits_for_the_click(host, name):
    click = host.click(WAITS)
    first = host.postback(click, "10", ts=click.ts + 1)
    host.write(f"{name}a", [first])
    host.run()
    host.write(f"{name}b", [click, host.postback(click, "20", status="approved", ts=click.ts + 2)])
    host.run()
    assert [(status, str(amount.normalize())) for _, status, amount, _ in host.history()] == [
        ("pending", "1E+1"),
        ("approved", "2E+1"),
    ]
    assert host.rejected() == []


def test_those_that_wait_hold_back_only_postbacks_for_their_own_click(host, name):
    missing, there = host.click(), host.click()
    host.write(
        name, [host.postback(missing, "1", txn_id="waits"), there, host.postback(there, "2", txn_id="goes")]
    )
    host.run()
    assert [row[0] for row in amounts(host)] == ["goes"]
    assert host.ledger.waiting() == 1


def test_a_change_read_before_the_postback_it_changes_waits_for_it(host, name):
    """One worker's journal is read before the other's; both postbacks are written in between."""
    click = host.click()
    first_read, then_read = f"{name}a", f"{name}b"
    host.write(first_read, [click])
    host.write(then_read)
    host.run()
    ship = host.loop._ship

    def write_in_between(reader):
        shipped = ship(reader)
        if reader.name == first_read:
            host.write(first_read, [host.postback(click, "10")])
            host.write(then_read, [host.postback(click, "20")])
            host.loop._ship = ship
        return shipped

    host.loop._ship = write_in_between
    host.run()
    assert [(str(amount.normalize()), outcome) for _, _, amount, outcome in host.history()] == [
        ("1E+1", "accepted"),
        ("2E+1", "updated"),
    ]


def test_a_change_waits_while_the_postback_it_changes_lies_deep_in_another_journal(tmp_path, event_store, name):
    host = Host(tmp_path, event_store, batch_events=2)
    click = host.click()
    clicks = [host.click(sub1=f"{n}", ts=click.ts + n) for n in range(1, 7)]
    host.write(f"{name}a", [click], *([c] for c in clicks), [host.postback(click, "10", ts=click.ts + 8)])
    host.write(f"{name}b", [host.postback(click, "20", ts=click.ts + 9)])
    host.run()
    host.convert()
    assert amounts(host) == [("t1", "approved", "2E+1")]
    assert [outcome for *_, outcome in host.history()] == ["accepted", "updated"]
    host.kill()


def test_an_import_in_progress_holds_up_no_postback(tmp_path, event_store, name):
    host = Host(tmp_path, event_store, batch_events=1)
    long_ago = 1_500_000_000_000
    host.write(f"import-{name}", *([host.click(sub1=f"old{n}", ts=long_ago + n)] for n in range(4)))
    click = host.click(sub1="new")
    host.write(f"{name}a", [click, host.postback(click, "10", ts=click.ts)])
    for _ in range(2):
        host.loop.round()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    assert len(host.stored()) < 5
    host.kill()


def test_the_same_postback_any_number_of_times_makes_one_conversion(host, name):
    click = host.click()
    again = [host.postback(click, "10", ts=click.ts + n) for n in range(1, 6)]
    host.write(f"{name}a", [click, *again[:3]])
    host.write(f"{name}b", again[3:])
    host.run()
    host.write(f"{name}c", [host.postback(click, "10.00", ts=click.ts + 9)])
    host.run()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    assert len(host.history()) == 1
    assert host.rejected() == []


def test_a_chargeback_is_final_and_what_follows_is_refused_with_its_reason(host, name):
    click = host.click()
    steps = [
        host.postback(click, "10", status="approved", ts=click.ts + 1),
        host.postback(click, None, status="rejected", ts=click.ts + 2),
        host.postback(click, None, status="approved", ts=click.ts + 3),
        host.postback(click, "99", ts=click.ts + 4),
    ]
    host.write(name, [click, *steps])
    host.run()
    assert amounts(host) == [("t1", "rejected", "1E+1")]
    assert [status for _, status, _, _ in host.history()] == ["approved", "rejected"]
    refused = host.rejected(name)
    assert [row["reason"] for row in refused] == ["transition_not_allowed"] * 2
    assert [row["rejected_id"] for row in refused] == [f"{name}:1:3", f"{name}:1:4"]


def test_statuses_that_arrive_in_the_wrong_order_never_go_back(host, name):
    click = host.click(WAITS)
    host.write(
        name,
        [
            click,
            host.postback(click, "10", status="approved", ts=click.ts + 1),
            host.postback(click, "10", status="pending", ts=click.ts + 2),
        ],
    )
    host.run()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    assert [row["reason"] for row in host.rejected(name)] == ["transition_not_allowed"]


def test_changes_over_many_rounds_have_a_growing_sequence_and_one_current_state(host, name):
    click = host.click(WAITS)
    host.write(name, [click])
    for n, status in enumerate(["pending", "hold", "approved", "rejected"], 1):
        host.write(name, [host.postback(click, str(10 * n), status=status)])
        host.run()
        host.convert()
    rows = host.rows(
        "SELECT change_seq, status FROM conversion_changes WHERE partner_id = {partner:UInt32} ORDER BY changed_at"
    )
    assert [row["status"] for row in rows] == ["pending", "hold", "approved", "rejected"]
    assert sorted({row["change_seq"] for row in rows}) == [row["change_seq"] for row in rows]
    assert amounts(host) == [("t1", "rejected", "4E+1")]


def test_goals_and_transactions_are_conversions_of_their_own(host, name):
    click = host.click()
    keys = [("t1", ""), ("t2", ""), ("t1", "signup"), ("", "")]
    host.write(
        name, [click, *(host.postback(click, "5", txn_id=txn, goal=goal, ts=click.ts) for txn, goal in keys)]
    )
    host.run()
    rows = host.rows("SELECT txn_id, goal FROM conversions WHERE partner_id = {partner:UInt32}")
    assert sorted((row["txn_id"], row["goal"]) for row in rows) == sorted(keys)


def test_a_postback_later_than_the_window_is_rejected(host, name):
    month = 31 * 86_400_000
    click = host.click(ts=now_ms() - month)
    host.write(name, [click, host.postback(click, ts=click.ts + month)])
    host.run()
    assert [row["reason"] for row in host.rejected(name)] == ["outside_window"]
    assert host.conversions() == []


def test_a_postback_whose_key_was_taken_away_is_rejected_and_holds_up_no_other(host, name):
    stranger = ClickIdKeys({3: b"q" * 32}, 3).mint(now_ms(), PAYS)
    click = host.click()
    foreign = host.postback(click, click_id=stranger)
    host.write(name, [click, foreign, host.postback(click, "10")])
    host.run()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    assert [row["reason"] for row in host.rejected(name)] == ["click_id_forged"]


def test_a_postback_nobody_can_read_is_kept_and_holds_up_no_other(host, name):
    click = host.click()
    host.write(name, [click, host.postback(click, "10")])
    ranges = FrozenBatch(0, f"{name}-strange", 1, 1, 1)
    host.ledger.checkpoint(ranges, [ArrivedPostback(1, 0, now_ms(), click.click_id, b"\xc1strange")], 0.0)
    host.run()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    (row,) = host.rejected(f"{name}-strange")
    assert (row["reason"], row["kind"], row["rejected_id"]) == (
        "postback_not_processed",
        "postback",
        f"{name}-strange:1:0",
    )
    assert bytes.fromhex(row["raw"]) == b"\xc1strange"
    assert host.ledger.waiting() == 0


def test_a_postback_that_breaks_the_code_is_kept_and_holds_up_no_other(host, name, monkeypatch):
    first, second = host.click(), host.click()
    apply = deciding.apply

    def broken(state, postback, terms):
        if postback.fields.txn_id == "strange":
            raise ZeroDivisionError("nobody thought of this")
        return apply(state, postback, terms)

    monkeypatch.setattr(deciding, "apply", broken)
    host.write(name, [first, second, host.postback(first, txn_id="strange"), host.postback(second, "10")])
    host.run()
    assert amounts(host) == [("t1", "approved", "1E+1")]
    (row,) = host.rejected(name)
    assert row["reason"] == "postback_not_processed"
    assert "nobody thought of this" in row["detail"]
    assert first.click_id in row["raw"]
