"""Postbacks that the pipeline sends to itself about stored conversions, and whose turn it is to look for those.

Invariants: such a postback is an event like any other: it is decided once, by the state in the store, in its order
among those for the same click, and survives kill -9; its place in the inbox is named by its cause, so that it lies
there once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from redis import Redis

from kernel.redis import Breaker
from tracker.conversion_state import conversion_id
from tracker.events import Postback, PostbackFields, encode_event
from tracker.pipeline.entries import ArrivedPostback
from tracker.pipeline.groups import group_of

_SOONER_MS = 500
"""A turn is shorter than the pause between two looks by this, so that a host alone has every turn."""


def turns(redis: Redis, what: str, pause_s: float) -> Callable[[], bool]:
    """Return who says whether it is this host's turn to look: one host's at a time, everybody's without Redis.

    Args:
        redis: What all hosts share.
        what: What is looked for, in one word.
        pause_s: Seconds between two looks.

    """
    breaker = Breaker()
    key, milliseconds = f"clickledger:{what}:turn", int(pause_s * 1000) - _SOONER_MS
    return lambda: breaker.call(lambda: bool(redis.set(key, "1", nx=True, px=milliseconds)), otherwise=True)


def own_postback(
    row: Mapping[str, Any], source: Literal["hold", "rate"], ts: int, cause: int, status: str | None = None
) -> tuple[str, ArrivedPostback]:
    """Return a postback about a conversion, with what takes a journal's place in its origin.

    Args:
        row: Its ``conversion_id``, ``click_id``, ``goal``, ``txn_id`` and ``offer_id``.
        source: What brings it.
        ts: Its moment, milliseconds since 1970.
        cause: Grows with each new cause for one such postback.
        status: What it asks for.

    """
    key: str = row["conversion_id"]
    click_id, goal, txn_id = row["click_id"], row["goal"], row["txn_id"]
    if click_id and conversion_id(click_id, goal, txn_id) != key:
        # It named no click; the one it has was found for it.
        click_id = ""
    postback = Postback(
        ts=ts,
        fields=PostbackFields(click_id, txn_id, goal, status),
        offer_id=row["offer_id"],
        method="",
        raw=b"",
        ip="",
        user_agent="",
        source=source,
        conversion_id=key,
    )
    return f"{source}:{key}", ArrivedPostback(cause, 0, ts, group_of(postback), encode_event(postback))
