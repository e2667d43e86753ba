from datetime import datetime
from decimal import Decimal

import pytest

from tests.support.offers import goal, offer
from tracker.rates import Rates
from tracker.routes import OverrideRoute, PriceRoute, TariffRoute
from tracker.tariff import Earned, earned, event_price, goal_code, period_of, price_parts, terms_for

TS = 1_760_000_000_000
"""Thursday, 9 October 2025, 08:53:20 UTC."""
DAY = 86_400_000


FREE = PriceRoute()


def priced(payout, *, revenue=FREE, model="CPA", **changes):
    return offer(goals={"": goal(tariff=TariffRoute(model, payout, revenue), **changes)})


def worth(terms, amount="0", currency="USD", number=1):
    found = earned(terms, Decimal(amount), currency, TS, number)
    return found and found.payout


def test_a_partners_price_comes_before_its_tiers_and_that_before_the_goals_each_side_on_its_own():
    overrides = (
        OverrideRoute(tier_id=3, payout=PriceRoute("20"), revenue=PriceRoute("30")),
        OverrideRoute(partner_id=7, payout=PriceRoute("70")),
        OverrideRoute(partner_id=8, payout=PriceRoute("80")),
    )
    shop = priced(PriceRoute("1"), revenue=PriceRoute("2"), overrides=overrides)

    def sides(partner_id, tier_id):
        found = earned(terms_for(shop, "", partner_id=partner_id, tier_id=tier_id), Decimal(0), "USD", TS, 1)
        return int(found.payout), int(found.revenue)

    assert sides(7, 3) == (70, 30)
    assert sides(7, 0) == (70, 2)
    assert sides(9, 3) == (20, 30)
    assert sides(9, 4) == (1, 2)
    assert sides(0, 0) == (1, 2)


def test_a_countrys_price_replaces_the_plain_one_whole():
    price = PriceRoute("5", "10", countries={"DE": ("", "20"), "FR": ("7", "")})
    for country, expected in (("", "15"), ("US", "15"), ("DE", "20"), ("FR", "7")):
        assert worth(terms_for(priced(price), "", country=country), "100") == Decimal(expected)


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1"), (9, "1"), (10, "2"), (99, "2"), (100, "3"), (10_000, "3")]
)
def test_steps_by_conversions_hold_from_their_number_on(number, expected):
    price = PriceRoute("1", steps_by="conversions", steps=(("10", "2", ""), ("100", "3", "")))
    terms = terms_for(priced(price), "")
    assert terms.steps_period == "month"
    assert worth(terms, number=number) == Decimal(expected)


@pytest.mark.parametrize(("amount", "expected"), [("49.99", "1"), ("50", "5"), ("50.000001", "5.0000001")])
def test_steps_by_amount_hold_from_that_amount_on(amount, expected):
    price = PriceRoute("1", steps_by="amount", steps=(("50", "", "10"),))
    assert terms_for(priced(price), "").steps_period == ""
    assert worth(terms_for(priced(price), ""), amount) == Decimal(expected)


def test_a_step_that_is_reached_replaces_the_countrys_price_too():
    price = PriceRoute("1", countries={"DE": ("9", "")}, steps_by="conversions", steps=(("2", "3", ""),))
    assert price_parts(price, "DE", 1, Decimal(0)) == (Decimal(9), Decimal(0))
    assert price_parts(price, "DE", 2, Decimal(0)) == (Decimal(3), Decimal(0))


def test_steps_and_shares_look_at_the_amount_in_the_offers_currency():
    price = PriceRoute("1", steps_by="amount", steps=(("100", "1", "50"),))
    rates = Rates("USD", {"EUR": ((0, "2"),)})
    assert worth(terms_for(priced(price), "", rates), "50", "EUR") == Decimal(51)
    assert worth(terms_for(priced(price), "", rates), "49", "EUR") == Decimal(1)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (PriceRoute("2.5"), Earned(Decimal("2.5"), Decimal(0), "USD")),
        (PriceRoute("", "10"), Earned(Decimal(8), Decimal(0), "EUR")),
        (PriceRoute("2.5", "10"), None),
        (PriceRoute("1", steps_by="amount", steps=(("5", "2", ""),)), None),
    ],
)
def test_without_a_rate_only_what_needs_none_is_told(price, expected):
    assert earned(terms_for(priced(price), ""), Decimal(80), "EUR", TS, 1) == expected


@pytest.mark.parametrize("model", ["CPC", "CPM"])
def test_a_conversion_earns_nothing_where_clicks_or_impressions_do(model):
    terms = terms_for(priced(PriceRoute("3", "10"), model=model), "")
    assert (terms.model, worth(terms, "100")) == (model, Decimal(0))


def test_a_goal_nobody_knows_earns_nothing_and_begins_as_the_base_goal_does():
    shop = offer(default_status="pending", hold_s=60)
    terms = terms_for(shop, "unheard")
    assert (terms.model, worth(terms, "100"), terms.default_status, terms.hold_s) == (
        "",
        Decimal(0),
        "pending",
        60,
    )


def test_a_goal_is_named_by_its_code_or_its_number():
    shop = offer(more_goals=(goal("signup", id=12), goal("12a", id=13), goal("14", id=15), goal("x", id=14)))
    named = {"signup": "signup", "12": "signup", "13": "12a", "14": "14", "15": "14", "99": "99", "0": "0", "": ""}
    assert {name: goal_code(shop, name) for name in named} == named
    assert goal_code(shop, "٣") == "٣"
    assert goal_code(shop, "9" * 5000) == "9" * 5000


def test_a_click_earns_its_price_and_an_impression_a_thousandth():
    price = PriceRoute("0.30", "50", countries={"DE": ("0.45", "")})
    mine = OverrideRoute(partner_id=7, payout=PriceRoute("1"))
    clicks = priced(price, revenue=PriceRoute("2"), model="CPC", overrides=(mine,))
    assert event_price(clicks, "click", 1, 0, "US") == Earned(Decimal("0.30"), Decimal(2), "USD")
    assert event_price(clicks, "click", 1, 0, "DE").payout == Decimal("0.45")
    assert event_price(clicks, "click", 7, 0, "DE") == Earned(Decimal(1), Decimal(2), "USD")
    assert event_price(clicks, "impression", 1, 0, "US") is None
    views = priced(PriceRoute("0.0015"), revenue=PriceRoute("2.5"), model="CPM")
    assert event_price(views, "impression", 1, 0, "") == Earned(Decimal("0.000002"), Decimal("0.0025"), "USD")
    assert event_price(views, "click", 1, 0, "") is None
    assert event_price(offer(), "click", 1, 0, "") is None


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("day", "2025-10-09", "2025-10-10"),
        ("week", "2025-10-06", "2025-10-13"),
        ("month", "2025-10-01", "2025-11-01"),
    ],
)
def test_steps_count_in_periods_of_utc(period, first, after):
    begin, end = (
        int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1000 for day in (first, after)
    )
    assert period_of(period, TS) == (begin, end)
    assert period_of(period, begin) == period_of(period, end - 1) == (begin, end)
    assert period_of(period, end)[0] == end


def test_everything_is_one_period():
    assert period_of("total", TS)[0] == 0
    assert period_of("total", TS)[1] > TS + 100 * 365 * DAY
