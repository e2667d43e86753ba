"""A past to judge again: clicks of days and partners of their own, and somebody who judges them by their sub1.

Whoever judges here says what a test wants to see written: how rules find that is tested where rules are.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from fraud.past.judging import NOTHING
from fraud.past.schema import CARRIED, JUDGED
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table, arrow_type, rows_table

_partners = itertools.count(771_001)
_months = itertools.count(0)
CPC = (Decimal("0.10"), Decimal("0.25"), "EUR")


class BySubId:
    """Judges a click by its sub1: 'bot' is invalid, 'odd' suspect, everything else valid."""

    model_version = ""
    facts = ("sub1",)

    def __init__(self, rules_version: str = "test.2") -> None:
        self.rules_version = rules_version
        self.warmed = 0

    def warm(self, events: pa.Table, _: str) -> None:
        self.warmed += events.num_rows

    def judge(self, events: pa.Table, _: str) -> dict[str, pa.Array]:
        return self._columns([_JUDGED_BY.get(sub1, _VALID) for sub1 in events["sub1"].to_pylist()])

    def judge_conversions(self, conversions: pa.Table) -> dict[str, pa.Array]:
        follows = pa.array([""] * conversions.num_rows)
        return {name: conversions[f"click_{name}"] for name in CARRIED} | {"follows": follows}

    def _columns(self, found: list[dict[str, Any]]) -> dict[str, pa.Array]:
        rows = [{**_VALID, **one, "rules_version": self.rules_version} for one in found]
        return {
            column.name: pa.array([row[column.name] for row in rows], arrow_type(column.type)) for column in JUDGED
        }


_VALID: dict[str, Any] = {
    "verdict": "valid",
    "fraud_reasons": [],
    "fraud_facts": [],
    "fraud_category": "",
    "fraud_score": 0,
    "model_score": 0,
    "model_features": [],
    "model_version": "",
}
_JUDGED_BY: dict[str, dict[str, Any]] = {
    "bot": {
        "verdict": "invalid",
        "fraud_reasons": ["bot_user_agent"],
        "fraud_facts": ["bot=Testbot"],
        "fraud_category": "GIVT",
        "fraud_score": 95,
    },
    "odd": {
        "verdict": "suspect",
        "fraud_reasons": ["ip_velocity"],
        "fraud_facts": ["count=80 usual=2"],
        "fraud_category": "SIVT",
        "fraud_score": 40,
    },
}


class Past:
    """Clicks of one month nobody else has, and whoever asks for them."""

    def __init__(self, store: Client) -> None:
        self.store = store
        self.partner = next(_partners)
        number = next(_months)
        self.first = dt.date(2041 + number // 12, number % 12 + 1, 8)
        self._count = 0

    def day(self, n: int) -> dt.date:
        """Return the n-th day of it."""
        return self.first + dt.timedelta(days=n)

    def rows(self, day: dt.date, subs: list[str], **columns: Any) -> list[dict[str, Any]]:
        """Return clicks of a day, stored valid and earning ten cents each."""
        noon = int(dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC).timestamp() * 1000)
        made = []
        for sub1 in subs:
            self._count += 1
            made.append(
                {
                    "click_id": f"past-{self.partner}-{self._count:06d}",
                    "ts": noon + self._count * 1000,
                    "partner_id": self.partner,
                    "offer_id": 4,
                    "sub1": sub1,
                    "ip": f"198.51.100.{self._count % 200}",
                    "verdict": "valid",
                    "rules_version": "test.1",
                    "payout": CPC[0],
                    "revenue": CPC[1],
                    "currency": CPC[2],
                    **columns,
                }
            )
        return made

    def store_rows(self, rows: list[dict[str, Any]], token: str = "", table: str = "clicks") -> None:
        """Insert a batch."""
        token = token or f"past-{self.partner}-{time.monotonic_ns()}"
        clickhouse.insert(self.store, table, rows_table(table, rows), token)

    def clicks(self, day: dt.date, *subs: str, token: str = "", **columns: Any) -> list[dict[str, Any]]:
        """Store clicks of a day."""
        rows = self.rows(day, list(subs), **columns)
        self.store_rows(rows, token)
        return rows

    def convert(self, click: dict[str, Any], **columns: Any) -> dict[str, Any]:
        """Store a conversion of a click."""
        row = {
            "conversion_id": f"conversion-of-{click['click_id']}",
            "click_id": click["click_id"],
            "click_ts": click["ts"],
            "ts": click["ts"] + 60_000,
            "changed_at": click["ts"] + 60_000,
            "change_seq": 1_000,
            "ctit_ms": 60_000,
            "status": "approved",
            "attribution": "click",
            "payout": Decimal(3),
            "revenue": Decimal(5),
            "currency": "EUR",
            "conversion_source": "postback",
            **{name: click[name] for name in ("partner_id", "offer_id", "sub1", "verdict", "rules_version")},
            **columns,
        }
        for table in ("conversion_changes", "conversions"):
            self.store_rows([row], table=table)
        return row

    def verdicts(self, *days: dt.date) -> dict[str, int]:
        """Return stored clicks by verdict."""
        return self._counts("SELECT verdict, count() FROM clicks", "ts", days)

    def rolled_up(self, *days: dt.date) -> dict[str, int]:
        """Return what the daily rollup says of them."""
        return self._counts("SELECT verdict, toUInt64(sum(click_count)) FROM clicks_daily_verdicts", "hour", days)

    def payout(self) -> tuple[Decimal, ...]:
        """Return what the partner's clicks earn: by the clicks and by two rollups."""
        ours = "WHERE partner_id = {partner:UInt32}"
        sums = "SELECT sum(payout) FROM clicks", "SELECT sum(payout_sum) FROM clicks_hourly"
        return tuple(
            self.asked(f"{one} {ours}")[0][0] for one in (*sums, "SELECT sum(payout_sum) FROM clicks_daily")
        )

    def _counts(self, select: str, column: str, days: tuple[dt.date, ...]) -> dict[str, int]:
        within = f" AND toDate({column}, 'UTC') IN {{days:Array(Date)}}" if days else ""
        rows = self.asked(
            f"{select} WHERE partner_id = {{partner:UInt32}}{within} GROUP BY verdict", days=list(days)
        )
        return {verdict: int(n) for verdict, n in rows}

    def asked(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a question; {partner:UInt32} is its partner."""
        answer = self.store.query(statement, parameters={"partner": self.partner, **parameters})
        return [tuple(row) for row in answer.result_rows]


def prices(kind: str, offer_id: int, partner_id: int, country: str) -> Any:
    """Pay ten cents for a click, nothing for an impression."""
    return CPC if kind == "click" else NOTHING


__all__ = ["CPC", "BySubId", "Past", "arrow_table", "prices"]
