"""Every entry of the registries is complete and names columns that exist."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import pytest
import sqlglot
from sqlglot import exp

from kernel.clickhouse.columns import CLICKS, CONVERSIONS, HOURLY_KEYS, HOURLY_MEASURES
from partners.names import ATTRIBUTES as KINDS
from reports.registry import (
    DIMENSIONS,
    METRIC_OPERATORS,
    METRICS,
    OPERATORS,
    PARTS,
    Dimension,
    Metric,
    Operator,
    Part,
)
from reports.registry.formula import names

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "reports"

TABLES = {
    "clicks": {c.name for c in CLICKS},
    "impressions": {c.name for c in CLICKS},
    "conversions": {c.name for c in CONVERSIONS},
    "rollup": {*HOURLY_KEYS, *(m.name for m in HOURLY_MEASURES), "hour"},
}

EVERY_DIMENSION = re.findall(
    r"\w+",
    "minute hour day week month quarter year hour_of_day day_of_week "
    "partner partner_manager partner_tier partner_tag advertiser advertiser_manager account_manager "
    "offer offer_category offer_tag goal payout_model link landing creative smart_link coupon "
    "source sub1 sub2 sub3 sub4 sub5 sub6 sub7 sub8 sub9 sub10 ext1 ext2 ext3 ext4 ext5 adv1 adv2 adv3 adv4 adv5 "
    "partner_click_id continent country region city postal_area timezone "
    "ip ip_prefix asn isp connection_type is_datacenter is_proxy "
    "device_type device_brand device_model os os_version browser browser_version language screen user_agent "
    "referrer_host referrer_url utm_source utm_medium utm_campaign utm_term utm_content is_in_app "
    "verdict fraud_reason fraud_category fraud_score_band is_bot bot_family trafficback_reason is_unique "
    "conversion_status reject_reason ctit_bucket txn_id currency attribution",
)
"""What REPORTING promises, in its order."""

EVERY_METRIC = re.findall(
    r"\w+",
    "impressions clicks gross_clicks unique_clicks duplicate_clicks invalid_clicks suspect_clicks bot_clicks "
    "trafficback_clicks invalid_rate unique_rate ctr "
    "conversions approved pending held rejected total_conversions approval_rate cr cr_gross "
    "view_through_conversions events "
    "revenue payout profit margin roi cost amount aov rpc rpm epc epc_unique cpa cpc ecpm "
    "approved_revenue approved_payout expected_revenue expected_payout held_payout rejected_payout "
    "avg_fraud_score p95_fraud_score flagged_rate median_ctit p95_ctit unique_ips clicks_per_ip active_partners "
    "active_offers first_click_at last_click_at",
)

ON_CONVERSIONS_ONLY = {
    *("goal", "adv1", "adv2", "adv3", "adv4", "adv5", "conversion_status", "reject_reason", "ctit_bucket"),
    *("txn_id", "currency", "attribution", "conversion_source"),
}


def columns_of(expression: str) -> set[str]:
    """The columns an expression reads, a lambda's own variable aside."""
    tree = sqlglot.parse_one(expression, dialect="clickhouse")
    return {column.name for column in tree.find_all(exp.Column)} - {"x", "id", "values"}


def expressions(entry: Dimension | Part) -> dict[str, str]:
    given = {"clicks": entry.clicks, "conversions": entry.conversions, "rollup": entry.rollup}
    if isinstance(entry, Part):
        given["impressions"] = entry.impressions
    return {table: expression for table, expression in given.items() if expression is not None}


def test_all_that_was_promised_is_there():
    assert set(EVERY_DIMENSION) <= set(DIMENSIONS)
    assert set(EVERY_METRIC) <= set(METRICS)
    assert {name for name, d in DIMENSIONS.items() if d.on_conversions_only} == ON_CONVERSIONS_ONLY


def test_every_entry_has_a_golden_case():
    cases = "\n".join(path.read_text() for path in GOLDEN.glob("*.sql"))
    told = set(re.findall(r"^-- (\w+)$", cases, re.MULTILINE))
    assert {*DIMENSIONS, *METRICS} <= told


