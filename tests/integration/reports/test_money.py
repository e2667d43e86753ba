"""Two views of the money, amounts of other currencies at their day's rate, and a query's own formulas."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from reports import sql
from reports.execute import execute
from reports.plan import Side, choose
from reports.query import Query
from reports.report import report
from reports.validate import validate
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 916_000_001
DAY = at("2026-11-02T00:00:00") // 86_400_000
RATES = {
    # From the third on a euro is worth more; the yen has no rate before the fourth.
    "EUR": ((DAY - 300, Decimal("1.1")), (DAY + 1, Decimal("1.2"))),
    "JPY": ((DAY + 2, Decimal("0.007")),),
    "GBP": ((DAY - 900, Decimal("1.5")),),
}
NAMES = Directory(dated=RATES, base="USD")
EVENT = {"partner_id": P, "offer_id": 10, "verdict": "valid", "click_ts": at("2026-11-01T10:00:00")}


def paid(name: str, ts: str, currency: str, payout: str, status: str = "approved", **more) -> dict:
    found = {"conversion_id": f"{P}{name}", "ts": at(ts), "currency": currency, "payout": Decimal(payout)}
    return {**EVENT, **found, "status": status, "attribution": "click", "revenue": Decimal(payout) * 2, **more}


def click(name: str, ts: str, **more) -> dict:
    return {**EVENT, "click_id": f"{P}{name}", "ts": at(ts), "is_unique": True, **more}


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    store.put(
        "conversions",
        [
            paid("1", "2026-11-02T12:00:00", "USD", "10", amount=Decimal(100), amount_currency="EUR"),
            paid("2", "2026-11-02T23:59:59.999", "EUR", "10", "pending"),
            paid("3", "2026-11-03T00:00:00", "EUR", "10"),
            paid("4", "2026-11-03T12:00:00", "JPY", "1000"),
            paid("5", "2026-11-04T12:00:00", "JPY", "1000", "pending"),
            paid("6", "2026-11-04T12:00:00", "XYZ", "7"),
            paid("7", "2026-11-04T12:00:00", "EUR", "5", "hold"),
            paid("8", "2026-11-04T12:00:00", "USD", "3", "pending", amount=Decimal(50), amount_currency="USD"),
        ],
    )
    store.put(
        "clicks",
        [
            click("1", "2026-11-02T10:00:00", cost=Decimal("0.1"), cost_currency="EUR"),
            click("2", "2026-11-03T10:00:00", cost=Decimal("0.1"), cost_currency="EUR", payout=Decimal("0.05"), currency="EUR"),
            click("3", "2026-11-03T10:30:00", cost=Decimal("0.1"), cost_currency="USD"),
            click("4", "2026-11-03T10:40:00", cost=Decimal("0.000001"), cost_currency="EUR"),
            click("5", "2026-11-03T10:41:00", cost=Decimal("0.000001"), cost_currency="EUR"),
            click("6", "2026-11-03T10:42:00", cost=Decimal("0.000001"), cost_currency="EUR"),
        ],
    )  # fmt: skip
    store.put("impressions", [click("i", "2026-11-04T10:00:00", payout=Decimal("0.5"), currency="GBP")])


def ask(store: Store, names: Directory = NAMES, **fields) -> dict:
    return store.ask(P, names, **{"from": "2026-11-02", "to": "2026-11-05", **fields})


def test_an_amount_is_worth_what_it_was_on_the_event_s_utc_day(store: Store):
    answer = ask(store, dimensions=["day"], metrics=["payout", "revenue"], totals=True)
    assert [tuple(row.values()) for row in answer["rows"]] == [
        # 10 + 10 EUR at 1.1
        ("2026-11-02", 21, 42),
        # 10 EUR at 1.2, a click of 0.05 EUR; the yen had no rate yet
        ("2026-11-03", 12.06, 24),
        # 1000 JPY at 0.007, 3, an impression of 0.5 GBP at 1.5
        ("2026-11-04", 10.75, 20),
    ]
    assert answer["totals"] == {"payout": 43.81, "revenue": 86}
    assert answer["meta"]["other_currencies"] == {"JPY": 1, "XYZ": 1}


def test_the_day_is_utc_s_whatever_zone_the_report_has(store: Store):
    rows = ask(store, timezone="Asia/Kolkata", dimensions=["day"], metrics=["expected_payout"])["rows"]
    # 23:59:59 of the second is the third in Kolkata, and still worth 1.1: 11, with 12 and 0.06.
    assert {row["day"]: row["expected_payout"] for row in rows}["2026-11-03"] == 23.06


def test_a_cross_rate_goes_through_the_base_currency(store: Store):
    answer = ask(store, metrics=["approved_payout", "held_payout"], currency="GBP")
    # 10 USD, 10 EUR at 1.2, a click of 0.05 EUR, all by 1.5; and an impression of 0.5 GBP
    assert answer["rows"] == [{"approved_payout": 15.206667, "held_payout": 4}]
    assert answer["meta"]["other_currencies"] == {"JPY": 1, "XYZ": 1}


def test_a_report_in_a_currency_without_a_rate_has_only_its_own(store: Store):
    answer = ask(store, metrics=["approved_payout"], currency="XYZ")
    assert answer["rows"] == [{"approved_payout": 7}]
    assert answer["meta"]["other_currencies"] == {"EUR": 3, "JPY": 2, "USD": 2}
    yen = ask(store, metrics=["payout"], currency="JPY")
    # Before the fourth a yen has no worth, so nothing else has any in yen; then 3 USD and 0.5 GBP at 1.5.
    assert yen["rows"] == [{"payout": pytest.approx(2000 + 3 / 0.007 + 0.75 / 0.007, abs=1e-6)}]


def test_a_report_that_converts_nothing_has_each_currency_as_it_was_agreed(store: Store):
    euro = ask(store, metrics=["approved_payout"], currency="EUR", convert=False)
    pound = ask(store, metrics=["approved_payout", "held_payout"], currency="GBP", convert=False)
    # 10 EUR and a click of 0.05; an impression of 0.5 GBP.
    assert euro["rows"] == [{"approved_payout": 10.05}]
    assert pound["rows"][0]["approved_payout"] == 0.5
    assert {"USD", "JPY"} <= euro["meta"]["other_currencies"].keys()


def test_what_is_counted_for_averages_is_what_is_converted(store: Store):
    row = ask(store, metrics=["amount", "aov", "cpa"])["rows"][0]
    # 100 EUR at 1.1 and 50 USD; six conversions are paid out in a currency with a rate, held ones not counted
    assert row == {"amount": 160, "aov": 80.0, "cpa": pytest.approx(43.81 / 5)}


def test_a_sum_is_rounded_once_and_half_to_even(store: Store):
    # Three times a millionth of a euro at 1.2 is 0.0000036; each alone would round to 0.000001.
    filters = [{"dimension": "minute", "op": "gte", "value": "2026-11-03 10:40"}]
    assert ask(store, metrics=["cost"], filters=filters)["rows"] == [{"cost": 0.000004}]
    half = Directory(dated={"EUR": ((0, Decimal("0.5")),)}, base="USD")
    one = [{"dimension": "minute", "value": "2026-11-03 10:40"}]
    assert ask(store, half, metrics=["cost"], filters=one)["rows"] == [{"cost": 0}]
    three = Directory(dated={"EUR": ((0, Decimal("1.5")),)}, base="USD")
    assert ask(store, three, metrics=["cost"], filters=one)["rows"] == [{"cost": 0.000002}]


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "JPY"])
def test_rollup_and_raw_clicks_are_worth_the_same(store: Store, currency: str):
    given = {"from": "2026-11-02", "to": "2026-11-05", "dimensions": ["day"], "totals": True, "currency": currency}
    query = Query.model_validate({**given, "metrics": ["cost", "payout", "cpc"]})
    plan = choose(validate(query, NAMES, store.chosen))
    assert plan.source == "rollup"
    raw = replace(plan, sides=(Side("clicks"), *plan.sides[1:]))
    who = Principal("manager", partner_id=P)
    by_rollup, by_raw = execute([sql.rows(one, who, NAMES) for one in (plan, raw)], store.readers, store.chosen)
    assert len(by_raw.rows) == 4
    assert by_rollup.rows == by_raw.rows


def test_earned_money_is_of_what_is_approved_and_expected_money_of_what_is_pending_too(store: Store):
    metrics = ["payout", "revenue", "profit", "margin", "roi", "epc", "cpa", "aov", "pending_money"]
    more = ["approved_payout", "expected_payout", "held_payout", "conversions"]
    formulas = [{"name": "pending_money", "formula": "expected_payout - payout", "unit": "money"}]
    asked = {
        "metrics": [*metrics, *more],
        "formulas": formulas,
        "filters": [{"dimension": "day", "value": "2026-11-02"}],
    }
    expected, earned = (ask(store, **asked, money=view)["rows"][0] for view in ("expected", "earned"))
    assert {name: expected[name] for name in metrics} == {
        "payout": 21,
        "revenue": 42,
        "profit": 21,
        "margin": 0.5,
        "roi": 1.0,
        "epc": 21.0,
        "cpa": 10.5,
        "aov": pytest.approx(110),
        "pending_money": 0,
    }
    assert {name: earned[name] for name in metrics} == {
        "payout": 10,
        "revenue": 20,
        "profit": 10,
        "margin": 0.5,
        "roi": 1.0,
        "epc": 10.0,
        "cpa": 10.0,
        "aov": pytest.approx(110),
        "pending_money": 11,
    }
    assert [earned[name] for name in more] == [expected[name] for name in more] == [10, 21, 0, 2]
    assert ask(store, **asked, money="earned")["meta"]["money"] == "earned"


def test_sales_follow_the_view_too(store: Store):
    assert ask(store, metrics=["amount", "aov"], money="earned")["rows"] == [{"amount": 110, "aov": 110.0}]


def test_a_formula_is_a_metric_of_its_query(store: Store):
    answer = ask(
        store,
        dimensions=["day"],
        metrics=["my_ratio"],
        formulas=[
            {"name": "my_ratio", "formula": "payout / (gross_clicks + 1)", "unit": "money", "label": "Mine"}
        ],
        filters=[{"metric": "my_ratio", "op": "gt", "value": 5}],
        sort=[{"by": "my_ratio", "desc": False}],
        totals=True,
    )
    assert [(row["day"], row["my_ratio"]) for row in answer["rows"]] == [
        ("2026-11-02", 10.5),
        ("2026-11-04", 10.75),
    ]
    assert answer["totals"] == {"my_ratio": pytest.approx(31.75 / 2)}


def test_a_formula_shows_nobody_what_is_hidden_from_them(store: Store):
    query = Query.model_validate(
        {
            "from": "2026-11-02",
            "to": "2026-11-05",
            "metrics": ["mine"],
            "formulas": [{"name": "mine", "formula": "roi * 1", "unit": "ratio"}],
            "money": "earned",
        }
    )
    who = Principal("partner", partner_id=P)
    with pytest.raises(ClickledgerError) as caught:
        report(query, who, names=NAMES, readers=store.readers, chosen=store.chosen)
    assert caught.value.kind.code == "metric_hidden"
