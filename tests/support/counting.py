"""Clicks to be counted, and what counting says to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis.asyncio
from pydantic import SecretStr

from kernel.redis import connect_async
from kernel.settings import Settings
from tests.support.waiting import PATIENCE_SECONDS
from tracker.edge.counting import Admission, Counting, VisitorAsk
from tracker.routes import CapRoute, OfferRoute

NOON = 4_093_683_200_000
"""Monday 2099-09-21 14:13:20 UTC: Redis forgets what is counted for a period that is over."""
SECRET = b"secret of counting tests"
ADMITTED = Admission("", duplicate=False, over_cap=False)
OVER_CAP = Admission("", duplicate=False, over_cap=True)
REPEATED = Admission("", duplicate=True, over_cap=False)
SENT_AWAY = Admission("duplicate", duplicate=True, over_cap=False)
FULL = Admission("cap_click", duplicate=False, over_cap=False)


def clicks(amount: int | str, period: Any = "day", *, id: int = 1, **changes: Any) -> CapRoute:  # noqa: A002 - the field's name
    """Return a hard cap on clicks."""
    return CapRoute(id, "click", period, str(amount), **changes)


def client(socket: Path, seconds: float = PATIENCE_SECONDS) -> redis.asyncio.Redis:
    """Return a client as an edge has one, but for its patience: a busy machine's pause is no Redis that is away."""
    with patch.multiple("kernel.redis", COMMAND_SECONDS=seconds, CONNECT_SECONDS=seconds):
        return connect_async(Settings(redis_url=SecretStr(f"unix://{socket}")))


async def ask(
    counting: Counting,
    offer: OfferRoute,
    *,
    partner: int = 1,
    ip: str = "203.0.113.9",
    agent: str = "Mozilla/5.0",
    device: str = "",
    click: str = "",
    at: int = NOON,
    count: bool = True,
) -> Admission:
    """Ask for one click."""
    return await counting.admit(offer, partner, VisitorAsk(ip, agent, device, click), at, count=count)


async def ask_together(counting: Counting, offer: OfferRoute, number: int, **how: Any) -> list[Admission]:
    """Ask for clicks of as many visitors at one moment."""
    return await asyncio.gather(*[ask(counting, offer, ip=f"2001:db8::{n:x}", **how) for n in range(number)])


def admitted(answers: Iterable[Admission]) -> int:
    """Return how many were let through."""
    return sum(not answer.reason for answer in answers)
