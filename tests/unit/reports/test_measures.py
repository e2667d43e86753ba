"""The metrics a query can name, in both views of the money."""

from __future__ import annotations

import pytest

from kernel.errors import ClickledgerError
from reports.measures import measures
from reports.query import Formula
from reports.registry import METRICS, PARTS


def formula(name: str, text: str, unit: str = "number") -> Formula:
    return Formula.model_validate({"name": name, "formula": text, "unit": unit})


def test_without_formulas_they_are_the_registry_s():
    assert measures([], "expected") is METRICS
    assert list(measures([], "earned")) == list(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_earned_money_has_nothing_pending_unless_its_name_says_so(name: str):
    earned = measures([], "earned")[name]
    says_so = name in {"expected_revenue", "expected_payout"}
    pending = {"pending_revenue", "pending_payout", "amount", "sales", "payouts"} & set(earned.parts)
    assert bool(pending) == says_so
    assert (earned.name, earned.unit, earned.label) == (name, METRICS[name].unit, METRICS[name].label)
    # What has no money in it is the same in both.
    if earned.sql({part: part for part in PARTS}) == METRICS[name].sql({part: part for part in PARTS}):
        assert earned.parts == METRICS[name].parts


def test_money_that_follows_the_view():
    expected, earned = measures([], "expected"), measures([], "earned")
    follows = {name for name in METRICS if set(expected[name].parts) != set(earned[name].parts)}
    assert follows == {
        *("revenue", "payout", "profit", "margin", "roi", "amount", "aov"),
        *("rpc", "rpm", "ecpm", "epc", "epc_unique", "cpa"),
    }


def test_a_formula_follows_the_view_as_what_it_is_made_of_does():
    given = [formula("mine", "profit / clicks + pending")]
    expected, earned = (measures(given, view)["mine"].parts for view in ("expected", "earned"))
    money = {"approved_revenue", "approved_payout"}
    assert set(expected) == {*money, "pending_revenue", "pending_payout", "clicks", "pending"}
    assert set(earned) == {*money, "clicks", "pending"}


@pytest.mark.parametrize(
    "given",
    [
        [formula("clicks", "1 * payout")],
        [formula("mine", "clicks"), formula("mine", "payout")],
        [formula("mine", "klicks")],
        [formula("mine", "__import__('os')")],
        [formula(f"mine{n}", "clicks") for n in range(51)],
    ],
)
def test_a_formula_that_can_t_be_meant_is_refused(given):
    with pytest.raises(ClickledgerError) as caught:
        measures(given, "earned")
    assert caught.value.kind.code == "formula_invalid"
