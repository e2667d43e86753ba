"""What is usual of clicks: each partner's pace by the minute and by the hour of the day, and one address's.

Invariants: it is counted by the event store and never changes afterwards; the empty value knows nothing, and every
rule that needs a baseline is silent then. What was judged invalid is left out, so that yesterday's bots don't make
today's usual. An hour of the day with few clicks leans on everybody's day: a partner's ``n`` clicks weigh ``n``
and the network's profile weighs ``PRIOR`` (the mean of a Dirichlet posterior; Gelman et al., *Bayesian Data
Analysis*, chapter 3).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clickhouse_connect.driver.client import Client

from fraud.usual import sql

DAYS: Final = 14
"""How far back it looks: two of each day of the week."""
PRIOR: Final = 200
"""Clicks that the network's profile of the day weighs."""
HOURS: Final = 24


class PartnerPace(NamedTuple):
    """How a partner's clicks come."""

    days: int
    """Days with clicks among those looked at."""
    clicks: int
    in_minute: float
    """Mean of the minutes with clicks."""
    busiest_minute: float
    """999 of 1,000 minutes with clicks have no more."""
    by_hour: tuple[float, ...]
    """Clicks to expect in each hour of a day, UTC."""


@dataclass(frozen=True, slots=True)
class UsualClicks:
    """What is usual; the empty value knows nothing."""

    partners: Mapping[int, PartnerPace] = field(default_factory=dict)
    address_minute: float = 0.0
    """Clicks of an address in a minute in which it has any, the median; 0 when unknown."""
    prefix_minute: float = 0.0
    """The same of a network."""
    made_at: float = 0.0
    """Seconds since 1970; 0 for the empty value."""


NOTHING_USUAL: Final = UsualClicks()


def read_usual(store: Client, now: float | None = None, days: int = DAYS) -> UsualClicks:
    """Count what is usual.

    Args:
        store: A reader of the event store.
        now: Seconds since 1970 where it ends; None for now.
        days: How far back.

    Raises:
        STORE_ERRORS: the event store is away or refuses.

    """
    end = time.time() if now is None else now
    bounds = {"start": int((end - days * 86_400) * 1000), "end": int(end * 1000)}
    profiles: dict[int, list[int]] = {}
    for partner_id, hour, clicks in store.query(sql.BY_HOUR, bounds).result_rows:
        profiles.setdefault(partner_id, [0] * HOURS)[hour] += clicks
    everybody = [sum(of_hour) for of_hour in zip(*profiles.values(), strict=True)] or [0] * HOURS
    partners = {
        partner_id: PartnerPace(
            active_days,
            clicks,
            in_minute,
            busiest,
            expected_by_hour(profiles.get(partner_id, [0] * HOURS), everybody, active_days),
        )
        for partner_id, active_days, clicks, in_minute, busiest in store.query(sql.BY_MINUTE, bounds).result_rows
    }
    [(address, prefix)] = store.query(sql.BY_ADDRESS, bounds).result_rows
    return UsualClicks(partners, address, prefix, end)


def expected_by_hour(own: list[int], everybody: list[int], days: int) -> tuple[float, ...]:
    """Return how many clicks to expect in each hour of a day.

    Args:
        own: The partner's clicks by hour of the day, all days together.
        everybody: The network's.
        days: Days with clicks of the partner.

    """
    clicks, all_clicks = sum(own), sum(everybody)
    if not clicks or not days:
        return (0.0,) * HOURS
    # One click in each hour keeps the network's profile above zero.
    profile = [(of_hour + 1) / (all_clicks + HOURS) for of_hour in everybody]
    return tuple(
        clicks / days * (of_hour + PRIOR * share) / (clicks + PRIOR)
        for of_hour, share in zip(own, profile, strict=True)
    )
