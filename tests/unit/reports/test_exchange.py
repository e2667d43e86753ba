"""What currencies are worth in each other, by day."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.exchange import exchange
from reports.span import Span

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = Span(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC), "UTC")
DAY = (NOW.start - EPOCH).days
RATES = {
    "EUR": ((DAY - 300, Decimal("1.1")), (DAY - 10, Decimal("1.15")), (DAY + 1, Decimal("1.2")), (DAY + 90, Decimal(9))),
    "GBP": ((DAY - 300, Decimal("1.5")),),
    "JPY": ((DAY + 2, Decimal("0.007")),),
}  # fmt: skip


def worth(found, currency: str, day: int) -> Decimal:
    """Look a factor up as the statements do: the last step up to the currency's day."""
    number = found.numbers[found.currencies.index(currency)] if currency in found.currencies else 0
    step = max(step for step in found.steps if step <= number + day)
    return found.factors[found.steps.index(step)]


def test_only_what_the_range_can_need_is_kept():
    found = exchange("USD", "USD", {"EUR": RATES["EUR"]}, [NOW])
    assert found.currencies == ("EUR",)
    (number,) = found.numbers
    assert [step - number for step in found.steps[1:]] == [0, DAY - 10, DAY + 1]
    assert found.factors == (0, 0, Decimal("1.15"), Decimal("1.2"))


def test_a_day_has_the_last_rate_before_it_and_none_before_the_first():
    found = exchange("USD", "USD", RATES, [NOW])
    assert [worth(found, "EUR", DAY + n) for n in (0, 1, 2)] == [Decimal("1.15"), Decimal("1.2"), Decimal("1.2")]
    assert [worth(found, "JPY", DAY + n) for n in (0, 1, 2)] == [0, 0, Decimal("0.007")]
    assert worth(found, "XYZ", DAY) == 0


def test_cross_rates_go_through_the_base_and_change_with_either():
    found = exchange("EUR", "USD", RATES, [NOW])
    assert worth(found, "USD", DAY) == Decimal("0.869565217391304348")
    assert worth(found, "USD", DAY + 1) == Decimal("0.833333333333333333")
    assert worth(found, "GBP", DAY + 1) == Decimal("1.25")
    assert worth(found, "JPY", DAY + 1) == 0


def test_without_a_rate_of_its_own_currency_a_report_converts_nothing():
    assert exchange("XYZ", "USD", RATES, [NOW]) is None
    assert exchange("USD", "USD", {}, [NOW]) is None
    later = {"EUR": ((DAY + 90, Decimal(2)),)}
    assert exchange("USD", "USD", later, [NOW]) is None


quotes = st.lists(
    st.tuples(st.integers(DAY - 5, DAY + 6), st.decimals("0.0001", 1000, places=4)),
    max_size=4,
    unique_by=lambda q: q[0],
).map(lambda found: tuple(sorted(found)))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["EUR", "GBP", "JPY"]), quotes), st.sampled_from(["USD", "EUR", "GBP"]))
def test_every_day_of_the_range_has_the_factor_counted_by_hand(rates, currency):
    found = exchange(currency, "USD", rates, [NOW])

    def on(code: str, day: int) -> Decimal:
        if code == "USD":
            return Decimal(1)
        return next((rate for since, rate in reversed(rates.get(code, ())) if since <= day), Decimal(0))

    for code in ("USD", "EUR", "GBP", "JPY"):
        for day in range(DAY, DAY + 3):
            own = on(currency, day)
            expected = on(code, day) / own if own else Decimal(0)
            known = worth(found, code, day) if found and code != currency else Decimal(0)
            if code != currency:
                assert abs(known - expected) <= Decimal("1e-18")
    if found:
        assert all(left < right for left, right in pairwise(found.steps))
        assert len(found.steps) == len(found.factors)
