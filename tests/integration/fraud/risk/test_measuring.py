"""What SQL measures of partners, against the same counted by pandas over the same clicks."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pandas as pd
import pytest

from fraud.risk import measuring
from fraud.risk.behaviours import DAY_PARTS, DIMENSIONS, NAMES, WINDOWS
from fraud.risk.measuring import measure
from fraud.risk.runs import READER_SETTINGS
from kernel.clickhouse.client import ReaderPool
from tests.support.risk import at, own_day, sales, store

P = 6_100_001
DAYS = 2


@pytest.fixture(scope="module")
def readers(store_settings):
    pool = ReaderPool(store_settings, size=1, settings=READER_SETTINGS)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def told(event_store, readers):
    """Clicks and conversions of two days as frames, and what was measured of them."""
    day, dice = own_day(), random.Random(5)
    clicks = []
    for partner, many in ((P, 1500), (P + 1, 400), (P + 2, 7), (P + 3, 1)):
        for _ in range(many):
            # In bursts of minutes, so that windows hold more than one click; over midnight as well.
            second = dice.choice([10, 3599, 3600, 40_000, 86_399, 86_400, 120_000]) + dice.random() * 400
            value = int(dice.expovariate(0.3))
            clicks.append(
                {
                    "ts": at(day, min(second, DAYS * 86_400 - 1)),
                    "partner_id": partner,
                    "ip": f"9.9.{partner % 7}.{value}",
                    "ip_prefix": f"9.9.{value // 4}.0/24",
                    "user_agent": dice.choice(["A", "A", "B", "C", ""]),
                    "referrer_host": "" if partner == P + 1 else f"r{value % 3}",
                    "country": dice.choice(["DE", "US"]),
                    "sub1": f"s{dice.randrange(50)}",
                    "verdict": dice.choice(["valid", "valid", "invalid", "suspect", "duplicate"]),
                    "is_bot": dice.random() < 0.1,
                }
            )
    left_out = [
        {**clicks[0], "is_test": True},
        {**clicks[0], "partner_id": 0, "is_test": False},
        {**clicks[0], "ts": at(day, -1)},
        {**clicks[0], "ts": at(day, DAYS * 86_400)},
    ]
    converted = sales(dice, clicks[:1900], 0.2, lambda: dice.choice([3, 9.9, 10, 500, 86_400, 90_000]))
    within = [one for one in converted if one["ts"] < at(day, DAYS * 86_400)]
    ignored = [
        {**within[0], "attribution": "coupon"},
        {**within[0], "is_test": True},
    ]
    for number, one in enumerate(converted + ignored):
        one.setdefault("is_test", False)
        one["conversion_id"] = f"risk-oracle-{number}"
    again = [{**one, "change_seq": one["change_seq"] + 1} for one in converted[:50]]
    for one in clicks:
        one["is_test"] = False
    store(event_store, clicks)
    store(event_store, [{**one, "is_test": one.get("is_test", False)} for one in left_out])
    store(event_store, [], converted + ignored)
    store(event_store, [], again)
    measured = measure(readers, day, day + dt.timedelta(days=DAYS))
    return pd.DataFrame(clicks), pd.DataFrame(within), measured


def row(told, partner):
    measured = told[2]
    (at_row,) = np.flatnonzero(measured.partners == partner)
    return dict(zip(NAMES, measured.matrix[at_row], strict=True))


def second(frame):
    return frame["ts"] // 1000


def gini(counts):
    """Mean absolute difference of all pairs, over twice the mean: Gini's own definition."""
    counts = np.asarray(counts, dtype=float)
    return np.abs(counts[:, None] - counts[None, :]).mean() / (2 * counts.mean())


def concentration(own, column, seconds):
    """Share, entropy and Gini of one dimension over windows, counted the long way."""
    own = own[own[column] != ""]
    top = rest = entropy = most = uneven = 0.0
    for _, inside in own.groupby(second(own) // seconds):
        counts = inside[column].value_counts()
        clicks = counts.sum()
        shares = counts / clicks
        top += counts.max() - 1
        rest += clicks - 1
        entropy += clicks * -(shares * np.log(shares)).sum()
        most += clicks * np.log(clicks)
        uneven += (clicks - 1) * gini(counts)
    if rest == 0:
        return np.nan, np.nan, np.nan
    return top / rest, entropy / most, uneven / rest


def test_nobody_but_partners_with_clicks_of_these_days_is_measured(told):
    measured = told[2]
    assert measured.partners.tolist() == [P, P + 1, P + 2, P + 3]
    assert measured.clicks.tolist() == [1500, 400, 7, 1]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_concentration_within_windows_is_what_an_independent_count_says(told, dimension, window):
    clicks, _, _ = told
    for partner in (P, P + 1, P + 2, P + 3):
        own = clicks[clicks["partner_id"] == partner]
        expected = concentration(own, DIMENSIONS[dimension], WINDOWS[window])
        found = [row(told, partner)[f"{dimension}_{measure}_{window}"] for measure in ("share", "entropy", "gini")]
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True), partner


