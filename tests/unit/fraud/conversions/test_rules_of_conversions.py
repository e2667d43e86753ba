"""Every rule about conversions: what it finds, from where on, and what keeps it silent."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from fraud.conversions import ALONE, RULES, Conversion, Shared, find
from fraud.entries import RuleEntry
from fraud.findings import facts_of
from fraud.reasons import REASONS
from fraud.rules.book import Rulebook
from fraud.usual.conversions import (
    NOTHING_USUAL,
    Addresses,
    Amounts,
    CouponUse,
    OfOneClick,
    Pace,
    Timing,
    UsualConversions,
)

OFFER, PARTNER, OTHER = 7, 3, 4
NOW = 1_700_000_000_000
HOUR_MS = 3_600_000
DAY_S = 86_400.0


def conversion(**changes: Any) -> Conversion:
    """Return a conversion an hour after its click, with nothing odd about it."""
    fields: dict[str, Any] = {
        "key": "c1",
        "ts": NOW,
        "partner_id": PARTNER,
        "offer_id": OFFER,
        "advertiser_id": 2,
        "goal": "",
        "click_id": "k1",
        "click_ms": NOW - HOUR_MS,
    }
    return Conversion(**(fields | changes))


def found(
    code: str,
    one: Conversion,
    having: Shared = ALONE,
    usual: UsualConversions = NOTHING_USUAL,
    **settings: Any,
) -> dict[str, str] | None:
    """Return the facts of what one rule finds; None for nothing."""
    book = Rulebook.of([RuleEntry(code, settings=settings)] if settings else [])
    findings = find(one, having, usual, book, [code])
    return dict(facts_of(findings[0].facts)) if findings else None


def after(ms: int, **changes: Any) -> Conversion:
    return conversion(click_ms=NOW - ms, **changes)


def test_an_ordinary_conversion_shows_nothing():
    assert find(conversion(), ALONE, NOTHING_USUAL, Rulebook.of()) == []


# ctit_too_fast


@pytest.mark.parametrize(
    ("kind", "ms", "is_found"),
    [
        ("install", 4_999, True),
        ("install", 5_000, False),
        ("lead", 4_999, True),
        ("lead", 5_000, False),
        ("sale", 9_999, True),
        ("sale", 10_000, False),
        ("action", 4_999, True),
        ("action", 5_000, False),
        ("action", 0, True),
        ("action", -1, False),
    ],
)
def test_a_conversion_is_too_fast_below_its_goals_seconds(kind, ms, is_found):
    assert (found("ctit_too_fast", after(ms, kind=kind)) is not None) == is_found


def test_the_sentence_tells_how_fast_and_what_is_usual():
    usual = UsualConversions(
        network=Timing(1_000, 60, (1, 60, 240, 900, 9_000)),
        of_offers={OFFER: Timing(1_000, 60, (1, 60, 240, 900, 9_000))},
        of_goals={(OFFER, ""): Timing(1_000, 60, (1, 60, 240, 900, 9_000))},
    )
    [finding] = find(after(2_000, kind="install"), ALONE, usual, Rulebook.of(), ["ctit_too_fast"])
    told = REASONS["ctit_too_fast"].told(finding.facts)
    assert told == "Installed 2 s after the click; usually half of this offer's conversions take more than 4 min."
    [finding] = find(after(2_000, kind="install"), ALONE, NOTHING_USUAL, Rulebook.of(), ["ctit_too_fast"])
    assert REASONS["ctit_too_fast"].told(finding.facts) == (
        "Installed 2 s after the click; nobody is done in less than 5 s."
    )


def test_where_a_quarter_of_a_goal_is_as_fast_nothing_is_too_fast():
    quick = Timing(50, 0, (0.5, 1.0, 3.0, 9.0, 60.0))
    assert found("ctit_too_fast", after(2_000), usual=UsualConversions(of_goals={(OFFER, ""): quick})) is None
    few = UsualConversions(of_goals={(OFFER, ""): quick._replace(number=49)})
    assert found("ctit_too_fast", after(2_000), usual=few) is not None


@pytest.mark.parametrize("changes", [{"attribution": "view"}, {"is_live": False}, {"click_ms": 0}])
def test_what_has_no_time_from_a_click_is_never_too_fast(changes):
    assert found("ctit_too_fast", after(1_000)._replace(**changes)) is None


def test_seconds_of_ones_own_hold_for_every_kind():
    assert found("ctit_too_fast", after(29_999, kind="lead"), seconds=30) is not None
    assert found("ctit_too_fast", after(30_000, kind="lead"), seconds=30) is None


# ctit_flat

EVEN = {"tail_median_s": 3.0 * DAY_S, "tail_far_s": 4.9 * DAY_S}
FADING = {"tail_median_s": 1.4 * DAY_S, "tail_far_s": 4.9 * DAY_S}


def tails(number: int = 100, late: int = 60, others: int = 1_000, others_late: int = 50, **tail: Any) -> Any:
    quantiles = (60.0, 600.0, 3_600.0, 90_000.0, 200_000.0)
    own = Timing(number, late, quantiles, **(tail or EVEN))
    offer = Timing(number + others, late + others_late, quantiles, **(tail or EVEN))
    return UsualConversions(network=offer, of_offers={OFFER: offer}, of_pairs={(OFFER, PARTNER): own})


LATE = after(25 * HOUR_MS)


def test_late_conversions_of_a_partner_with_a_flat_tail_are_found_with_its_share():
    facts = found("ctit_flat", LATE, usual=tails())
    assert facts is not None
    assert (facts["share"], facts["hours"]) == ("60", "24")
    assert float(facts["usual"]) == pytest.approx(5, abs=1)


@pytest.mark.parametrize(
    ("one", "usual"),
    [
        (after(24 * HOUR_MS), tails()),
        (LATE._replace(partner_id=OTHER), tails()),
        (LATE._replace(attribution="view"), tails()),
        (LATE._replace(is_live=False), tails()),
        (LATE, tails(late=25)),
        (LATE, tails(number=29, late=29)),
        (LATE, tails(number=30, late=9)),
        (LATE, tails(**FADING)),
        (LATE, tails(others=1_000, others_late=400)),
        (LATE, NOTHING_USUAL),
    ],
    ids=[
        "not late itself",
        "another partner",
        "a view",
        "from a file",
        "a quarter late",
        "too few",
        "too few late",
        "fading tail",
        "everybody is late",
        "nothing known",
    ],
)
def test_nothing_else_is_flat(one, usual):
    assert found("ctit_flat", one, usual=usual) is None


def test_thirty_conversions_of_which_most_are_late_are_enough():
    assert found("ctit_flat", LATE, usual=tails(number=30, late=24)) is not None


# replayed_click_id, same_second_batch, duplicates


@pytest.mark.parametrize(("kind", "most"), [("action", 3), ("lead", 3), ("install", 3), ("sale", 10)])
def test_one_click_brings_only_so_many(kind, most):
    one = conversion(kind=kind)
    assert found("replayed_click_id", one, Shared(of_click=most)) is None
    assert found("replayed_click_id", one, Shared(of_click=most + 1)) == {
        "count": str(most + 1),
        "most": str(most),
    }


def test_a_goal_whose_clicks_usually_bring_many_may_bring_many():
    usual = UsualConversions(of_one_click={(OFFER, ""): OfOneClick(8.0, 50)})
    assert found("replayed_click_id", conversion(), Shared(of_click=8), usual) is None
    assert found("replayed_click_id", conversion(), Shared(of_click=9), usual) == {"count": "9", "most": "8"}
    few = UsualConversions(of_one_click={(OFFER, ""): OfOneClick(8.0, 49)})
    assert found("replayed_click_id", conversion(), Shared(of_click=4), few) is not None


def test_more_than_five_in_a_second_are_a_batch():
    assert found("same_second_batch", conversion(), Shared(in_second=5)) is None
    assert found("same_second_batch", conversion(), Shared(in_second=6)) == {"count": "6", "usual": "1"}
    assert found("same_second_batch", conversion(is_live=False), Shared(in_second=6)) is None


def test_an_advertiser_who_always_reports_in_batches_may():
    usual = UsualConversions(paces={OFFER: Pace(4.0, 40.0, 30)})
    assert found("same_second_batch", conversion(), Shared(in_second=12), usual) is None
    assert found("same_second_batch", conversion(), Shared(in_second=13), usual) == {"count": "13", "usual": "4"}


def test_a_transaction_of_another_click_is_found_on_its_offer_or_at_its_advertiser():
    one = conversion(txn_id="order-1")
    assert found("duplicate_txn", one, Shared(txn_on_offer=0, txn_at_advertiser=1)) is None
    assert found("duplicate_txn", one, Shared(txn_on_offer=1)) == {"txn": "order-1", "count": "1"}
    assert found("duplicate_txn", one, Shared(txn_at_advertiser=2), across_offers=True) is not None


@pytest.mark.parametrize(("kind", "most"), [("action", 0), ("lead", 0), ("sale", 5)])
def test_a_customer_is_new_but_where_sales_are_counted(kind, most):
    one = conversion(kind=kind, customer_id="u1")
    assert found("duplicate_customer", one, Shared(customer=most)) is None
    assert found("duplicate_customer", one, Shared(customer=most + 1)) == {"count": str(most + 1)}


# cr_outlier


def rates(clicks: int, converted: int, others: int = 100_000, others_converted: int = 1_000) -> UsualConversions:
    return UsualConversions(
        clicks={(OFFER, PARTNER): clicks, (OFFER, OTHER): others},
        converted={(OFFER, PARTNER): converted, (OFFER, OTHER): others_converted},
        offer_clicks={OFFER: clicks + others},
        offer_converted={OFFER: converted + others_converted},
    )


def test_a_rate_far_above_the_other_partners_is_found_with_both():
    assert found("cr_outlier", conversion(), usual=rates(1_000, 100)) == {
        "rate": "10",
        "clicks": "1000",
        "usual": "1",
    }


@pytest.mark.parametrize(
    "usual",
    [
        rates(1_000, 40),
        rates(199, 150),
        rates(400, 9),
        rates(400, 20, others=0, others_converted=0),
        rates(400, 20, others_converted=0),
        NOTHING_USUAL,
    ],
    ids=[
        "four times",
        "few clicks",
        "few conversions",
        "no other partner",
        "nobody else converts",
        "nothing known",
    ],
)
def test_other_rates_are_ordinary(usual):
    assert found("cr_outlier", conversion(), usual=usual) is None


def test_a_rate_below_a_fiftieth_is_found_where_many_conversions_were_expected():
    assert found("cr_outlier", conversion(), usual=rates(1_000_000, 100)) is not None
    assert found("cr_outlier", conversion(), usual=rates(1_000_000, 300)) is None
    assert found("cr_outlier", conversion(), usual=rates(900, 0)) is None


# amount_outlier


def amounts(number: int = 100, deviation: float = 0.3) -> UsualConversions:
    return UsualConversions(amounts={(OFFER, "USD"): Amounts(number, math.log(50), deviation)})


def test_an_amount_is_far_above_by_factor_and_by_deviations():
    # 6 deviations of 0.3 · 1.4826 are a factor of 14.4, beyond the factor of 10.
    assert found("amount_outlier", conversion(amount=700.0, currency="USD"), usual=amounts()) is None
    facts = found("amount_outlier", conversion(amount=800.0, currency="USD"), usual=amounts())
    assert facts is not None
    assert (facts["amount"], facts["usual"]) == ("800.00", "50.00")
    assert 700 < float(facts["most"]) < 800


def test_equal_prices_leave_the_factor_alone_to_decide():
    same = amounts(deviation=0.0)
    assert found("amount_outlier", conversion(amount=499.0, currency="USD"), usual=same) is None
    assert found("amount_outlier", conversion(amount=501.0, currency="USD"), usual=same) is not None


@pytest.mark.parametrize(
    ("changes", "usual"),
    [
        ({"amount": 9_999.0, "currency": "USD"}, amounts(number=29)),
        ({"amount": 9_999.0, "currency": "EUR"}, amounts()),
        ({"amount": 0.0, "currency": "USD"}, amounts()),
        ({"amount": 0.01, "currency": "USD"}, amounts()),
        ({"amount": math.inf, "currency": "USD"}, amounts()),
        ({"amount": math.nan, "currency": "USD"}, amounts()),
    ],
)
def test_amounts_that_cannot_be_compared_are_ordinary(changes, usual):
    assert found("amount_outlier", conversion(**changes), usual=usual) is None


# where the customer is

ELSEWHERE = {
    "ip": "198.51.100.7",
    "prefix": "198.51.100.0/24",
    "conversion_ip": "203.0.113.9",
    "conversion_prefix": "203.0.113.0/24",
    "country": "DE",
    "conversion_country": "VN",
}


def test_another_network_soon_after_the_click_is_found_and_weighs_nothing_by_default():
    assert found("conversion_ip_mismatch", after(30 * 60_000, **ELSEWHERE)) == {
        "click": "198.51.100.0/24",
        "conversion": "203.0.113.0/24",
    }
    assert found("conversion_ip_mismatch", after(30 * 60_000 + 1, **ELSEWHERE)) is None
    assert Rulebook.of().aside(["conversion_ip_mismatch"], 1, 1) == {"conversion_ip_mismatch"}


@pytest.mark.parametrize(
    "changes",
    [
        {"conversion_prefix": "198.51.100.0/24"},
        {"conversion_prefix": "2001:db8:1::/48"},
        {"conversion_prefix": ""},
        {"conversion_ip": ""},
        {"prefix": ""},
        {"attribution": "view"},
    ],
)
def test_networks_that_cannot_be_compared_are_the_same(changes):
    assert found("conversion_ip_mismatch", after(60_000, **(ELSEWHERE | changes))) is None


def test_another_country_within_a_day_is_found():
    assert found("conversion_country_mismatch", after(24 * HOUR_MS, **ELSEWHERE)) == {
        "click": "DE",
        "conversion": "VN",
    }
    assert found("conversion_country_mismatch", after(24 * HOUR_MS + 1, **ELSEWHERE)) is None
    for same in ({"conversion_country": "DE"}, {"conversion_country": ""}, {"country": ""}):
        assert found("conversion_country_mismatch", after(60_000, **(ELSEWHERE | same))) is None


def test_where_nearly_all_addresses_differ_they_are_the_advertisers_own():
    one = after(60_000, **ELSEWHERE)
    servers = UsualConversions(addresses={OFFER: Addresses(30, 25)})
    assert found("conversion_country_mismatch", one, usual=servers) is None
    for known in (Addresses(30, 24), Addresses(29, 29)):
        assert (
            found("conversion_country_mismatch", one, usual=UsualConversions(addresses={OFFER: known})) is not None
        )


# coupon_leak

COUPON = conversion(attribution="coupon", click_id="", coupon="NORA10", coupon_partner_id=PARTNER)


def coupons(uses: int, days: float, clicks: int = 10) -> UsualConversions:
    return UsualConversions(coupons={(OFFER, "NORA10"): CouponUse(uses, days)}, clicks={(OFFER, PARTNER): clicks})


def test_a_coupon_with_another_partners_click_has_leaked():
    one = conversion(coupon="NORA10", coupon_partner_id=OTHER)
    assert found("coupon_leak", one) == {"coupon": "NORA10", "owner": str(OTHER), "clicked": str(PARTNER)}
    assert found("coupon_leak", one._replace(coupon_partner_id=PARTNER)) is None
    assert found("coupon_leak", one._replace(coupon_partner_id=0)) is None
    assert found("coupon_leak", one._replace(coupon="")) is None


def test_a_coupon_whose_visitor_came_by_another_partner_has_leaked():
    assert found("coupon_leak", COUPON._replace(path_partner_id=OTHER)) == {
        "coupon": "NORA10",
        "owner": str(PARTNER),
        "clicked": str(OTHER),
    }
    assert found("coupon_leak", COUPON._replace(path_partner_id=PARTNER)) is None
    assert found("coupon_leak", COUPON) is None


def test_a_coupon_is_used_far_more_than_usual():
    usual = coupons(uses=60, days=15.0)
    assert found("coupon_leak", COUPON, Shared(coupon_today=20), usual) is None
    assert found("coupon_leak", COUPON, Shared(coupon_today=21), usual) == {
        "coupon": "NORA10",
        "count": "21",
        "usual": "4.0",
    }
    assert found("coupon_leak", COUPON, Shared(coupon_today=21), coupons(uses=5, days=2.9)) is None
    assert found("coupon_leak", COUPON, Shared(coupon_today=50), coupons(uses=150, days=15.0)) is None


def test_a_coupon_of_a_partner_without_any_click_may_bring_only_so_much():
    assert found("coupon_leak", COUPON, usual=coupons(uses=50, days=20.0, clicks=0)) is None
    assert found("coupon_leak", COUPON, usual=coupons(uses=51, days=20.0, clicks=0)) == {
        "coupon": "NORA10",
        "sales": "51",
    }
    assert found("coupon_leak", COUPON, usual=coupons(uses=51, days=20.0, clicks=1)) is None


# all of them


def test_every_rule_about_conversions_has_its_function_and_every_sentence_its_numbers():
    from fraud.rules.catalogue import RULES as SPECS

    assert RULES.keys() == {code for code, spec in SPECS.items() if spec.subject == "conversion"}
    for code in RULES:
        assert REASONS[code].category == "SIVT"


@pytest.mark.parametrize("code", list(RULES))
def test_a_rule_that_is_off_finds_nothing(code):
    one = after(1_000, **ELSEWHERE, txn_id="t", coupon="X", coupon_partner_id=OTHER, amount=1e9, currency="USD")
    having = Shared(99, 99, 9, 9, 9, 99)
    usual = replace(tails(), amounts=amounts().amounts)
    off = Rulebook.of([RuleEntry(code, enabled=False)])
    assert code not in {finding.code for finding in find(one, having, usual, off)}
