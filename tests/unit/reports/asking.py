"""What tests of reports ask with: a small directory of names and queries over one week."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from kernel.auth import ADMIN, Principal
from kernel.settings import Settings
from reports import sql
from reports.bindings import Statement
from reports.plan import Plan, choose
from reports.query import Query
from reports.validate import Asked, validate

SETTINGS = Settings(data_dir=Path("unused"), report_max_rows=1000, currency="USD")
PARTNER = Principal("partner", partner_id=7)


class Directory:
    """Names, attributes and rates in memory."""

    def __init__(
        self,
        known: dict[str, dict[int, str]] | None = None,
        attributed: dict[str, dict[int, tuple[str, ...]]] | None = None,
        dated: dict[str, tuple[tuple[int, Decimal], ...]] | None = None,
        base: str = "USD",
    ) -> None:
        self.known = known or {
            "partner": {1: "Ann", 2: "Bob", 3: "Ann"},
            "advertiser": {5: "Shop"},
            "offer": {10: "Shoes", 11: "O'Neil \\ Co"},
            "link": {100: "abc123"},
            "smart_link": {20: "Summer mix"},
        }
        self.attributed = attributed or {
            "partner_tier": {1: ("Gold",), 2: ("Silver",)},
            "partner_tag": {1: ("blog", "eu"), 3: ("eu",)},
            "partner_manager": {1: ("Mia",), 2: ("Noah",)},
            "advertiser_manager": {5: ("Mia",)},
            "offer_category": {10: ("Fashion",)},
            "offer_tag": {10: ("summer", "sale"), 11: ("sale",)},
            "offer_payout_model": {10: ("CPA",), 11: ("CPC",)},
            "creative_name": {1: ("Banner",)},
            "landing_name": {1: ("Shop",)},
        }
        quoted = {"EUR": ((20_000, Decimal("1.1")), (20_758, Decimal("1.25")))}
        self.dated = quoted if dated is None else dated
        self.base = base

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        known = self.known.get(kind, {})
        return {i: known[i] for i in ids if i in known}

    def ids(self, kind: str, text: str) -> list[int]:
        return [i for i, name in self.known.get(kind, {}).items() if name == text]

    def all(self, kind: str) -> dict[int, str]:
        return dict(self.known.get(kind, {}))

    def attributes(self, kind: str) -> dict[int, tuple[str, ...]]:
        return self.attributed.get(kind, {})

    def rates(self) -> tuple[str, dict[str, tuple[tuple[int, Decimal], ...]]]:
        return self.base, self.dated


NAMES = Directory()


def query(**fields: Any) -> Query:
    """A query over the first week of November 2026 for clicks, unless told otherwise."""
    given = {"from": "2026-11-01", "to": "2026-11-08", "metrics": ["clicks"], **fields}
    return Query.model_validate(given)


def asked(**fields: Any) -> Asked:
    return validate(query(**fields), NAMES, SETTINGS)


def planned(**fields: Any) -> Plan:
    return choose(asked(**fields))


def compiled(who: Principal = ADMIN, **fields: Any) -> Statement:
    return sql.rows(planned(**fields), who, NAMES)
