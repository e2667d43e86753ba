"""What a conversion earns, against the same written down plainly in fractions."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.support.offers import goal, offer
from tracker.postbacks import MAX_AMOUNT
from tracker.rates import Rates
from tracker.routes import OverrideRoute, PriceRoute, TariffRoute
from tracker.tariff import earned, event_price, terms_for

DAY = 86_400_000
money = st.decimals(0, 10**6, places=6).map(str) | st.sampled_from(["", "0", "2.5"])
parts = st.tuples(money, st.sampled_from(["", "0", "7.5", "33.333333", "100"]))
starts = st.lists(st.integers(1, 50), unique=True, max_size=3).map(sorted)


@st.composite
def prices(draw):
    fixed, percent = draw(parts)
    return PriceRoute(
        fixed,
        percent,
        draw(st.dictionaries(st.sampled_from(["DE", "US"]), parts, max_size=2)),
        draw(st.sampled_from(["", "conversions", "amount"])),
        "day",
        tuple((str(start), *draw(parts)) for start in draw(starts)),
    )


overrides = st.builds(
    OverrideRoute,
    partner_id=st.sampled_from([0, 1, 2]),
    tier_id=st.sampled_from([0, 1, 2]),
    payout=st.none() | prices(),
)
rates = st.dictionaries(
    st.sampled_from(["EUR", "JPY"]),
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["1.1", "0.0075", "3"])), max_size=3, unique_by=lambda r: r[0]
    )
    .map(sorted)
    .map(tuple),
)


def plain(base, known, partner, tier, country, amount, currency, day, number, table):
    """Return payout and its currency as the rules read; None when a rate is missing that is needed."""
    price = base
    for matches in (
        lambda o: tier and not o.partner_id and o.tier_id == tier,
        lambda o: partner and o.partner_id == partner,
    ):
        for each in reversed(known):
            if matches(each) and each.payout is not None:
                price = each.payout
    worth = [Fraction(value) for start, value in table.get(currency, ()) if start <= day]
    ours = Fraction(amount) if currency == "USD" else Fraction(amount) * worth[-1] if worth else None
    fixed, percent = price.countries.get(country, (price.fixed, price.percent))
    if price.steps_by and not (price.steps_by == "amount" and ours is None):
        reached = number if price.steps_by == "conversions" else ours
        for start, *step in price.steps:
            if Fraction(start) <= reached:
                fixed, percent = step
    fixed, percent = Fraction(fixed or 0), Fraction(percent or 0)
    if ours is None:
        if price.steps_by == "amount" or (fixed and percent):
            return None
        return fixed + Fraction(amount) * percent / 100, currency if percent else "USD"
    return fixed + ours * percent / 100, "USD"


def rounded(exact):
    with localcontext(prec=200):
        number = Decimal(exact.numerator) / Decimal(exact.denominator)
        return number.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


@given(
    base=prices(),
    known=st.lists(overrides, max_size=3),
    partner=st.sampled_from([0, 1, 2]),
    tier=st.sampled_from([0, 1, 2]),
    country=st.sampled_from(["", "DE", "US"]),
    amount=money.map(lambda text: text or "0"),
    currency=st.sampled_from(["USD", "EUR", "JPY"]),
    day=st.integers(0, 9),
    number=st.integers(1, 60),
    table=rates,
)
def test_a_payout_is_what_the_rules_say_to_the_last_digit(
    base, known, partner, tier, country, amount, currency, day, number, table
):
    known = tuple(known)
    shop = offer(goals={"": goal(tariff=TariffRoute("hybrid", base, PriceRoute()), overrides=known)})
    terms = terms_for(shop, "", Rates("USD", table), partner_id=partner, tier_id=tier, country=country)
    found = earned(terms, Decimal(amount), currency, day * DAY + 5, number)
    expected = plain(base, known, partner, tier, country, amount, currency, day, number, table)
    if expected is None or found is None:
        assert (expected, found) == (None, None)
    elif rounded(expected[0]) <= MAX_AMOUNT:
        assert (found.storable().payout, found.currency) == (rounded(expected[0]), expected[1])


@given(base=prices(), country=st.sampled_from(["", "DE"]), kind=st.sampled_from(["click", "impression"]))
def test_a_thousand_impressions_earn_their_price_within_rounding(base, country, kind):
    model = "CPC" if kind == "click" else "CPM"
    shop = offer(goals={"": goal(tariff=TariffRoute(model, base, base))})
    found = event_price(shop, kind, 0, 0, country)
    fixed = Decimal(base.countries.get(country, (base.fixed, ""))[0] or "0")
    units = 1 if kind == "click" else 1000
    assert found.payout == found.revenue == rounded(Fraction(fixed) / units)
