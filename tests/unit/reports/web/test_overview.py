"""What the overview makes of the hours it was told."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from reports.web.pages.overview.attention import has_fallen
from reports.web.pages.overview.figures import Hours, days, tiles
from reports.web.viewer import viewer

SHOW = viewer({"accept-language": "en-US"}, {"zone": "Asia/Kolkata"})
NOW = dt.datetime(2026, 3, 10, 14, 30, tzinfo=SHOW.zone)


def row(day, hour, **figures):
    return {"hour": f"2026-03-{day:02d}T{hour:02d}:00:00+05:30", **figures}


def hours(*rows):
    return Hours(rows, NOW, "EUR")


def tile(found, label, role="manager"):
    visit = SimpleNamespace(viewer=SHOW, who=SimpleNamespace(role=role))
    return next(one for one in tiles(visit, found) if one["label"] == label)


def test_today_is_shown_whole_and_compared_by_the_hours_that_are_over():
    found = hours(
        row(10, 13, clicks=30), row(10, 14, clicks=500),
        row(9, 13, clicks=20), row(9, 14, clicks=1), row(9, 23, clicks=9_000),
        row(3, 1, clicks=60), row(3, 14, clicks=5),
    )  # fmt: skip
    assert tile(found, "Clicks") == {
        "label": "Clicks", "value": "530",
        "against": [("yesterday", "+50%", True), ("last week", "-50%", False)],
    }  # fmt: skip


def test_nothing_before_has_no_percentage():
    assert tile(hours(row(10, 1, clicks=5)), "Clicks")["against"] == [
        ("yesterday", None, True), ("last week", None, True),
    ]  # fmt: skip


def test_more_suspicion_is_no_good_news():
    found = hours(
        row(10, 1, gross_clicks=100, invalid_clicks=10, suspect_clicks=10),
        row(9, 1, gross_clicks=100, invalid_clicks=10, suspect_clicks=0),
    )
    told = tile(found, "Suspect and invalid")
    assert (told["value"], told["against"][0]) == ("20%", ("yesterday", "+100%", False))


def test_an_hour_that_came_twice_counts_twice_in_the_chart():
    found = hours(row(9, 2, clicks=3), row(9, 2, clicks=4))
    yesterday = days(found)["hours_chart"]["series"][1]
    assert (yesterday["name"], yesterday["y"][2], sum(yesterday["y"])) == ("Yesterday", 7, 7)


def test_today_s_line_ends_at_this_hour():
    series = days(hours(row(10, 3, clicks=1)))["hours_chart"]["series"]
    assert [len(one["x"]) for one in series] == [15, 24, 24]


@pytest.mark.parametrize(
    ("now", "before", "fallen"),
    [((10, 10_000), (40, 10_000), True), ((30, 10_000), (40, 10_000), False), ((0, 0), (40, 1_000), False),
     ((0, 900), (25, 1_000), True), ((2, 20), (25, 100), False), ((100, 100), (100, 100), False)],
)  # fmt: skip
def test_a_rate_has_fallen_when_chance_hardly_explains_it(now, before, fallen):
    told = {
        "conversions": now[0], "unique_clicks": now[1],
        "conversions_before": before[0], "unique_clicks_before": before[1],
    }  # fmt: skip
    assert has_fallen(told) is fallen
