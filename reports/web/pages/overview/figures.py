"""The overview's figures: one report by hours of the viewer's last eight days, and everything made of it.

Today is held against the same hours of yesterday and of the same day last week: hours that are over, so that a day
half gone isn't compared with a whole one. Invariants: all figures are sums of one answer and fit each other; a
change from nothing has no percentage; who may not see money of one kind has no figure of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from reports.web.visit import Visit

QUERY: Final = "/api/v1/reports/query"
DAYS: Final = 8
"""Today, and back to the same day of last week."""
COUNTED: Final = ("clicks", "unique_clicks", "gross_clicks", "invalid_clicks", "suspect_clicks", "conversions")
MONEY: Final[dict[str, tuple[str, ...]]] = {
    "partner": ("payout",),
    "advertiser": ("revenue",),
}
STAFF_MONEY: Final = ("revenue", "payout")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hours:
    """What happened in each hour of the viewer's last eight days."""

    rows: tuple[Row, ...]
    now: datetime
    """In the viewer's zone."""
    currency: str

    def of(self, days_ago: int, *, until_now: bool) -> list[Row]:
        """Return the rows of a day.

        Args:
            days_ago: 0 for today.
            until_now: Only the hours that are over at this time of the day.

        """
        day = (self.now - timedelta(days=days_ago)).date().isoformat()
        hour = f"{self.now.hour:02d}"
        return [
            row for row in self.rows if row["hour"][:10] == day and (not until_now or row["hour"][11:13] < hour)
        ]


async def hours(visit: Visit) -> Hours:
    """Ask what happened."""
    now = visit.viewer.now()
    role = visit.who.role if visit.who else ""
    first = now.date() - timedelta(days=DAYS - 1)
    answer = await visit.api.send(
        "POST",
        QUERY,
        {
            "from": first.isoformat(),
            "to": (now.date() + timedelta(days=1)).isoformat(),
            "timezone": visit.viewer.zone.key,
            "dimensions": ["hour"],
            "metrics": [*COUNTED, *MONEY.get(role, STAFF_MONEY)],
            "limit": DAYS * 25,
        },
    )
    return Hours(tuple(answer["rows"]), now, answer["meta"]["currency"])


def total(rows: Iterable[Row], name: str) -> Decimal:
    """Return the sum of a metric."""
    return sum((Decimal(str(row.get(name) or 0)) for row in rows), Decimal(0))


def _ratio(above: str, below: str) -> Callable[[list[Row]], Decimal | None]:
    def ratio(rows: list[Row]) -> Decimal | None:
        base = total(rows, below)
        return total(rows, above) / base if base else None

    return ratio


def _sum(name: str) -> Callable[[list[Row]], Decimal | None]:
    return lambda rows: total(rows, name)


def _flagged(rows: list[Row]) -> Decimal | None:
    recorded = total(rows, "gross_clicks")
    return (total(rows, "invalid_clicks") + total(rows, "suspect_clicks")) / recorded if recorded else None


def _profit(rows: list[Row]) -> Decimal | None:
    return total(rows, "revenue") - total(rows, "payout")


def tiles(visit: Visit, found: Hours) -> list[dict[str, Any]]:
    """Return today's figures, each with its change against yesterday and last week."""
    show = visit.viewer

    def money(value: Any) -> str:
        return show.money(value, found.currency)

    def count(value: Any) -> str:
        return show.number(value, 0)

    clicks = ("Clicks", _sum("clicks"), count, True)
    conversions = ("Conversions", _sum("conversions"), count, True)
    rate = ("Conversion rate", _ratio("conversions", "unique_clicks"), show.percent, True)
    payout = ("Payout", _sum("payout"), money, True)
    revenue = ("Revenue", _sum("revenue"), money, True)
    by_role: dict[str, list[Any]] = {
        "partner": [
            clicks,
            conversions,
            rate,
            payout,
            ("Earnings per click", _ratio("payout", "clicks"), money, True),
        ],
        "advertiser": [clicks, conversions, rate, ("Cost", _sum("revenue"), money, True)],
    }
    staff = [clicks, conversions, rate, revenue, payout, ("Profit", _profit, money, True)]
    staff.append(("Suspect and invalid", _flagged, show.percent, False))
    chosen = by_role.get(visit.who.role if visit.who else "", staff)
    return [
        {
            "label": label,
            "value": shown(figure(found.of(0, until_now=False))),
            "against": [
                _against(
                    visit, name, figure(found.of(0, until_now=True)), figure(found.of(ago, until_now=True)), more
                )
                for name, ago in (("yesterday", 1), ("last week", 7))
            ],
        }
        for label, figure, shown, more in chosen
    ]


