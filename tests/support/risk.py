"""Clicks and conversions of partners whose behaviour is planted, on days of their own."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from itertools import count
from typing import Any

from clickhouse_connect.driver.client import Client

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table

_batches = count()
_weeks = count()


def own_day() -> dt.date:
    """Return a day none of whose neighbours has anybody's events."""
    return dt.date(2002, 2, 6) + dt.timedelta(weeks=5 * next(_weeks))


def at(day: dt.date, second: float) -> int:
    """Return a moment of a day, in milliseconds since 1970."""
    return int((dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp() + second) * 1000)


def store(client: Client, clicks: Sequence[dict[str, Any]], conversions: Sequence[dict[str, Any]] = ()) -> None:
    """Store clicks and conversions; what a row lacks is as empty as the store makes it."""
    for table, rows in (("clicks", clicks), ("conversions", conversions)):
        if rows:
            names = sorted({name for row in rows for name in row})
            batch = next(_batches)
            columns = {name: [row[name] for row in rows] for name in names}
            identity = "click_id" if table == "clicks" else "conversion_id"
            columns.setdefault(identity, [f"risk-{batch}-{number}" for number in range(len(rows))])
            clickhouse.insert(client, table, arrow_table(table, columns, len(rows)), f"risk-{table}-{batch}")


def ordinary(dice: random.Random, day: dt.date, partner: int, clicks: int) -> list[dict[str, Any]]:
    """Return the clicks of an ordinary partner: many visitors with their own browsers, fewer at night."""
    made = []
    for _ in range(clicks):
        visitor = dice.randrange(10_000_000)
        network = f"{10 + visitor % 80}.{visitor // 80 % 250}.{visitor // 20_000 % 250}"
        hour = min(23.99, max(0.0, dice.gauss(14, 5)))
        made.append(
            {
                "ts": at(day, hour * 3600 + dice.random() * 30),
                "partner_id": partner,
                "offer_id": 1 + dice.randrange(5),
                "ip": f"{network}.{visitor % 250}",
                "ip_prefix": f"{network}.0/24",
                "user_agent": f"Browser/{int(dice.expovariate(0.02))}",
                "country": dice.choices(["US", "DE", "FR", "GB", "ES", "IT"], [8, 4, 2, 2, 1, 1])[0],
                "referrer_host": f"site{int(dice.expovariate(0.05))}.example",
                "sub1": f"c{int(dice.expovariate(0.05))}",
                "verdict": dice.choices(["valid", "duplicate", "invalid", "suspect"], [90, 5, 3, 2])[0],
            }
        )
    return made


def sales(
    dice: random.Random, clicks: Sequence[dict[str, Any]], share: float, seconds: Any
) -> list[dict[str, Any]]:
    """Return conversions of some of the clicks.

    Args:
        dice: Draws them.
        clicks: Of one partner.
        share: How many of them convert.
        seconds: Draws the time from click to conversion.

    """
    made = []
    for click in clicks:
        if dice.random() < share:
            ctit = int(seconds() * 1000)
            made.append(
                {
                    "partner_id": click["partner_id"],
                    "click_ts": click["ts"],
                    "ts": click["ts"] + ctit,
                    "ctit_ms": ctit,
                    "change_seq": (click["ts"] + ctit) * 1000,
                    "attribution": "click",
                }
            )
    return made
