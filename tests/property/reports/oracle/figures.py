"""What every metric is: what an event adds to it, how that adds up, and the arithmetic done afterwards.

Written from docs/metrics.md and docs/reports.md. Money is decimal until a formula divides or multiplies.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import cache
from typing import Any

import pandas as pd

from tests.property.reports.oracle import program

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Enough for any sum of any products here."""

Figure = int | float | Decimal | pd.Timestamp | None


def worth(amount: Decimal, currency: str, day: int, into: str) -> Decimal | None:
    """Return what an amount of a UTC day is worth in another currency; None without a rate."""
    if currency == into:
        return amount
    of, per = _rate(currency, day), _rate(into, day)
    if of is None or per is None:
        return None
    with localcontext(EXACT):
        return amount * (of / per).quantize(Decimal("1e-18"))


def _rate(currency: str, day: int) -> Decimal | None:
    if currency == program.BASE:
        return Decimal(1)
    return next((rate for since, rate in reversed(program.RATES.get(currency, ())) if since <= day), None)


@dataclass(frozen=True)
class Part:
    """What is added up. ``tables``: for each table a column of what its events give, None where they give nothing."""

    tables: Mapping[str, Callable[[pd.DataFrame, str], pd.Series]]
    kind: str = "count"
    """count, money, distinct, median, p95, first or last."""
    currency: str = ""
    """Of what depends on rates, the conversions' column that says which currency it is."""

    @property
    def nothing(self) -> Figure:
        """What it is without events."""
        return {"count": 0, "distinct": 0, "money": Decimal(0)}.get(self.kind)

    def together(self, given: list[Any]) -> Figure:
        """Return what events' contributions come to."""
        given = [one for one in given if one is not None]
        match self.kind:
            case "count":
                return sum(given)
            case "money":
                with localcontext(EXACT):
                    return sum(given, Decimal(0)).quantize(Decimal("1e-6"))
            case "distinct":
                return len(set(given))
            case "median" | "p95":
                # Between two events it is as far as the quantile is between their places.
                return float(pd.Series(given).quantile(0.5 if self.kind == "median" else 0.95)) if given else None
            case _:
                return (min if self.kind == "first" else max)(given, default=None)


def _counted(frame: pd.DataFrame) -> pd.Series:
    reached = (frame["trafficback_reason"] == "") | frame["is_rerouted"].astype(bool)
    return frame["verdict"].isin(["valid", "duplicate"]) & reached


def _on_clicks(keeps: Callable[[pd.DataFrame], pd.Series]) -> Part:
    return Part({"clicks": lambda frame, _: keeps(frame).astype(int)})


def _click_value(column: str, kind: str, nobody: Any = None) -> Part:
    return Part(
        {"clicks": lambda frame, _: frame[column].astype(object).map(lambda one: None if one == nobody else one)},
        kind,
    )


def _is_conversion(frame: pd.DataFrame) -> pd.Series:
    return frame["attribution"] != "adjustment"


EXPECTED = ("approved", "pending")


def _on_conversions(*statuses: str, also: Callable[[pd.DataFrame], pd.Series] | None = None) -> Part:
    def keeps(frame: pd.DataFrame, _: str) -> pd.Series:
        kept = _is_conversion(frame)
        if statuses:
            kept &= frame["status"].isin(statuses)
        return (kept & also(frame) if also else kept).astype(int)

    return Part({"conversions": keeps})


def _days(frame: pd.DataFrame) -> pd.Series:
    return (frame["ts"] - pd.Timestamp(0, tz="UTC")).dt.days


def _amounts(frame: pd.DataFrame, of: str, currency: str, into: str) -> pd.Series:
    rows = zip(frame[of], frame[currency], _days(frame), strict=True)
    return pd.Series([worth(*row, into) for row in rows], index=frame.index, dtype=object)