def _against(
    visit: Visit, name: str, now: Decimal | None, before: Decimal | None, more_is_good: bool
) -> tuple[str, str | None, bool]:
    """Return what is compared with, the change as text (None: there was nothing), and whether it is good."""
    if now is None or not before:
        return name, None, True
    change = (now - before) / abs(before)
    text = visit.viewer.percent(change, 1)
    return name, f"+{text}" if change > 0 else text, (change >= 0) == more_is_good or change == 0


def days(found: Hours) -> dict[str, Any]:
    """Return the last eight days: rows for the table, and two charts."""
    has_revenue = any("revenue" in row for row in found.rows)
    has_payout = any("payout" in row for row in found.rows)
    rows = []
    for ago in range(DAYS - 1, -1, -1):
        of_day = found.of(ago, until_now=False)
        figures: dict[str, Any] = {
            "day": (found.now - timedelta(days=ago)).date().isoformat(),
            "clicks": total(of_day, "clicks"),
            "conversions": total(of_day, "conversions"),
        }
        if has_revenue:
            figures["revenue"] = total(of_day, "revenue")
        if has_payout:
            figures["payout"] = total(of_day, "payout")
        if has_revenue and has_payout:
            figures["profit"] = figures["revenue"] - figures["payout"]
        rows.append(figures)
    last = "profit" if "profit" in rows[0] else "payout" if has_payout else "revenue"
    return {
        "rows": rows,
        "money": [name for name in ("revenue", "payout", "profit") if name in rows[0]],
        "currency": found.currency,
        "empty": not any(row["clicks"] or row["conversions"] for row in rows),
        "clicks_chart": _chart(rows, [("Clicks", "clicks", "area", 1), ("Conversions", "conversions", "line", 2)]),
        "money_name": last,
        "money_chart": _chart(rows, [(last.capitalize(), last, "bar", 1)]) if last in rows[0] else None,
        "hours_chart": _by_hour(found),
    }


def _chart(rows: list[Row], lines: list[tuple[str, str, str, int]]) -> dict[str, Any]:
    return {
        "x": "time",
        "series": [
            {
                "name": name,
                "x": [row["day"] for row in rows],
                "y": [float(row.get(column, 0)) for row in rows],
                "kind": kind,
                "axis": axis,
            }
            for name, column, kind, axis in lines
        ],
        "y": lines[0][0],
        "y2": lines[1][0] if len(lines) > 1 else None,
    }


def _by_hour(found: Hours) -> dict[str, Any]:
    """Return clicks by hour of the day: today, yesterday, last week."""
    clock = [f"{hour:02d}:00" for hour in range(24)]
    series = []
    for name, ago, dash in (("Today", 0, "solid"), ("Yesterday", 1, "dash"), ("Last week", 7, "dot")):
        by_hour: dict[str, float] = {}
        for row in found.of(ago, until_now=False):
            at = row["hour"][11:13] + ":00"
            by_hour[at] = by_hour.get(at, 0) + float(row["clicks"] or 0)
        shown = clock[: found.now.hour + 1] if ago == 0 else clock
        series.append(
            {
                "name": name,
                "x": shown,
                "y": [by_hour.get(at, 0) for at in shown],
                "kind": "line",
                "axis": 1,
                "dash": dash,
            }
        )
    return {"x": "category", "series": series, "y": "Clicks"}
