"""What names and shapes of columns say."""

import numpy as np
import pytest

from fraud.ranking.columns import MOST_AMOUNTS, amounts, side, sides, size_column, words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoOfUniqueIp", ["no", "of", "unique", "ip"]),
        ("AvgClickPer1Min", ["avg", "click", "per", "min"]),
        ("unique_ips_1h", ["unique", "ips", "h"]),
        ("IPClickRatio", ["ip", "click", "ratio"]),
    ],
)
def test_a_name_is_cut_at_capitals_digits_and_underscores(name, said):
    assert words(name) == said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NoOfUniqueIp", -1),
        ("EntropyAgent", -1),
        ("IpClickRatio", -1),
        ("MaxSameIpCount", 1),
        ("TimeatVariance5Min", 1),
        ("NonRefererClickRatio", 1),
        ("share_without_referrer", 1),
        ("gini_prefixes", 1),
        ("Skew6Hr", 0),
        ("hour_of_first", 0),
        ("maximum_unique_addresses", -1),
        ("_", 0),
    ],
)
def test_few_sources_and_bursts_are_the_suspicious_side(name, expected):
    assert side(name) == expected


def test_a_declared_side_comes_before_the_names():
    assert sides(["entropy_ip", "max_ip", "other"], {"entropy_ip": 1, "max_ip": 0}).tolist() == [1, 0, 0]


@pytest.mark.parametrize("name", ["clicks", "TotalClicks", "click_count", "n_clicks", "total_events"])
def test_clicks_are_found_by_name(name):
    matrix = np.array([[0.5, 3.0], [0.1, 9.0]])
    assert size_column(["share_of_clicks", name], matrix) == name


def test_clicks_are_found_by_being_at_least_every_other_count():
    dice = np.random.default_rng(1)
    total = dice.integers(1, 500, 200).astype(float)
    matrix = np.column_stack([np.ceil(total / 3), total, dice.uniform(0, 1, 200), np.ceil(total / 2)])
    assert size_column(["a", "b", "c", "d"], matrix) == "b"


def test_no_count_is_no_size():
    matrix = np.random.default_rng(1).normal(size=(50, 3))
    assert size_column(["a", "b", "c"], matrix) is None
    two_counts = np.random.default_rng(1).integers(0, 9, (50, 2)).astype(float)
    assert size_column(["a", "b"], two_counts) is None


def test_numbers_of_events_are_known_by_shape():
    dice = np.random.default_rng(1)
    clicks = dice.integers(1, 900, 60).astype(float)
    columns = {
        "count": clicks,
        "mean": 1 + clicks / 7,
        "zero_or_more": np.where(clicks > 400, 0.0, clicks),
        "the_same_again": clicks,
        "share": dice.uniform(0, 1, 60),
        "variance": dice.exponential(3, 60),
        "below_zero": clicks - 300,
        "flag": np.round(dice.uniform(0, 1, 60)),
        "nobody_knows": np.full(60, np.nan),
        "with_gaps": np.where(clicks > 450, np.nan, clicks + 2),
    }
    found = amounts(np.column_stack(list(columns.values())))
    assert [list(columns)[at] for at in found] == ["count", "mean", "zero_or_more", "with_gaps"]


def test_so_many_numbers_that_their_ratios_would_drown_the_rest_are_cut():
    matrix = np.random.default_rng(1).integers(1, 90, (20, MOST_AMOUNTS + 5)).astype(float)
    assert amounts(matrix) == list(range(MOST_AMOUNTS))
