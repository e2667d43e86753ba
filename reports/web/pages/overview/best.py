"""The overview's tables: who brought most in the last seven days, beside the seven before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

from reports.web.rendering import with_query
from reports.web.visit import Visit

DAYS: Final = 7
ROWS: Final = 8
BY_ROLE: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "partner": (("offer", "Your offers"), ("sub1", "Your sub1")),
    "advertiser": (("offer", "Your offers"), ("country", "Countries")),
}
STAFF: Final = (("partner", "Top partners"), ("offer", "Top offers"))
MONEY: Final = {"partner": "payout", "advertiser": "revenue"}


def span(visit: Visit) -> dict[str, str]:
    """Return the last seven days, today among them, as a query's range."""
    today = visit.viewer.today()
    return {
        "from": (today - timedelta(days=DAYS - 1)).isoformat(),
        "to": (today + timedelta(days=1)).isoformat(),
        "timezone": visit.viewer.zone.key,
    }


def report(visit: Visit, days: int, by: str, metrics: str, **more: str) -> str:
    """Return the address of a report of the last days, today among them, which no preset of reports has."""
    today = visit.viewer.today()
    first = today - timedelta(days=days - 1)
    return with_query("/reports", {"by": by, "metrics": metrics, "from": str(first), "to": str(today)}, **more)


async def tables(visit: Visit) -> list[dict[str, Any]]:
    """Return one table for each kind."""
    role = visit.who.role if visit.who else ""
    return list(await asyncio.gather(*(_table(visit, by, title, role) for by, title in BY_ROLE.get(role, STAFF))))


async def _table(visit: Visit, by: str, title: str, role: str) -> dict[str, Any]:
    money = MONEY.get(role, "profit")
    answer = await visit.api.send(
        "POST",
        "/api/v1/reports/query",
        {
            **span(visit),
            "dimensions": [by],
            "metrics": ["clicks", "conversions", "cr", money],
            "sort": [{"by": money, "desc": True}, {"by": "clicks", "desc": True}],
            "compare": "previous_period",
            "limit": ROWS,
        },
    )
    return {
        "by": by,
        "title": title,
        "money": money,
        "currency": answer["meta"]["currency"],
        "rows": [row for row in answer["rows"] if row["clicks"] or row["conversions"] or row[money]],
        "report": report(visit, DAYS, by, f"clicks,conversions,cr,{money}", compare="previous_period"),
    }