@pytest.mark.parametrize("window", list(WINDOWS)[:-1])
def test_velocity_is_counted_over_all_windows_of_the_days_the_empty_ones_too(told, window):
    clicks, _, _ = told
    for partner in (P, P + 2):
        own = clicks[clicks["partner_id"] == partner]
        number = np.zeros(DAYS * 86_400 // WINDOWS[window])
        begin = second(clicks).min() // 86_400 * 86_400
        np.add.at(number, ((second(own) - begin) // WINDOWS[window]).to_numpy(), 1)
        assert row(told, partner)[f"velocity_{window}"] == pytest.approx(number.max() / number.mean())
        beyond_chance = (number.var() - number.mean()) / number.mean() ** 2
        assert row(told, partner)[f"burst_{window}"] == pytest.approx(beyond_chance)


def test_identical_clicks_of_a_minute_are_counted_by_part_of_the_day(told):
    clicks, _, _ = told
    own = clicks[clicks["partner_id"] == P].copy()
    own["minute"] = second(own) // 60
    own["part"] = second(own) % 86_400 // 3600 // 6
    alike = ["minute", "user_agent", "country", "ip", "referrer_host"]
    own["again"] = own.duplicated(alike)
    found = row(told, P)
    assert found["repeat_share"] == pytest.approx(own["again"].mean())
    assert found["repeat_most"] == own.groupby(alike).size().max()
    by_part = own.groupby("part")["again"].mean()
    for number, part in enumerate(DAY_PARTS):
        assert found[f"repeat_{part}"] == pytest.approx(by_part.get(number, np.nan), nan_ok=True)
    assert found["repeat_spread"] == pytest.approx(by_part.max() - by_part.min())
    assert found["night_share"] == pytest.approx((own["part"] == 0).mean())


def test_verdicts_and_conversions_are_shares_of_the_partner_s_own(told):
    clicks, converted, _ = told
    for partner in (P, P + 1):
        own, sold = clicks[clicks["partner_id"] == partner], converted[converted["partner_id"] == partner]
        seconds = sold["ctit_ms"] / 1000
        found = row(told, partner)
        expected = {
            **{f"{word}_share": (own["verdict"] == word).mean() for word in ("invalid", "suspect", "duplicate")},
            "bot_share": own["is_bot"].mean(),
            "conversions": len(sold),
            "conversion_rate": len(sold) / len(own),
            "fast_share": (seconds < 10).mean(),
            "late_share": (seconds >= 86_400).mean(),
            **{f"ctit_p{part:02}": seconds.quantile(part / 100) for part in (5, 50, 95)},
        }
        assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_partner_without_conversions_has_no_conversion_times(told):
    found = row(told, P + 3)
    assert (found["conversions"], found["conversion_rate"]) == (0, 0)
    assert all(np.isnan(found[name]) for name in ("fast_share", "late_share", "ctit_p05", "ctit_p50", "ctit_p95"))


def test_a_part_of_the_network_at_a_time_says_the_same_as_all_at_once(told, readers, monkeypatch):
    measured = told[2]
    monkeypatch.setattr(measuring, "PART_CLICKS", 405)
    day = dt.datetime.fromtimestamp(told[0]["ts"].min() / 1000, dt.UTC).date()
    parts = measure(readers, day, day + dt.timedelta(days=DAYS))
    np.testing.assert_allclose(parts.matrix, measured.matrix)


def test_a_sample_of_a_partner_s_clicks_says_nearly_what_all_of_them_say(event_store, readers):
    day, dice = own_day(), random.Random(6)
    clicks = [
        {
            "ts": at(day, dice.random() * 86_400),
            "partner_id": P + 10,
            "ip": "1.1.1.1" if dice.random() < 0.4 else f"2.2.{dice.randrange(200)}.{dice.randrange(200)}",
            "country": dice.choice(["DE", "US"]),
        }
        for _ in range(8_000)
    ]
    store(event_store, clicks)
    end = day + dt.timedelta(days=1)
    whole = dict(zip(NAMES, measure(readers, day, end).matrix[0], strict=True))
    drawn = dict(zip(NAMES, measure(readers, day, end, looked_at=2000).matrix[0], strict=True))
    assert whole["address_share_day"] == pytest.approx(0.4, abs=0.015)
    # Three standard errors of a share of 2,000 clicks.
    for window in WINDOWS:
        name = f"address_share_{window}"
        assert drawn[name] == pytest.approx(whole[name], abs=0.034)
        assert drawn[name] != whole[name]
    assert drawn["velocity_1m"] == whole["velocity_1m"]


def test_days_without_clicks_measure_nobody(readers):
    day = own_day()
    measured = measure(readers, day, day + dt.timedelta(days=1))
    assert measured.matrix.shape == (0, len(NAMES))