def _money(of: str, *statuses: str, currency: str = "currency", by_event: bool = False) -> Part:
    def of_conversions(frame: pd.DataFrame, into: str) -> pd.Series:
        return _amounts(frame, of, currency, into).where(frame["status"].isin(statuses), None)

    def of_events(frame: pd.DataFrame, into: str) -> pd.Series:
        return _amounts(frame, of, currency, into)

    events = {"clicks": of_events, "impressions": of_events} if by_event else {}
    return Part({"conversions": of_conversions, **events}, "money", currency)


def _convertible(currency: str, *statuses: str) -> Part:
    def keeps(frame: pd.DataFrame, into: str) -> pd.Series:
        rows = zip(frame[currency], _days(frame), strict=True)
        has = pd.Series([worth(Decimal(1), *row, into) is not None for row in rows], index=frame.index, dtype=bool)
        return (has & frame["status"].isin(statuses) & _is_conversion(frame)).astype(int)

    return Part({"conversions": keeps}, currency=currency)


def _ctit(kind: str) -> Part:
    def times(frame: pd.DataFrame, _: str) -> pd.Series:
        return frame["ctit_ms"].astype(object).where(frame["attribution"].isin(["click", "view"]), None)

    return Part({"conversions": times}, kind)


PARTS: dict[str, Part] = {
    "gross_clicks": _on_clicks(lambda frame: frame["verdict"] != "none"),
    "clicks": _on_clicks(_counted),
    "unique_clicks": _on_clicks(lambda frame: _counted(frame) & frame["is_unique"].astype(bool)),
    "duplicate_clicks": _on_clicks(lambda frame: frame["verdict"] == "duplicate"),
    "suspect_clicks": _on_clicks(lambda frame: frame["verdict"] == "suspect"),
    "invalid_clicks": _on_clicks(lambda frame: frame["verdict"] == "invalid"),
    "bot_clicks": _on_clicks(lambda frame: frame["is_bot"].astype(bool)),
    "trafficback_clicks": _on_clicks(lambda frame: frame["trafficback_reason"] != ""),
    "cost": Part({"clicks": lambda frame, into: _amounts(frame, "cost", "cost_currency", into)}, "money"),
    "fraud_score_sum": _click_value("fraud_score", "count"),
    "fraud_score_p95": _click_value("fraud_score", "p95"),
    "unique_ips": _click_value("ip", "distinct"),
    "active_partners": _click_value("partner_id", "distinct", nobody=0),
    "active_offers": _click_value("offer_id", "distinct", nobody=0),
    "first_click_at": _click_value("ts", "first"),
    "last_click_at": _click_value("ts", "last"),
    "impressions": Part({"impressions": lambda frame, _: _counted(frame).astype(int)}),
    "approved": _on_conversions("approved"),
    "pending": _on_conversions("pending"),
    "held": _on_conversions("hold"),
    "rejected": _on_conversions("rejected"),
    "total_conversions": _on_conversions(),
    "events": _on_conversions(*EXPECTED, also=lambda frame: frame["goal"] != ""),
    "view_through_conversions": _on_conversions(*EXPECTED, also=lambda frame: frame["attribution"] == "view"),
    "approved_revenue": _money("revenue", "approved", by_event=True),
    "pending_revenue": _money("revenue", "pending"),
    "approved_payout": _money("payout", "approved", by_event=True),
    "pending_payout": _money("payout", "pending"),
    "held_payout": _money("payout", "hold"),
    "rejected_payout": _money("payout", "rejected"),
    "expected_amount": _money("amount", *EXPECTED, currency="amount_currency"),
    "approved_amount": _money("amount", "approved", currency="amount_currency"),
    "expected_sales": _convertible("amount_currency", *EXPECTED),
    "approved_sales": _convertible("amount_currency", "approved"),
    "expected_payouts": _convertible("currency", *EXPECTED),
    "approved_payouts": _convertible("currency", "approved"),
    "ctit_median_ms": _ctit("median"),
    "ctit_p95_ms": _ctit("p95"),
}

