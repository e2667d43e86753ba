"""Numbers, money and times as their reader writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.web.viewer import NOTHING, viewer

GERMAN = viewer({"accept-language": "de-DE,de;q=0.9"}, {"zone": "Europe/Berlin"})
INDIAN = viewer({"accept-language": "en-IN"}, {"zone": "Asia/Kolkata"})


def test_numbers_and_money_follow_the_language():
    assert GERMAN.number(1234567.891) == "1.234.567,89"
    assert INDIAN.number(1234567) == "12,34,567"
    assert GERMAN.money(Decimal("1234.5"), "EUR") == "1.234,50\xa0\N{EURO SIGN}"
    assert INDIAN.money("0.5", "USD") == "$0.50"
    assert GERMAN.percent("0.0215") == "2,15\xa0%"
    assert INDIAN.short(1_250_000) == "12.5L"
    assert viewer({}, {}).short(1_530_000) == "1.5M"


def test_times_are_in_the_viewer_s_zone():
    moment = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)
    assert GERMAN.time(moment) == "02.07.2026, 00:30"
    assert INDIAN.time("2026-07-01T22:30:05Z", seconds=True) == "2 Jul 2026, 04:00:05"
    assert GERMAN.day(moment) == "02.07.2026"
    assert INDIAN.day(date(2026, 7, 1)) == "1 Jul 2026"
    assert INDIAN.day("2026-07-01") == "1 Jul 2026"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (0.25, "250 ms"), (59, "59 s"), (3_700, "1 h 1 min"), (90_061, "1 d 1 h"), (None, NOTHING)],
)
def test_a_length_of_time_has_its_two_largest_units(seconds, told):
    assert GERMAN.span(seconds) == told


def test_what_is_not_there_is_a_dash():
    for shown in (GERMAN.number, GERMAN.money, GERMAN.percent, GERMAN.time, GERMAN.day, GERMAN.ago, GERMAN.short):
        assert shown(None) == NOTHING
        assert shown("") == NOTHING


@given(st.text(max_size=200), st.text(max_size=60))
def test_whatever_a_browser_says_there_is_a_viewer(accepted, zone):
    found = viewer({"accept-language": accepted}, {"zone": zone}, "Europe/Berlin")
    assert found.number(1)
    assert found.time(datetime(2026, 1, 1, tzinfo=UTC))


@given(
    value=st.decimals()
    | st.from_regex(r"-?[0-9]{1,400}([.][0-9]{1,30})?(e-?[0-9]{1,6})?", fullmatch=True)
    | st.text()
)
def test_whatever_number_was_sent_can_be_shown(value):
    show = viewer({}, {})
    for shown in (
        show.number(value),
        show.money(value, "USD"),
        show.percent(value),
        show.short(value),
        show.span(value),
    ):
        assert len(shown) < 60
