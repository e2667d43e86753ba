"""Payouts: what partners have earned, by status, each currency for itself.

The network's people see a range by partner, and one partner by month; a partner sees its own months, and an
advertiser the months of what its offers' conversions cost it. Invariants:
money is that of the reports, never converted, so a sum is what was agreed on; every number leads to the
conversions behind it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.page import EVERYBODY, Page
from reports.web.pages.events import ranges
from reports.web.rendering import with_query
from reports.web.visit import Visit

PRESETS: Final = (
    "this_month", "last_month", "this_quarter", "last_quarter", "months12", "this_year", "last_year", "custom",
)  # fmt: skip
DEFAULT: Final = {"partner": "this_month", "month": "months12"}
"""Which range a view begins with."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose money it is: what is earned, or what is owed."""

    statuses: tuple[tuple[str, str, str, str], ...]
    """A metric of money, the metric of its conversions, their status, and the column's heading."""
    waiting: str
    """The measure behind the money that is pending."""

    @property
    def money(self) -> list[str]:
        """The metrics of money."""
        return [money for money, *_ in self.statuses]

    @property
    def counts(self) -> list[str]:
        """The metrics of conversions."""
        return [count for _, count, _, _ in self.statuses]

    @property
    def formula(self) -> dict[str, str]:
        """What is pending, as a report is asked for it."""
        return {"name": "waiting", "formula": self.waiting, "unit": "money"}


EARNED: Final = Account(
    (
        ("approved_payout", "approved", "approved", "Approved"),
        ("waiting", "pending", "pending", "Pending"),
        ("held_payout", "held", "hold", "On hold"),
        ("rejected_payout", "rejected", "rejected", "Rejected"),
    ),
    "pending_payout",
)
OWED: Final = Account(
    (
        ("approved_revenue", "approved", "approved", "Approved"),
        ("waiting", "pending", "pending", "Pending"),
    ),
    "pending_revenue",
)
_QUERY: Final = "/api/v1/reports/query"
_ROWS: Final = 500
_MOST_CURRENCIES: Final = 20
_NAMES: Final = 200


async def _show(visit: Visit) -> dict[str, Any]:
    owes = visit.who is not None and visit.who.advertiser_id is not None
    own = owes or (visit.who is not None and visit.who.partner_id is not None)
    account = OWED if owes else EARNED
    partner = "" if own else _number(visit.query("partner_id"))
    by = "month" if own or partner else "partner"
    range_ = ranges.chosen(visit.request.query_params, visit.viewer.today(), DEFAULT[by])
    asked = {
        "from": range_.start,
        "to": range_.end,
        "timezone": visit.viewer.zone.key,
        "dimensions": [by],
        "metrics": account.money,
        "formulas": [account.formula],
        "filters": [{"dimension": "partner", "value": int(partner)}] if partner else [],
        "sort": [{"by": "month", "desc": True}] if by == "month" else [{"by": account.money[0], "desc": True}],
        "totals": True,
        "convert": False,
        "limit": _ROWS,
    }
    try:
        told = await _by_currency(visit, asked, account)
    except ClickledgerError as why:
        if why.kind.status >= 500 or why.kind.status in {401, 403, 429}:
            raise
        told, error = [], why.message
    else:
        error = ""
    names = await visit.api.get("/api/v1/partners", limit=_NAMES) if not own else {"items": []}
    partners = [("", "All partners"), *((one["id"], one["name"]) for one in names["items"])]
    return {
        **({"error": error} if error else {}),
        "by": by,
        "own": own,
        "owes": owes,
        "partner_id": partner,
        "partners": partners,
        "range": range_,
        "presets": ranges.presets(PRESETS, range_),
        "sections": [_section(one, by, range_, partner, account) for one in told],
        "statuses": account.statuses,
    }


async def _by_currency(visit: Visit, asked: dict[str, Any], account: Account) -> list[dict[str, Any]]:
    """Return a report for each currency in which something was earned, the service's own first."""
    first, offers = await asyncio.gather(
        visit.api.send("POST", _QUERY, asked), visit.api.get("/api/v1/offers", limit=_NAMES)
    )
    # Paid clicks are no conversions: the currencies of offers are asked for as well.
    others = {*(first["meta"].get("other_currencies") or ()), *(one["currency"] for one in offers["items"])}
    others -= {first["meta"]["currency"], "", None}
    more = await asyncio.gather(
        *(visit.api.send("POST", _QUERY, asked | {"currency": one}) for one in sorted(others)[:_MOST_CURRENCIES])
    )
    earned = [
        one for one in (first, *more) if any(any(row.get(name) for name in account.money) for row in one["rows"])
    ]
    return await asyncio.gather(*(_counted(visit, asked, one, account.counts) for one in earned))


async def _counted(
    visit: Visit, asked: dict[str, Any], report: dict[str, Any], counts: list[str]
) -> dict[str, Any]:
    """Return a report with the conversions of its currency beside the money."""
    by, where = asked["dimensions"][0], {"dimension": "currency", "value": report["meta"]["currency"]}
    plain = {"metrics": counts, "formulas": [], "filters": [*asked["filters"], where], "sort": []}
    counted = await visit.api.send("POST", _QUERY, asked | plain)
    known = {row[by]: row for row in counted["rows"]}
    rows = [{**dict.fromkeys(counts, 0), **known.get(row[by], {}), **row} for row in report["rows"]]
    return {**report, "rows": rows, "totals": (counted.get("totals") or {}) | (report.get("totals") or {})}


def _section(
    report: dict[str, Any], by: str, range_: ranges.Range, partner: str, account: Account
) -> dict[str, Any]:
    """Return one currency's rows, with an address of the conversions behind each number."""
    currency = report["meta"]["currency"]
    rows = []
    for row in report["rows"]:
        if not any(row.get(name) for name in account.money):
            continue
        one = {**row, "links": {}}
        where = {"partner_id": partner or row.get("partner_id"), "where": f"currency={currency}"}
        days = _month(row["month"], range_) if by == "month" else (range_.first, range_.last)
        for money, _, status, _ in account.statuses:
            address = {"range": "custom", "from": days[0], "to": days[1], "status": status}
            one["links"][money] = with_query("/conversions", address, **where)
        if by == "partner":
            one["partner_address"] = with_query("/payouts", {}, partner_id=row.get("partner_id"))
        rows.append(one)
    return {
        "currency": currency,
        "rows": rows,
        "totals": report.get("totals") or {},
        "truncated": report["meta"]["truncated"],
    }


def _month(month: str, range_: ranges.Range) -> tuple[str, str]:
    """Return the first and the last day of a month within a range."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return max(str(first), range_.first), min(str(last), range_.last)


def _number(text: str) -> str:
    """Return an id, '' for what is none."""
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= len("2147483647") else ""


PAGES = (
    Page(
        "/payouts", "Payouts", "payouts.html", _show, "reports:read", EVERYBODY,
        group="Relations", place=150,
    ),
)  # fmt: skip
