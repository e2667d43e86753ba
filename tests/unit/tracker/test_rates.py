from decimal import Decimal

import pytest

from tracker.rates import Rates, rounded, utc_day

RATES = Rates("USD", {"EUR": ((100, "1.10"), (102, "1.20")), "JPY": ((100, "0.0075"),), "OLD": ((100, "0"),)})


@pytest.mark.parametrize(
    ("amount", "source", "target", "day", "expected"),
    [
        ("10", "USD", "USD", 0, "10"),
        ("10", "XXX", "XXX", 0, "10"),
        ("10", "EUR", "USD", 100, "11"),
        ("10", "EUR", "USD", 101, "11"),
        ("10", "EUR", "USD", 102, "12"),
        ("10", "EUR", "USD", 5000, "12"),
        ("11", "USD", "EUR", 100, "10"),
        ("15", "EUR", "JPY", 101, "2200"),
    ],
)
def test_money_is_converted_at_the_rate_that_held_on_the_day(amount, source, target, day, expected):
    assert RATES.convert(Decimal(amount), source, target, day) == Decimal(expected)


@pytest.mark.parametrize(
    ("source", "target", "day"),
    [("EUR", "USD", 99), ("USD", "EUR", 99), ("GBP", "USD", 100), ("USD", "GBP", 100), ("USD", "OLD", 100)],
)
def test_without_a_rate_there_is_no_amount(source, target, day):
    assert RATES.convert(Decimal(1), source, target, day) is None


def test_a_day_begins_at_midnight_utc():
    assert (utc_day(86_400_000 - 1), utc_day(86_400_000)) == (0, 1)


@pytest.mark.parametrize(
    ("exact", "stored"), [("0.0000005", "0"), ("0.0000015", "0.000002"), ("0.00000050000000001", "0.000001")]
)
def test_money_is_rounded_half_to_even_at_six_places(exact, stored):
    assert rounded(Decimal(exact)) == Decimal(stored)


def test_the_largest_amount_keeps_every_digit_through_a_conversion():
    amount = Decimal("999999999999.999999")
    there = RATES.convert(amount, "EUR", "JPY", 100)
    assert there is not None
    assert rounded(RATES.convert(there, "JPY", "EUR", 100)) == amount
