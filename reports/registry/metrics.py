"""The registry of metrics. One entry is all a new metric needs.

A metric is a formula over parts and over other metrics: a name means the part of that name or, where
there is none, the metric. Formulas are computed in SQL after everything has been added up, so sorting,
filters and totals work on the ratio itself.

Invariants: a name never changes its meaning; a ratio is null when its denominator is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reports.registry import formula as language
from reports.registry.parts import PARTS

Unit = Literal["count", "ratio", "money", "score", "seconds", "number", "time"]
"""ratio: 0.05 is five percent; money: in the report's currency; time: an ISO 8601 moment."""

MetricGroup = Literal["clicks", "conversions", "money", "quality", "activity", "custom"]
"""custom: somebody's own formula, which no registry lists."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Something a report can measure."""

    name: str
    label: str
    help: str
    unit: Unit
    group: MetricGroup
    formula: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts the formula needs, through other metrics too."""
        return _parts(self.name, self.formula)

    def sql(self, part: dict[str, str]) -> str:
        """Return the metric as SQL, given the SQL of each part."""

        def resolve(name: str) -> str:
            return part[name] if name in PARTS else METRICS[name].sql(part)

        return language.render(self.formula, resolve)


@lru_cache(maxsize=1024)
def _parts(name: str, formula: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for used in language.names(formula):
        if used in PARTS:
            found[used] = None
        elif used in METRICS and used != name:
            found.update(dict.fromkeys(METRICS[used].parts))
        else:
            raise language.FormulaError(f"The formula of '{name}' uses '{used}', which is no part and no metric.")
    return tuple(found)


def _basic(name: str, label: str, unit: Unit, group: MetricGroup) -> Metric:
    """Return the metric that is a part as it stands."""
    return Metric(name, label, PARTS[name].help, unit, group, name)


_ENTRIES: tuple[Metric, ...] = (
    # clicks
    _basic("gross_clicks", "Gross clicks", "count", "clicks"),
    _basic("clicks", "Clicks", "count", "clicks"),
    _basic("unique_clicks", "Unique clicks", "count", "clicks"),
    _basic("duplicate_clicks", "Duplicate clicks", "count", "clicks"),
    _basic("suspect_clicks", "Suspect clicks", "count", "clicks"),
    _basic("invalid_clicks", "Invalid clicks", "count", "clicks"),
    _basic("bot_clicks", "Bot clicks", "count", "clicks"),
    _basic("trafficback_clicks", "Trafficback clicks", "count", "clicks"),
    Metric(
        "invalid_rate",
        "Invalid rate",
        "Share of recorded clicks that are invalid",
        "ratio",
        "clicks",
        "invalid_clicks / gross_clicks",
    ),
    Metric(
        "unique_rate",
        "Unique rate",
        "Share of counted clicks that are unique",
        "ratio",
        "clicks",
        "unique_clicks / clicks",
    ),
    _basic("impressions", "Impressions", "count", "clicks"),
    Metric(
        "ctr",
        "Click-through rate",
        "Counted clicks per counted impression",
        "ratio",
        "clicks",
        "clicks / impressions",
    ),
    # conversions
    Metric(
        "conversions",
        "Conversions",
        "Approved and pending conversions",
        "count",
        "conversions",
        "approved + pending",
    ),
    _basic("approved", "Approved", "count", "conversions"),
    _basic("pending", "Pending", "count", "conversions"),
    _basic("held", "Held", "count", "conversions"),
    _basic("rejected", "Rejected", "count", "conversions"),
    _basic("total_conversions", "Total conversions", "count", "conversions"),
    _basic("events", "Events", "count", "conversions"),
    _basic("view_through_conversions", "View-through conversions", "count", "conversions"),
    Metric(
        "approval_rate",
        "Approval rate",
        "Share of all conversions that are approved",
        "ratio",
        "conversions",
        "approved / total_conversions",
    ),
    Metric(
        "cr",
        "Conversion rate",
        "Conversions per unique click",
        "ratio",
        "conversions",
        "conversions / unique_clicks",
    ),
    Metric(
        "cr_gross",
        "Gross conversion rate",
        "Conversions per recorded click",
        "ratio",
        "conversions",
        "conversions / gross_clicks",
    ),
    # money
    Metric(
        "revenue",
        "Revenue",
        "What the advertiser pays for approved and pending conversions, paid clicks and impressions",
        "money",
        "money",
        "approved_revenue + pending_revenue",
    ),
    Metric(
        "payout",
        "Payout",
        "What the partner earns with approved and pending conversions, paid clicks and impressions",
        "money",
        "money",
        "approved_payout + pending_payout",
    ),
    Metric("profit", "Profit", "Revenue less payout", "money", "money", "revenue - payout"),
    Metric("margin", "Margin", "Profit as a share of revenue", "ratio", "money", "profit / revenue"),
    Metric("roi", "ROI", "Profit as a share of what was paid out", "ratio", "money", "profit / payout"),
    _basic("cost", "Cost", "money", "money"),
    _basic("amount", "Sales amount", "money", "money"),
    Metric(
        "aov",
        "Average order value",
        "Sale amount per conversion with an amount in the report's currency",
        "money",
        "money",
        "amount / sales",
    ),
    Metric("rpc", "Revenue per click", "Revenue per counted click", "money", "money", "revenue / clicks"),
    Metric(
        "rpm",
        "Revenue per mille",
        "Revenue per thousand counted clicks",
        "money",
        "money",
        "revenue / clicks * 1000",
    ),
    Metric(
        "ecpm",
        "Effective cost per mille",
        "Payout per thousand counted impressions",
        "money",
        "money",
        "payout / impressions * 1000",
    ),
    Metric("epc", "Earnings per click", "Payout per counted click", "money", "money", "payout / clicks"),
    Metric(
        "epc_unique",
        "Earnings per unique click",
        "Payout per unique click",
        "money",
        "money",
        "payout / unique_clicks",
    ),
    Metric(
        "cpa",
        "Cost per action",
        "Payout per conversion paid out in the report's currency",
        "money",
        "money",
        "payout / payouts",
    ),
    Metric(
        "cpc",
        "Cost per click",
        "What a counted click cost the partner",
        "money",
        "money",
        "cost / clicks",
    ),
    _basic("approved_revenue", "Approved revenue", "money", "money"),
    _basic("approved_payout", "Approved payout", "money", "money"),
    Metric(
        "expected_revenue",
        "Expected revenue",
        "Revenue if everything pending is approved",
        "money",
        "money",
        "approved_revenue + pending_revenue",
    ),
    Metric(
        "expected_payout",
        "Expected payout",
        "Payout if everything pending is approved",
        "money",
        "money",
        "approved_payout + pending_payout",
    ),
    _basic("held_payout", "Held payout", "money", "money"),
    _basic("rejected_payout", "Rejected payout", "money", "money"),
    # quality
    Metric(
        "avg_fraud_score",
        "Average fraud score",
        "Mean fraud score of all recorded clicks",
        "score",
        "quality",
        "fraud_score_sum / gross_clicks",
    ),
    Metric(
        "p95_fraud_score",
        "95th percentile of fraud score",
        PARTS["fraud_score_p95"].help,
        "score",
        "quality",
        "fraud_score_p95",
    ),
    Metric(
        "flagged_rate",
        "Flagged rate",
        "Share of recorded clicks that are suspect or invalid",
        "ratio",
        "quality",
        "(suspect_clicks + invalid_clicks) / gross_clicks",
    ),
    Metric(
        "median_ctit",
        "Median time to conversion",
        PARTS["ctit_median_ms"].help,
        "seconds",
        "quality",
        "ctit_median_ms / 1000",
    ),
    Metric(
        "p95_ctit",
        "95th percentile of time to conversion",
        PARTS["ctit_p95_ms"].help,
        "seconds",
        "quality",
        "ctit_p95_ms / 1000",
    ),
    # activity
    _basic("unique_ips", "Unique addresses", "count", "activity"),
    Metric(
        "clicks_per_ip",
        "Clicks per address",
        "Recorded clicks per distinct address",
        "number",
        "activity",
        "gross_clicks / unique_ips",
    ),
    _basic("active_partners", "Active partners", "count", "activity"),
    _basic("active_offers", "Active offers", "count", "activity"),
    _basic("first_click_at", "First click", "time", "activity"),
    _basic("last_click_at", "Last click", "time", "activity"),
)

METRICS: dict[str, Metric] = {entry.name: entry for entry in _ENTRIES}
"""Every metric by its name."""
