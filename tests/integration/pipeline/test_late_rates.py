"""Conversions whose amount waits for an exchange rate are decided when it comes, without another postback."""

from __future__ import annotations

import secrets
from decimal import Decimal

import pytest

from tests.support.offers import offer
from tests.support.pipeline import Host, new_offer_id, now_ms
from tracker.pipeline import late_rates
from tracker.rates import utc_day
from tracker.snapshot import Snapshot

DAY_MS = 86_400_000
BOTH = {"payout": "2.50", "payout_percent": "10"}


@pytest.fixture
def name():
    return f"edge-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


def sells(host, **terms):
    """Let the host have an offer in USD, and no rate of the euro."""
    number = new_offer_id()
    host.program = Snapshot(1, {number: offer(id=number, **{**BOTH, **terms})}, base_currency="USD")
    return number


def knows(host, *rates):
    """Let the euro have rates: (day, worth)."""
    host.program = Snapshot(2, host.program.offers, base_currency="USD", rates={"EUR": rates})


def wait(host):
    """Let the stage look for rates that came, and then process what it found."""
    host.stage._late_rates._next_look = 0.0
    host.convert()
    return host.convert(in_s=1)


def test_a_rate_that_is_entered_decides_what_waited_for_it_at_the_day_of_its_amount(host, name):
    number = sells(host)
    past = now_ms() - 2 * DAY_MS
    click = host.click(number, ts=past)
    host.write(name, [click, host.postback(click, "80", currency="EUR", ts=past)])
    host.run()
    assert wait(host) == 0
    assert host.conversions() == [("t1", "hold", Decimal(80), Decimal(0))]
    day = utc_day(past)
    knows(host, (day + 1, "9"))
    assert wait(host) == 0, "that rate holds from the day after it only"
    knows(host, (day - 1, "1.1"), (day + 1, "9"))
    assert wait(host) == 1
    assert host.conversions() == [("t1", "approved", Decimal(80), Decimal("11.30"))]
    rows = host.rows(
        "SELECT status, reject_reason, conversion_source, asked_status, toUnixTimestamp64Milli(rate_missing_since) "
        "AS since FROM conversion_changes WHERE partner_id = {partner:UInt32} ORDER BY change_seq"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("hold", "currency_rate_missing", "postback", "approved", past),
        ("approved", "", "rate", "", 0),
    ]
    assert [state.status for state in host.remembered.values()] == ["approved"]
    assert wait(host) == 0
    assert host.ledger.waiting() == 0
    assert host.rejected() == []


def test_what_was_decided_meanwhile_and_what_no_rate_helps_stays_as_it_is(host, name):
    number = sells(host)
    clicks = [host.click(number) for _ in range(2)]
    host.write(
        name, [*clicks, *(host.postback(c, "80", currency="EUR", txn_id=f"t{n}") for n, c in enumerate(clicks))]
    )
    host.run()
    host.write(name + "b", [host.postback(clicks[0], None, txn_id="t0", status="rejected")])
    host.run()
    knows(host, (0, "1.1"))
    host.program = Snapshot(3, {}, base_currency="USD", rates=host.program.rates)
    assert wait(host) == 0, "the offer is unknown"
    assert [(txn, status) for txn, status, *_ in host.conversions()] == [("t0", "rejected"), ("t1", "hold")]


def test_a_pipeline_killed_after_it_found_a_rate_decides_once(host, name):
    click = host.click(sells(host))
    host.write(name, [click, host.postback(click, "80", currency="EUR")])
    host.run()
    knows(host, (0, "1.1"))
    host.stage._late_rates._next_look = 0.0
    host.convert()
    host.restart()
    host.run()
    wait(host)
    assert [(status, outcome) for _, status, _, outcome in host.history()] == [
        ("hold", "accepted"),
        ("approved", "updated"),
    ]


def test_rates_are_looked_for_every_few_seconds_and_by_one_host_at_a_time(host):
    asked = []
    knows(host, (0, "1.1"))

    def turn():
        asked.append(True)
        return False

    looking = late_rates.LateRates(host.store, host.ledger, lambda: host.program, turn)
    for now in (100.0, 100.0 + late_rates.LOOK_SECONDS - 1, 100.0 + late_rates.LOOK_SECONDS):
        assert looking.put_when_due(now) == 0
    assert len(asked) == 2
