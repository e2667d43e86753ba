"""Which logs there are: a table each, what its rows are ordered by, shown with and filtered by.

Invariants: a filter is a dimension of the reports, or an id of the table, and means the same as there; the usual
columns are few, because a page of whole rows reads most of a day; what a role doesn't see is no column for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kernel.auth import Principal
from kernel.clickhouse.columns import TABLES, Column
from reports.errors import UNKNOWN_COLUMN, unknown
from reports.registry import DIMENSIONS, Dimension
from reports.registry.dimension import column
from reports.visibility import sees_column

LogName = Literal["clicks", "impressions", "conversions", "rejected"]
EVERY = "*"
"""Instead of names: every column the caller sees."""


@dataclass(frozen=True, slots=True)
class Log:
    """An event table as it is looked through."""

    table: LogName
    summary: str
    """One sentence for the documentation."""
    id: str
    """Column that tells rows of one moment apart."""
    usual: tuple[str, ...]
    """Columns shown when none are named."""
    filters: Mapping[str, tuple[Dimension, str]] = field(default_factory=dict)
    """What rows can be filtered by, each with its key as an expression over the table's rows."""
    needs: str = "events:read"
    current: bool = False
    """A row is replaced by its newer state, so older states are left out."""
    belongs_to_nobody: bool = False
    """Its rows have no partner and no advertiser; only a caller without limits may have them."""
    by_day: bool = True
    """Its rows are stored by the UTC day, so that the newest are found without reading the others."""

    def columns(self, asked: str, who: Principal) -> tuple[Column, ...]:
        """Return the columns named, in the order named, each once; the usual ones when none is.

        Raises:
            ClickledgerError: ``unknown_column``, also for one the caller may not see.

        """
        known = {one.name: one for one in TABLES[self.table] if sees_column(who, one)}
        names = [name.strip() for name in asked.split(",") if name.strip()]
        if names == [EVERY]:
            return tuple(known.values())
        for name in names:
            if name not in known:
                raise unknown(UNKNOWN_COLUMN, f"column of {self.table}", name, known)
        return tuple(known[name] for name in dict.fromkeys(names or self.usual) if name in known)


def _keyed(*entries: Dimension) -> dict[str, tuple[Dimension, str]]:
    return {entry.name: (entry, entry.conversions) for entry in entries}


def _of_clicks() -> dict[str, tuple[Dimension, str]]:
    found = {name: (entry, entry.clicks) for name, entry in DIMENSIONS.items() if entry.clicks is not None}
    return {**found, **_keyed(_CLICK_ID, _IS_TEST)}


_CLICK_ID = column("click_id", "Click id", "The click's id", "what")
_CONVERSION_ID = column("conversion_id", "Conversion id", "The conversion's id", "conversion")
_IS_TEST = column("is_test", "Test", "Made by a link self-test", "quality", "bool")

_OF_EVERYTHING = (
    *("partner_id", "offer_id", "advertiser_id", "link_id", "source", "sub1", "country", "device_type", "os"),
    *("browser", "ip", "verdict", "fraud_reasons", "is_test"),
)
_OF_CLICKS = (
    *("ts", "click_id", *_OF_EVERYTHING, "fraud_score", "is_unique", "trafficback_reason", "requested_offer_id"),
    *("destination", "payout", "revenue", "currency"),
)

LOGS: dict[LogName, Log] = {
    log.table: log
    for log in (
        Log("clicks", "Clicks one by one, newest first.", "click_id", _OF_CLICKS, _of_clicks()),
        Log("impressions", "Impressions one by one, newest first.", "click_id", _OF_CLICKS, _of_clicks()),
        Log(
            "conversions",
            "Conversions one by one in their present state, newest first.",
            "conversion_id",
            (
                *("ts", "conversion_id", "click_id", "goal", "status", "reject_reason", "txn_id", "amount"),
                *("amount_currency", "payout", "revenue", "currency", "attribution", "ctit_ms", "changed_at"),
                *_OF_EVERYTHING,
            ),
            _keyed(*DIMENSIONS.values(), _CLICK_ID, _CONVERSION_ID, _IS_TEST),
            current=True,
            by_day=False,
        ),
        Log(
            "rejected",
            "What was refused, newest first, with the bytes as they were received.",
            "rejected_id",
            ("ts", "rejected_id", "kind", "reason", "detail", "click_id", "method", "ip", "raw"),
            _keyed(
                _CLICK_ID,
                column("kind", "Kind", "click, postback or frame", "what"),
                column("reason", "Reason", "Reason code", "quality"),
                column("method", "Method", "HTTP method", "what"),
                column("ip", "IP address", "Client address", "network"),
            ),
            needs="rejected:read",
            belongs_to_nobody=True,
        ),
    )
}
"""Every log by its table's name."""
