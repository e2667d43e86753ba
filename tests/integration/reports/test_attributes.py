"""Attributes of partners, advertisers and offers: grouped by, filtered by, and the same by rollup and by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reports.registry import OPERATORS
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

A, UNKNOWN = 961_000_001, 961_000_099
"""An advertiser to limit the rows to, and a partner, an offer that the program doesn't know."""

NAMES = Directory(
    attributed={
        "partner_tier": {1: ("Gold",), 2: ("Silver",)},
        "partner_tag": {1: ("blog", "eu"), 3: ("eu",)},
        "partner_manager": {1: ("Mia",)},
        "advertiser_manager": {A: ("O'Hara \\ {x:String}",)},
        "offer_category": {10: ("Fashion",)},
        "offer_tag": {10: ("summer", "sale"), 11: ("sale",)},
        "offer_payout_model": {10: ("CPA",), 11: ("CPC",)},
        "creative_name": {7: ("Banner",)},
        "landing_name": {8: ("Shop",)},
    }
)
PARTNERS = (1, 2, 3, UNKNOWN, 0)
OFFERS = (10, 11, UNKNOWN)
VALUES = {"partner_tier": ("Gold",), "partner_tag": ("blog", "eu"), "offer_tag": ("sale", "summer")}


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    rows = [
        {
            "advertiser_id": A,
            "partner_id": partner,
            "offer_id": offer,
            "ts": at("2026-11-01T12:00:00") + n,
            "click_id": f"attr{n}",
            "verdict": "valid",
            "creative_id": ("7", "x", "")[n % 3],
            "landing_id": ("8", "", "y")[n % 3],
        }
        for n, (partner, offer) in enumerate((p, o) for p in PARTNERS for o in OFFERS)
    ]
    store.put("clicks", rows)
    more = {"status": "approved", "payout_model": "CPS", "currency": "USD", "payout": Decimal(1)}
    store.put("conversions", [{**row, **more, "conversion_id": f"attr{n}"} for n, row in enumerate(rows[:3])])


def by(store: Store, dimension: str, metric: str = "clicks", **fields) -> dict:
    answer = store.ask_advertiser(A, NAMES, dimensions=[dimension], metrics=[metric], **fields)
    return {row[dimension]: row[metric] for row in answer["rows"] if row[metric]}


@pytest.mark.parametrize(
    ("dimension", "clicks"),
    [
        ("partner_tier", {"Gold": 3, "Silver": 3, "": 9}),
        ("partner_tag", {"blog": 3, "eu": 6, "": 9}),
        ("partner_manager", {"Mia": 3, "": 12}),
        ("advertiser_manager", {"O'Hara \\ {x:String}": 15}),
        ("account_manager", {"O'Hara \\ {x:String}": 15}),
        ("offer_category", {"Fashion": 5, "": 10}),
        ("offer_tag", {"summer": 5, "sale": 10, "": 5}),
        ("payout_model", {"CPA": 5, "CPC": 5, "": 5}),
        ("creative_name", {"Banner": 5, "": 10}),
        ("landing_name", {"Shop": 5, "": 10}),
    ],
)
def test_clicks_count_under_each_value_and_those_without_under_the_empty_one(store, dimension, clicks):
    assert by(store, dimension) == clicks


def test_a_conversion_has_the_payout_model_it_was_paid_by(store):
    assert by(store, "payout_model", "conversions") == {"CPS": 3}
    assert by(store, "payout_model", "payout") == {"CPS": 3}


@pytest.mark.parametrize("extra", [{}, {"from": "2026-11-01T00:00:00.001"}], ids=["rollup", "raw"])
def test_rollup_and_raw_clicks_agree(store, extra):
    answer = store.ask_advertiser(A, NAMES, dimensions=["partner_tag", "offer_tag"], metrics=["clicks"], **extra)
    assert answer["meta"]["source"] == ("raw" if extra else "rollup")
    counted = {(row["partner_tag"], row["offer_tag"]): row["clicks"] for row in answer["rows"]}
    assert counted == {
        (tag, offer): of_partner * of_offer
        for tag, of_partner in {"blog": 1, "eu": 2, "": 3}.items()
        for offer, of_offer in {"summer": 1, "sale": 2, "": 1}.items()
    }


def test_totals_count_an_entry_with_two_tags_once(store):
    answer = store.ask_advertiser(A, NAMES, dimensions=["partner_tag"], metrics=["clicks"], totals=True)
    assert answer["totals"] == {"clicks": 15}


def passes(operator: str, values: tuple[str, ...], one: str) -> bool:
    """What an operator says of one value, in Python."""
    return {
        "eq": lambda: one == values[0],
        "in": lambda: one in values,
        "contains": lambda: values[0] in one,
        "starts_with": lambda: one.startswith(values[0]),
        "ends_with": lambda: one.endswith(values[0]),
        "matches": lambda: values[0] in one,
        "gt": lambda: one > values[0],
        "gte": lambda: one >= values[0],
        "lt": lambda: one < values[0],
        "lte": lambda: one <= values[0],
        "between": lambda: values[0] <= one <= values[1],
        "is_set": lambda: one != "",
    }[operator]()


CASES = [
    (dimension, operator, values)
    for dimension in VALUES
    for operator in OPERATORS.values()
    if ("text" if dimension == "partner_tier" else "labels") in operator.kinds
    for values in (
        {"none": [()], "two": [("", "Z"), ("H", "Z")], "many": [("", "eu"), ("Gold", "sale")]}.get(operator.arity)
        or [("",), ("eu",), ("G",), ("Gold",), ("sale",), ("zzz",)]
    )
]


@pytest.mark.parametrize(("dimension", "operator", "values"), CASES)
def test_an_operator_on_an_attribute_keeps_what_it_would_keep_by_hand(store, dimension, operator, values):
    kept = {"dimension": dimension, "op": operator.name, "values": list(values)}
    answer = store.ask_advertiser(A, NAMES, dimensions=["partner", "offer"], filters=[kept])
    column = dimension.split("_")[0]
    given = NAMES.attributes(dimension)
    opposite = bool(operator.negates)
    expected = {
        (partner, offer)
        for partner in PARTNERS
        for offer in OFFERS
        for one in [partner if column == "partner" else offer]
        if any(passes(operator.negates or operator.name, values, value) for value in given.get(one, ("",)))
        != opposite
    }
    assert {(row["partner_id"], row["offer_id"]) for row in answer["rows"]} == expected
    assert answer["meta"]["source"] == "rollup"


def test_rows_are_sorted_by_the_value(store):
    answer = store.ask_advertiser(
        A, NAMES, dimensions=["partner_tier"], sort=[{"by": "partner_tier", "desc": True}]
    )
    assert [row["partner_tier"] for row in answer["rows"]] == ["Silver", "Gold", ""]
