"""What is usual of conversions, counted over stored rows and compared with the same counted here."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal

import pytest

from fraud.conversions import Conversion, shared
from fraud.usual.conversions import read_conversions
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table

OFFER, EARLY, FLOOD = 913_001, 913_101, 913_102
NOW = 1_752_000_000_000
"""A day of its own: 2025-07-08."""
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def row(number: int, partner: int, ctit_ms: int, **changes):
    ts = NOW - HOUR_MS - number * 11 * MINUTE_MS
    return {
        "conversion_id": f"usual-{partner}-{number}",
        "click_id": f"click-{partner}-{number}",
        "ts": ts,
        "click_ts": ts - ctit_ms,
        "ctit_ms": ctit_ms,
        "partner_id": partner,
        "offer_id": OFFER,
        "advertiser_id": 913,
        "attribution": "click",
        "conversion_source": "postback",
        "status": "approved",
        "country": "DE",
        "change_seq": 1,
        "txn_id": f"usual-{partner}-{number}",
    } | changes


@pytest.fixture(scope="module")
def stored(event_store):
    early = [
        row(n, EARLY, (n + 1) * MINUTE_MS, amount=Decimal(20 + n), amount_currency="USD", goal="sale")
        for n in range(60)
    ]
    flood = [row(n, FLOOD, (n + 1) * 2 * HOUR_MS) for n in range(50)]
    aside = [
        row(90, EARLY, 1, is_test=True),
        row(91, EARLY, 1, attribution="adjustment"),
        row(92, EARLY, 1, conversion_source="upload", ts=NOW - HOUR_MS, click_ts=NOW - HOUR_MS - 1),
        row(93, EARLY, 1, ts=NOW - 31 * 24 * HOUR_MS),
    ]
    sold = [
        row(n, EARLY, 0, attribution="coupon", coupon="NORA", click_id="", conversion_id=f"usual-coupon-{n}")
        for n in range(7)
    ]
    again = [row(0, EARLY, MINUTE_MS, amount=Decimal(20), amount_currency="USD", goal="sale", change_seq=2)]
    for place, rows in enumerate((early + flood + aside + sold, again)):
        clickhouse.insert(
            event_store, "conversions", rows_table("conversions", rows), f"usual-conversions-{place}"
        )
    clicks = [
        {"click_id": f"usual-{partner}-{n}", "ts": NOW - HOUR_MS, "partner_id": partner, "offer_id": OFFER}
        | {"verdict": "invalid" if n < 10 else "valid"}
        for partner, many in ((EARLY, 110), (FLOOD, 510))
        for n in range(many)
    ]
    clickhouse.insert(event_store, "clicks", rows_table("clicks", clicks), "usual-clicks")
    return event_store


@pytest.fixture(scope="module")
def usual(stored):
    return read_conversions(stored, NOW)


def test_times_from_click_to_conversion_are_those_of_live_conversions_by_pair_goal_and_offer(usual):
    early = usual.of_pairs[OFFER, EARLY]
    assert (early.number, early.late) == (60, 0)
    assert early.median_s == pytest.approx(statistics.median((n + 1) * 60 for n in range(60)))
    flood = usual.of_pairs[OFFER, FLOOD]
    assert (flood.number, flood.late) == (50, 38)
    assert flood.tail_median_s == pytest.approx(statistics.median((n + 1) * 7_200 for n in range(12, 50)))
    assert usual.of_goals[OFFER, "sale"] == early
    assert usual.of_offers[OFFER].number == 110


def test_shares_of_late_ones_lean_on_the_others(usual):
    assert usual.late_share_of_others(OFFER, FLOOD) < 0.1
    assert 0.5 < usual.late_share(OFFER, FLOOD) < 38 / 50
    assert usual.late_share_of_others(OFFER, EARLY) > 0.3


def test_clicks_of_people_and_what_would_convert_of_them_at_the_others_rate(usual):
    assert (usual.clicks[OFFER, EARLY], usual.clicks[OFFER, FLOOD]) == (100, 500)
    assert usual.converted[OFFER, EARLY] == 61
    assert usual.expected(OFFER, FLOOD) == pytest.approx(500 * 61 / 100)


def test_amounts_have_their_median_and_deviation_on_the_scale_of_logarithms(usual):
    logs = [math.log(20 + n) for n in range(60)]
    middle = statistics.median(logs)
    amounts = usual.amounts[OFFER, "USD"]
    assert amounts.number == 60
    assert amounts.median == pytest.approx(middle)
    assert amounts.deviation == pytest.approx(statistics.median(abs(one - middle) for one in logs))


def test_pace_coupons_and_countries(usual):
    assert usual.paces[OFFER].in_second >= 1
    assert usual.of_one_click[OFFER, "sale"] == (1.0, 60)
    assert usual.coupons[OFFER, "NORA"].uses == 7
    assert usual.coupons[OFFER, "NORA"].days == 1.0
    assert usual.countries[OFFER] == "DE"


def test_what_a_batch_shares_with_stored_conversions_is_what_the_store_says(stored):
    batch = [
        Conversion(
            "new-1", NOW, FLOOD, OFFER, 913, "sale", click_id=f"click-{EARLY}-13", txn_id=f"usual-{EARLY}-13"
        ),
        Conversion("new-2", NOW, FLOOD, OFFER, 913, "", click_id="click-new", txn_id=f"usual-{EARLY}-13"),
    ]
    first, second = shared(stored, batch)
    assert (first.of_click, first.txn_on_offer) == (2, 0)
    assert (second.of_click, second.txn_on_offer) == (1, 1)
