"""What offers earned lately: the statistics that smart links choose by, from the pipeline to the edges.

The pipeline computes them from the event store and puts them into Redis under one key; edges poll it and keep
the last they saw. Invariants: a conversion rate counts clicks that converted, so it is never above one; earnings
are in one currency throughout; a country stands for itself only where it has clicks enough.
"""

from __future__ import annotations

import msgspec

REDIS_KEY = "clickledger:performance"
"""MessagePack of ``Performance``."""
TURN_KEY = "clickledger:performance:turn"
"""Held by the host whose pipeline computes this time."""

WINDOW_DAYS = 7
"""Days of clicks that count: long enough for conversions to arrive, short enough to follow a change."""
REFRESH_SECONDS = 30
FEWEST_COUNTRY_CLICKS = 500
"""Clicks from which a country is judged by itself: with a rate of one percent it has seen some conversions."""


class Earned(msgspec.Struct, array_like=True, frozen=True):
    """What an offer's clicks brought its partners within the window."""

    clicks: int
    """Valid ones that reached the offer."""
    converted: int
    """Of these, how many have a conversion that isn't rejected."""
    conversion_payout: str
    """Decimal digits: sum of what those conversions pay."""
    click_payout: str
    """Decimal digits: sum of what the clicks themselves pay."""


class Performance(msgspec.Struct, frozen=True):
    """Every judged offer's earnings at one moment."""

    computed_at: int = 0
    """Milliseconds since 1970; 0: never."""
    offers: dict[int, Earned] = {}
    countries: dict[int, dict[str, Earned]] = {}
    """Offer -> country -> its own earnings."""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Performance).decode