@pytest.mark.parametrize("entry", DIMENSIONS.values(), ids=lambda d: d.name)
def test_a_dimension_is_described_and_reads_columns_that_exist(entry: Dimension):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", entry.name)
    assert entry.label
    assert len(entry.help) >= 2
    for table, expression in expressions(entry).items():
        read = columns_of(expression)
        assert read <= TABLES[table], (table, read - TABLES[table])
        expected = {"hour"} if (table, entry.group) == ("rollup", "time") else set(entry.columns)
        if entry.attribute is not None and not entry.attribute.by_id:
            expected &= read
        assert read == expected
        assert read
    assert (entry.kind == "labels") == bool(entry.array or "arrayJoin" in entry.show)
    assert (entry.kind == "id") == bool(entry.names)
    if entry.array:
        assert columns_of(entry.array) == set(entry.columns)
    for template in (entry.show, entry.order):
        assert "$x" in template
        assert columns_of(Template(template).substitute(x="x")) == set()


EARNED_BY_EVENTS = {"approved_payout", "approved_revenue"}


@pytest.mark.parametrize("entry", PARTS.values(), ids=lambda p: p.name)
def test_a_part_is_described_and_reads_columns_that_exist(entry: Part):
    assert len(entry.help) > 10
    counted = [entry.clicks, entry.conversions, entry.impressions]
    # Only money is earned in several tables; a count is of one kind of thing.
    assert sum(one is not None for one in counted) == (3 if entry.name in EARNED_BY_EVENTS else 1)
    assert entry.rollup is None or entry.clicks is not None
    for table, expression in expressions(entry).items():
        read = columns_of(expression)
        assert read <= TABLES[table], (table, read - TABLES[table])
        if table != "rollup":
            assert read <= set(entry.columns)
    if entry.currency:
        for expression in expressions(entry).values():
            assert f"{entry.currency} = {{currency:String}}" in expression


@pytest.mark.parametrize("entry", METRICS.values(), ids=lambda m: m.name)
def test_a_metric_is_described_and_its_formula_ends_in_parts(entry: Metric):
    assert entry.label
    assert len(entry.help) > 5
    assert entry.unit in {"count", "ratio", "money", "score", "seconds", "number", "time"}
    assert entry.parts
    assert set(entry.parts) <= set(PARTS)
    assert set(names(entry.formula)) <= {*PARTS, *METRICS}
    money = {PARTS[name].currency for name in entry.parts} - {""}
    assert bool(money) == (entry.unit == "money" or entry.name in {"margin", "roi"})
    if "/" in entry.formula:
        assert "nullIf" in entry.sql({name: name for name in entry.parts})


ATTRIBUTES = [d for d in DIMENSIONS.values() if d.attribute is not None]


@pytest.mark.parametrize("entry", ATTRIBUTES, ids=lambda d: d.name)
def test_an_attribute_says_that_it_is_today_s_and_is_bound_under_its_own_name(entry: Dimension):
    assert "today" in entry.help.lower() or entry.name == "account_manager"
    assert entry.attribute is not None
    assert entry.attribute.kind in KINDS
    places = set(re.findall(r"\{(\w+):", f"{entry.show}{entry.clicks}{entry.rollup}"))
    assert places == {f"{entry.name}_of", f"{entry.name}_is"}
    assert (entry.rollup is None) == (entry.attribute.id_type == "String")


def test_the_directory_of_the_program_knows_every_attribute():
    assert {d.attribute.kind for d in ATTRIBUTES if d.attribute} == set(KINDS)


@pytest.mark.parametrize("entry", [*OPERATORS.values(), *METRIC_OPERATORS.values()], ids=lambda o: o.name)
def test_an_operator_has_a_template_or_an_opposite(entry: Operator):
    assert entry.label
    if entry.negates:
        assert not entry.sql
        assert OPERATORS[entry.negates].arity == entry.arity
        assert not OPERATORS[entry.negates].negates
    else:
        assert "$x" in entry.sql


def test_the_operators_are_those_of_the_query_language():
    assert " ".join(OPERATORS) == (
        "eq in contains starts_with ends_with matches gt gte lt lte between is_set ne not_in not_contains is_not_set"
    )
