"""What conversions of a batch share with each other and with stored ones."""

from __future__ import annotations

from typing import Any

from fraud.conversions import Conversion
from fraud.conversions.others import share

NOW = 1_700_000_000_500


def conversion(key: str, **changes: Any) -> Conversion:
    fields: dict[str, Any] = {
        "key": key,
        "ts": NOW,
        "partner_id": 3,
        "offer_id": 7,
        "advertiser_id": 2,
        "goal": "",
        "click_id": f"click of {key}",
    }
    return Conversion(**(fields | changes))


def test_a_second_click_with_a_transaction_sees_the_first_and_not_the_other_way_round():
    first, second = share([conversion("a", txn_id="t"), conversion("b", txn_id="t")], {})
    assert (first.txn_on_offer, first.txn_at_advertiser) == (0, 0)
    assert (second.txn_on_offer, second.txn_at_advertiser) == (1, 1)


def test_a_click_may_have_the_same_transaction_on_several_goals():
    batch = [
        conversion("a", txn_id="t", click_id="k", goal="lead"),
        conversion("b", txn_id="t", click_id="k", goal="sale"),
    ]
    assert [one.txn_on_offer for one in share(batch, {})] == [0, 0]


def test_offers_have_their_own_transactions_and_their_advertisers():
    batch = [conversion("a", txn_id="t"), conversion("b", txn_id="t", offer_id=8)]
    assert [(one.txn_on_offer, one.txn_at_advertiser) for one in share(batch, {})] == [(0, 0), (0, 1)]


def test_stored_ones_count_and_the_own_click_never():
    stored = {
        "txn 7 t": (2, ("click of a", "another")),
        "click click of a ": (4, ("click of a",)),
        "customer 7  u": (1, ("click of a",)),
    }
    [one] = share([conversion("a", txn_id="t", customer_id="u")], stored)
    assert (one.txn_on_offer, one.of_click, one.customer) == (1, 5, 0)


def test_the_same_conversion_reported_twice_counts_once():
    twice = share(
        [conversion("a", click_id="k"), conversion("a", click_id="k"), conversion("b", click_id="k")], {}
    )
    assert [one.of_click for one in twice] == [1, 1, 2]
    assert [one.in_second for one in twice] == [2, 2, 2]


def test_all_of_a_second_see_each_other_but_those_of_files_and_later_seconds():
    batch = [
        conversion("a"),
        conversion("b"),
        conversion("file", is_live=False),
        conversion("later", ts=NOW + 500),
        conversion("other partner", partner_id=4),
    ]
    assert [one.in_second for one in share(batch, {})] == [2, 2, 1, 1, 1]


def test_what_is_stored_already_is_not_counted_again():
    batch = [conversion("a", click_id="k", is_stored=True), conversion("b", click_id="k")]
    before, after = share(batch, {"click k ": (1, ("k",))})
    assert (before.of_click, after.of_click) == (1, 2)


def test_nothing_is_shared_by_empty_ids():
    batch = [conversion(key, click_id="", attribution="coupon") for key in "ab"]
    for one in share(batch, {}):
        assert one == one._replace(of_click=1, txn_on_offer=0, customer=0, coupon_today=1)


def test_a_coupons_sales_of_a_day_are_counted():
    batch = [
        conversion("a", attribution="coupon", coupon="X", click_id=""),
        conversion("b", attribution="coupon", coupon="X", click_id=""),
        conversion("c", attribution="coupon", coupon="X", click_id="", ts=NOW + 86_400_000),
        conversion("d", coupon="X"),
    ]
    assert [one.coupon_today for one in share(batch, {})] == [1, 2, 1, 1]
