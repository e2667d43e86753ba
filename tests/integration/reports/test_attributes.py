"""Attributes and formulas: grouped by, filtered by, picked from, and the same by rollup and by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from kernel.auth import Principal
from reports.execute import execute
from reports.pickers.sql import ids_present
from reports.registry import DIMENSIONS, METRICS, OPERATORS
from reports.report import report
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory, query

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


def test_a_partner_and_an_advertiser_are_shown_whom_they_deal_with_by_number(store):
    names = Directory({"partner": {1: "Blog"}, "advertiser": {A: "Shop"}, "offer": {10: "Shoes"}})

    def seen(who: Principal) -> set[tuple[str, str, str]]:
        wanted = {"dimensions": ["partner", "advertiser", "offer"], "metrics": ["clicks"]}
        chosen = query(
            **wanted, filters=[{"dimension": "partner", "value": 1}, {"dimension": "offer", "value": 10}]
        )
        answer = report(chosen, who, names=names, readers=store.readers, chosen=store.chosen)
        return {(row["partner"], row["advertiser"], row["offer"]) for row in answer["rows"]}

    assert ("Blog", f"#{A}", "Shoes") in seen(Principal("partner", partner_id=1))
    assert seen(Principal("advertiser", advertiser_id=A)) == {("#1", "Shop", "Shoes")}
    assert seen(Principal("manager", advertiser_id=A)) == {("Blog", "Shop", "Shoes")}


def test_a_picker_offers_what_is_in_the_rows_of_whoever_picks(store):
    def offered(who: Principal, since: str) -> dict[str, set[str]]:
        found = {}
        for name in ("offer_tag", "creative_name", "partner_tier"):
            statement = ids_present(DIMENSIONS[name], who, datetime.fromisoformat(since))
            (answer,) = execute([statement], store.readers, store.chosen)
            found[name] = {row[0] for row in answer.rows}
        return found

    advertiser = Principal("advertiser", advertiser_id=A)
    assert offered(advertiser, "2026-10-01T00:00:00+00:00") == {
        "offer_tag": {str(one) for one in OFFERS},
        "creative_name": {"7", "x", ""},
        "partner_tier": {str(one) for one in PARTNERS},
    }
    assert offered(advertiser, "2026-11-02T00:00:00+00:00") == {
        "offer_tag": set(),
        "creative_name": set(),
        "partner_tier": set(),
    }


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("payout / clicks", 0.2),
        ("payout / events", None),
        ("(payout + 0.5) * 2 - clicks", -8.0),
        ("payout + epc", 3.2),
        ("payout - pending_payout / 7", 3.0),
        ("clicks + 9007199254740993", 9007199254741008.0),
        ("-clicks", -15),
        ("held_payout - clicks", -15.0),
        ("p95_fraud_score * 2 + cost", 0.0),
        ("median_ctit + payout", None),
        (" * ".join(["(amount + 999999999999)"] * 12), 999999999999.0**12),
        (" * ".join(["(clicks + 1e300)"] * 3), None),
        (" + ".join(["payout"] * 40), 120),
        ("unique_ips / active_offers", 1 / 3),
    ],
)
def test_a_formula_is_computed_and_never_fails(store, formula, expected):
    mine = {"name": "mine", "formula": formula, "unit": "number"}
    (row,) = store.ask_advertiser(A, NAMES, metrics=["mine"], formulas=[mine])["rows"]
    assert row["mine"] == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("metric", [name for name, one in METRICS.items() if one.unit != "time"])
def test_every_metric_goes_into_a_formula_with_every_operation(store, metric):
    mine = {"name": "mine", "formula": f"({metric} * 2 - {metric} + 0.5) / ({metric} + cost)", "unit": "number"}
    answer = store.ask_advertiser(
        A, NAMES, dimensions=["partner_tag", "day"], metrics=["mine"], formulas=[mine], totals=True,
        filters=[{"metric": "mine", "op": "lt", "value": 1e9}], sort=[{"by": "mine", "desc": True}],
    )  # fmt: skip
    assert set(answer["totals"]) == {"mine"}
