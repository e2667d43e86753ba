"""The formula language: what it renders and what it refuses."""

from __future__ import annotations

import pytest

from kernel.errors import ClickledgerError
from reports.registry import METRICS, custom, formula
from reports.registry.custom import UNITS


def render(text: str) -> str:
    return formula.render(text, lambda name: f"<{name}>")


def test_a_division_by_zero_is_null_and_money_is_divided_as_a_float():
    assert render("a / b") == "toFloat64(<a>) / nullIf(toFloat64(<b>), 0)"


def test_sums_and_differences_are_kept_together():
    assert render("(a + b) / c") == "toFloat64((<a> + <b>)) / nullIf(toFloat64(<c>), 0)"
    assert render("a - b") == "(<a> - <b>)"
    assert render("-a + 0.5") == "((-<a>) + 0.5)"


def test_a_product_is_a_float_so_that_no_decimal_overflows():
    assert render("a - b * 2") == "(<a> - (toFloat64(<b>) * 2))"
    assert render("a * (b + c)") == "(toFloat64(<a>) * toFloat64((<b> + <c>)))"
    assert render("a / b * 1000") == "(toFloat64(<a>) / nullIf(toFloat64(<b>), 0) * 1000)"


def test_line_breaks_are_blanks_and_long_numbers_floats():
    assert render("a\n + b\t") == "(<a> + <b>)"
    assert render("a + 123456789012345678901234567890") == "(<a> + 1.2345678901234568e+29)"


def test_names_are_found_once_and_in_order():
    assert formula.names("b / (a + b) * 1000") == ("b", "a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a.b",
        "a[0]",
        "f(a)",
        "a ** b",
        "a // b",
        "a % b",
        "a if b else c",
        "lambda: a",
        "'text'",
        "True",
        "1e999",
        "a; b",
        "a) FROM clicks --",
        "a /* b */",
        "not a",
        "a == b",
        "a # b",
        "a \\\n b",
        "1j",
        "...",
        "a\0b",
        "9" * 400,
        "-" * 60 + "a",
        " + ".join(["a"] * 60),
        "(" * 400 + "a" + ")" * 400,
        "a + " * 200 + "a",
    ],
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(formula.FormulaError):
        render(text)


def test_a_custom_metric_is_a_metric_like_any_other():
    made = custom("my_ratio", "payout / clicks - 0.5", "money", "My ratio")
    assert (made.name, made.label, made.help, made.unit) == (
        "my_ratio",
        "My ratio",
        "payout / clicks - 0.5",
        "money",
    )
    assert made.parts == ("approved_payout", "pending_payout", "clicks")
    given = {"approved_payout": "A", "pending_payout": "P", "clicks": "C"}
    assert made.sql(given) == "(toFloat64((A + P)) / nullIf(toFloat64(C), 0) - 0.5)"
    assert custom("mine", "clicks", "count").label == "mine"


def test_a_custom_metric_may_name_parts_that_no_metric_is():
    assert custom("mine", "pending_payout * 2", "money").parts == ("pending_payout",)


@pytest.mark.parametrize(
    ("name", "text", "unit", "says"),
    [
        ("mine", "payuot / clicks", "money", "There is no metric 'payuot'; did you mean payout or payouts?"),
        ("mine", "clicks +", "count", "'clicks +' is not a formula"),
        ("mine", "clicks ** 2", "count", "'clicks ** 2' can't stand in a formula"),
        ("mine", "1 + 1", "count", "A formula names at least one metric."),
        ("mine", "last_click_at - first_click_at", "seconds", "is a moment and can't be computed with"),
        ("mine", "clicks", "time", "'time' is no unit of a formula; use count, ratio, money"),
        ("mine", "clicks", "EUR", "'EUR' is no unit of a formula"),
        ("mine", "clicks * 1e999", "count", "too large"),
        ("mine", "-" * 60 + "clicks", "count", "at most 40 operations deep"),
        ("mine", "clicks" + " " * 500, "count", "at most 500 characters"),
        ("mine", "clicks # all", "count", "no comments"),
        ("Mine", "clicks", "count", "is no name for a metric"),
        ("1st", "clicks", "count", "is no name for a metric"),
        ("x' OR 1", "clicks", "count", "is no name for a metric"),
        ("", "clicks", "count", "is no name for a metric"),
        ("m" * 65, "clicks", "count", "is no name for a metric"),
        ("clicks", "clicks", "count", "is the name of something else"),
        ("pending_payout", "clicks", "count", "is the name of something else"),
        ("country", "clicks", "count", "is the name of something else"),
        ("partner_id", "clicks", "count", "is the name of something else"),
        ("clicks_before", "clicks", "count", "is the name of something else"),
        ("clicks_change", "clicks", "count", "is the name of something else"),
    ],
)
def test_what_is_no_custom_metric_is_refused_with_a_sentence(name: str, text: str, unit: str, says: str):
    with pytest.raises(ClickledgerError) as refused:
        custom(name, text, unit)
    assert refused.value.kind.code == "formula_invalid"
    assert says in refused.value.message


def test_the_nearest_names_are_told():
    with pytest.raises(ClickledgerError) as refused:
        custom("mine", "payuot / clicks", "money")
    assert refused.value.details["nearest"] == ["payout", "payouts"]


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.unit != "time"])
def test_every_metric_can_be_computed_with(name: str):
    assert custom("mine", f"{name} / {name} * {name}", "number").parts == METRICS[name].parts


def test_arithmetic_has_every_unit_but_a_moment():
    assert UNITS == ("count", "ratio", "money", "score", "seconds", "number")
