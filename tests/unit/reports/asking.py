"""What tests of reports ask with: a small directory of names and queries over one week."""

from __future__ import annotations

from collections.abc import Collection
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
    """Names in memory."""

    def __init__(self, known: dict[str, dict[int, str]] | None = None) -> None:
        self.known = known or {
            "partner": {1: "Ann", 2: "Bob", 3: "Ann"},
            "advertiser": {5: "Shop"},
            "offer": {10: "Shoes", 11: "O'Neil \\ Co"},
            "link": {100: "abc123"},
            "smart_link": {20: "Summer mix"},
        }

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        known = self.known.get(kind, {})
        return {i: known[i] for i in ids if i in known}

    def ids(self, kind: str, text: str) -> list[int]:
        return [i for i, name in self.known.get(kind, {}).items() if name == text]

    def all(self, kind: str) -> dict[int, str]:
        return dict(self.known.get(kind, {}))


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
