"""Values as a person reads them."""

from __future__ import annotations

import pytest

from reports.figures import change, figure, short


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1234567, "count", "1,234,567"),
        (0.0421, "ratio", "4.21%"),
        (1, "ratio", "100.00%"),
        (1234.5, "money", "1,234.50"),
        (-1234.5, "money", "-1,234.50"),
        (0, "money", "0.00"),
        (0.0375, "money", "0.0375"),
        (0.000001, "money", "0.000001"),
        (2.5, "seconds", "2.50s"),
        (65, "seconds", "1m 05s"),
        (3600 + 5 * 60, "seconds", "1h 05m"),
        (2 * 86_400 + 4 * 3600, "seconds", "2d 04h"),
        (59.999, "seconds", "60.00s"),
        (37.5, "score", "37.50"),
        (3, "number", "3"),
        (1 / 3, "number", "0.33"),
        ("2026-11-07T23:59:12.481+05:30", "time", "2026-11-07 23:59:12"),
        ("x\x1b[2J", "time", "x\\x1b[2J"),
        (None, "count", "-"),
        (True, None, "yes"),
        (False, None, "no"),
        ("a\tb", None, "a\\tb"),
    ],
)
def test_a_value_is_shown_by_its_unit(value, unit, shown):
    assert figure(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (12_345, "count", "12.3k"),
        (9.99e6, "money", "9.99M"),
        (2.5e9, "count", "2.5G"),
        (0.5, "money", "0.5"),
        (-1200, "money", "-1.2k"),
        (0.0421, "ratio", "4.21%"),
        (12.5, "ratio", "1,250%"),
        (7200, "seconds", "2h 00m"),
    ],
)
def test_an_axis_has_few_characters(value, unit, shown):
    assert short(value, unit) == shown
    assert len(shown) <= 7


def test_growth_has_a_sign_and_knows_what_is_new():
    assert [change(0.5, 3), change(-1.0, 0), change(0.0, 2)] == ["+50.0%", "-100.0%", "+0.0%"]
    assert [change(None, 5), change(None, 0), change(None, None)] == ["new", "-", "-"]
