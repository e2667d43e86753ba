"""Traffic for tests of the model: ordinary visitors of several partners, and clicks that differ in one way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from fraud.agents import ORDINARY
from fraud.counts import MemoryCounts
from fraud.forest.facts import FactReader, Facts
from fraud.forest.training import Window
from fraud.traffic import Traffic

BEGIN_MS = 1_767_225_600_000
"""2026-01-01, midnight."""
_COUNTRIES = ("US", "DE", "BR", "IN", "FR", "PL")
_LANGUAGES = {"US": "en-US", "DE": "de-DE", "BR": "pt-BR", "IN": "hi-IN", "FR": "fr-FR", "PL": "pl-PL"}
_SYSTEMS = (
    ("mobile", "Android", "Chrome Mobile"),
    ("mobile", "iOS", "Mobile Safari"),
    ("desktop", "Windows", "Chrome"),
    ("desktop", "Mac OS X", "Safari"),
    ("desktop", "Windows", "Firefox"),
)


def columns_of(traffic):
    return {name: list(getattr(traffic, name)) for name in Traffic.__dataclass_fields__}


def ordinary(count, seed=1, *, days=3, begin_ms=BEGIN_MS):
    """Return clicks of people: partners of their own countries, pages and sources, awake by day."""
    draw = np.random.default_rng(seed)
    partners = 1 + np.minimum(draw.geometric(0.15, count) - 1, 19)
    rows = []
    days_at = draw.integers(0, days, count)
    hours_at = np.clip(draw.normal(14, 4.5, count), 0, 23.99)
    ts = np.sort(begin_ms + ((days_at * 24 + hours_at) * 3_600_000).astype(np.int64))
    for row in range(count):
        partner = int(partners[row])
        country = _COUNTRIES[(partner + (draw.random() < 0.2) * int(draw.integers(6))) % 6]
        device, system, browser = _SYSTEMS[int(min(draw.geometric(0.4) - 1, 4))]
        version = 141 - int(min(draw.geometric(0.5) - 1, 30))
        model = int(min(draw.geometric(0.02), 300))
        address = f"84.{partner}.{int(draw.integers(250))}.{int(draw.integers(250))}"
        rows.append(
            {
                "partner_ids": partner,
                "ips": address,
                "prefixes": address.rpartition(".")[0],
                "asns": 1000 + partner % 7 + (draw.random() < 0.05) * int(draw.integers(100)),
                "user_agents": f"Mozilla/5.0 ({system}; SM-{model}) AppleWebKit/537.36 {browser}/{version}.0.0.0 Safari/537.36",
                "device_types": device,
                "oses": system,
                "browsers": browser,
                "browser_versions": f"{version}.0.0",
                "languages": _LANGUAGES[country] if draw.random() < 0.92 else "en-US",
                "countries": country,
                "referrer_hosts": f"site{partner}.example" if draw.random() < 0.8 else "",
                "sources": f"s{int(min(draw.geometric(0.4), 6))}",
                "is_in_app": bool(draw.random() < 0.1),
                "is_proxy": bool(draw.random() < 0.01),
                "is_datacenter": False,
            }
        )
    return of_rows(ts.tolist(), rows)


def of_rows(ts, rows):
    """Return traffic of rows that name what matters; the rest is what an ordinary click has."""
    count = len(rows)
    plain = {
        "offer_ids": 1,
        "timezones": "",
        "sub1s": "",
        "trafficback_reasons": "",
        "is_private": False,
        "is_impression": False,
        "is_test": False,
        "methods": "GET",
        "purposes": "",
        "hint_mobiles": "",
        "hint_platforms": "",
        "client_zones": "",
        "impression_ages": -1,
    }
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    missing = {name: [] for name in Traffic.__dataclass_fields__ if not rows}
    known = {name: [value] * count for name, value in plain.items()} | {"agents": [ORDINARY] * count}
    return Traffic(**(missing | known | columns | {"ts": ts}))


def part(traffic, rows):
    return Traffic(**{name: [values[row] for row in rows] for name, values in columns_of(traffic).items()})


def changed(traffic, **values):
    """Return traffic with some facts replaced: one value for all rows, or a list."""
    count = len(traffic)
    lists = {name: value if isinstance(value, list) else [value] * count for name, value in values.items()}
    return replace(traffic, **lists)


def joined(*parts):
    return Traffic(
        **{name: [value for one in parts for value in getattr(one, name)] for name in Traffic.__dataclass_fields__}
    )


def replayed(traffic, batch=2_000, verdicts=None, categories=None):
    """Return the window that training reads of it."""
    counts, reader, facts = MemoryCounts(), FactReader(), []
    for begin in range(0, len(traffic), batch):
        piece = part(traffic, range(begin, min(begin + batch, len(traffic))))
        facts.append(reader.read(piece, counts.count(piece)))
    count = len(traffic)
    return Window(
        Facts.joined(facts),
        np.array(verdicts or ["valid"] * count),
        np.array(categories or [""] * count),
        datetime.fromtimestamp(traffic.ts[0] / 1000, UTC),
        datetime.fromtimestamp(traffic.ts[-1] / 1000, UTC),
        count,
    )