VIEWS: dict[str, dict[str, str]] = {
    "expected": {
        "revenue": "approved_revenue + pending_revenue",
        "payout": "approved_payout + pending_payout",
        "amount": "expected_amount",
        "sales": "expected_sales",
        "payouts": "expected_payouts",
    },
    "earned": {
        "revenue": "approved_revenue",
        "payout": "approved_payout",
        "amount": "approved_amount",
        "sales": "approved_sales",
        "payouts": "approved_payouts",
    },
}
"""The names that follow the view of the money."""

FORMULAS: dict[str, str] = {
    "invalid_rate": "invalid_clicks / gross_clicks",
    "unique_rate": "unique_clicks / clicks",
    "ctr": "clicks / impressions",
    "conversions": "approved + pending",
    "approval_rate": "approved / total_conversions",
    "cr": "(approved + pending) / unique_clicks",
    "cr_gross": "(approved + pending) / gross_clicks",
    "profit": "revenue - payout",
    "margin": "(revenue - payout) / revenue",
    "roi": "(revenue - payout) / payout",
    "aov": "amount / sales",
    "rpc": "revenue / clicks",
    "rpm": "revenue / clicks * 1000",
    "ecpm": "payout / impressions * 1000",
    "epc": "payout / clicks",
    "epc_unique": "payout / unique_clicks",
    "cpa": "payout / payouts",
    "cpc": "cost / clicks",
    "expected_revenue": "approved_revenue + pending_revenue",
    "expected_payout": "approved_payout + pending_payout",
    "avg_fraud_score": "fraud_score_sum / gross_clicks",
    "p95_fraud_score": "fraud_score_p95",
    "flagged_rate": "(suspect_clicks + invalid_clicks) / gross_clicks",
    "median_ctit": "ctit_median_ms / 1000",
    "p95_ctit": "ctit_p95_ms / 1000",
    "clicks_per_ip": "gross_clicks / unique_ips",
}


class Measure:
    """A metric in one view of the money: its parts, and what it is once they have been added up."""

    def __init__(self, name: str, view: str, own: tuple[tuple[str, str], ...] = ()) -> None:
        self.name = name
        known = {**FORMULAS, **VIEWS[view], **dict(own)}
        self._tree = self._unfolded(ast.parse(known.get(name, name), mode="eval").body, known)
        self.parts = tuple(dict.fromkeys(node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)))

    def _unfolded(self, node: ast.expr, known: Mapping[str, str]) -> ast.expr:
        class Unfold(ast.NodeTransformer):
            def visit_Name(self, found: ast.Name) -> ast.expr:
                if found.id not in known:
                    return found
                return self.visit(ast.parse(known[found.id], mode="eval").body)

        return Unfold().visit(node)

    def of(self, parts: Mapping[str, Figure]) -> Figure:
        """Return the metric; None where a part is missing or it would divide by nothing."""
        if any(name not in parts for name in self.parts):
            return None
        with localcontext(EXACT):
            return _computed(self._tree, parts)


@cache
def measure(name: str, view: str, own: tuple[tuple[str, str], ...] = ()) -> Measure:
    """Return a metric by name; ``own`` are a query's own formulas."""
    return Measure(name, view, own)


def _computed(node: ast.expr, parts: Mapping[str, Figure]) -> Any:
    match node:
        case ast.Name(id=name):
            return parts[name]
        case ast.Constant(value=number):
            return number
        case ast.UnaryOp(operand=operand):
            found = _computed(operand, parts)
            return None if found is None else -found
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _computed(left, parts), _computed(right, parts)
    if one is None or other is None:
        return None
    if isinstance(op, ast.Div):
        return float(one) / float(other) if other else None
    if isinstance(op, ast.Mult):
        return float(one) * float(other)
    if isinstance(one, float) or isinstance(other, float):
        one, other = float(one), float(other)
    return one + other if isinstance(op, ast.Add) else one - other
