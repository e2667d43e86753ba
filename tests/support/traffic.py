"""Batches of traffic as the rules and the model see them: ordinary visitors, changed where a test says so."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fraud import ORDINARY
from fraud.traffic import Traffic
from tests.support.clicks import CHROME, NOON

_ORDINARY: dict[str, Any] = {
    "ts": NOON,
    "partner_ids": 3,
    "offer_ids": 7,
    "asns": 3320,
    "prefixes": "81.2.69.0/24",
    "user_agents": CHROME,
    "agents": ORDINARY,
    "device_types": "desktop",
    "oses": "Windows",
    "browsers": "Chrome",
    "browser_versions": "140.0.0",
    "languages": "de",
    "countries": "DE",
    "is_datacenter": False,
    "is_proxy": False,
    "is_private": False,
    "is_in_app": False,
    "is_impression": False,
    "is_test": False,
    "methods": "GET",
    "impression_ages": -1,
}


def traffic(length: int = 0, **columns: Any) -> Traffic:
    """Return a batch; a list is a column, anything else the value of all rows."""
    length = length or max((len(column) for column in columns.values() if isinstance(column, list)), default=1)
    made: dict[str, Any] = {field.name: [_ORDINARY.get(field.name, "")] * length for field in fields(Traffic)}
    made["ips"] = [f"81.2.69.{number % 250 + 1}" for number in range(length)]
    for name, column in columns.items():
        made[name] = column if isinstance(column, list) else [column] * length
    return Traffic(**made)
