"""How full caps are: the very counts that edges read before they send a click on.

The app keeps in its ``state``: ``programs`` (sessions of the program) and ``counting`` (a client of Redis).
Invariants: a partner sees caps of its own and those every partner has for itself, and of these its own count
alone; while Redis is away counts are unknown (null), never zero; nothing here changes a count.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis
from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.auth import Principal
from kernel.http import MAX_ID, answer, principal, read_query
from kernel.redis import STORE_FAILURES
from kernel.sql import Sessions
from partners.models import Cap, Offer, Partner
from partners.resources.network import CAPS
from tracker import caps
from tracker.offer_rows import cap_route
from tracker.routes import CapRoute

MOST_CAPS: Final = 10_000
MOST_COUNTS: Final = 200_000
"""Counts read at once: caps that every partner has for itself have one each."""
CHUNK: Final = 1_000

Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class UsageQuery(BaseModel):
    """Which caps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offer_id: Id | None = None
    partner_id: Id | None = None
    least_share: float = Field(
        0,
        ge=0,
        le=1000,
        description="Only caps at least so full: 0.8 is 80 per cent. Unknown counts are left out.",
    )
    limit: int = Field(100, ge=1, le=1000)


class CapUsage(BaseModel):
    """One cap, for one partner where each has it for itself."""

    cap_id: int
    offer_id: int
    offer: str
    partner_id: int | None = Field(description="Whose count it is; null: everybody's together.")
    partner: str | None
    kind: str
    goal: str | None
    period: str
    hard: bool
    amount: str
    used: str | None = Field(description="null while Redis is away.")
    share: float | None = Field(description="used / amount.")
    ends_at: datetime | None = Field(description="When it counts anew; null for never.")


class UsageList(BaseModel):
    """Caps, the fullest first."""

    items: list[CapUsage]


async def _usage(request: Request) -> Response:
    who, wanted, state = principal(request), read_query(request, UsageQuery), request.app.state
    programs: Sessions = state.programs
    now_ms = time.time_ns() // 1_000_000

    def known() -> tuple[list[Row[Cap, str]], dict[int, str]]:
        with programs.reading() as session:
            return list(session.execute(_of(who, wanted).limit(MOST_CAPS))), _partners(session, who, wanted)

    rows, names = await run_in_threadpool(known)
    planned = list(_planned(rows, names, now_ms))[:MOST_COUNTS]
    counts = await _counts(state.counting, [key for _, _, _, key in planned])
    items = [
        _shown(offer, cap, partner_id, names, counts[at], now_ms)
        for at, (offer, cap, partner_id, _) in enumerate(planned)
    ]
    full = [one for one in items if not wanted.least_share or (one["share"] or 0) >= wanted.least_share]
    full.sort(key=lambda one: (-(one["share"] or 0), one["cap_id"], one["partner_id"] or 0))
    return answer({"items": full[: wanted.limit]})


def _of(who: Principal, wanted: UsageQuery) -> Select[Cap, str]:
    """Return the caps in force that one may see."""
    query = select(Cap, Offer.name).join(Offer, Offer.id == Cap.offer_id).where(Offer.status == "active")
    query = query.where(CAPS.visible(who))
    # A cap that one may see can have a count that tells of others' traffic.
    if who.partner_id is not None:
        query = query.where(or_(Cap.partner_id == who.partner_id, Cap.each_partner))
    if who.advertiser_id is not None:
        query = query.where(~Cap.each_partner)
    if wanted.offer_id is not None:
        query = query.where(Cap.offer_id == wanted.offer_id)
    if wanted.partner_id is not None:
        query = query.where(or_(Cap.partner_id == wanted.partner_id, Cap.each_partner))
    return query.order_by(Cap.id)


def _partners(session: Session, who: Principal, wanted: UsageQuery) -> dict[int, str]:
    """Return the partners whose own counts are looked at, by id."""
    query = select(Partner.id, Partner.name).where(Partner.status == "approved")
    for one in (who.partner_id, wanted.partner_id):
        if one is not None:
            query = query.where(Partner.id == one)
    return {partner.id: partner.name for partner in session.execute(query)}


def _planned(
    rows: Iterable[Row[Cap, str]], names: dict[int, str], now_ms: int
) -> Iterable[tuple[str, CapRoute, int, str]]:
    """Yield offer, cap, partner (0: everybody) and key of every count."""
    for row, offer in rows:
        cap = cap_route(row)
        for partner_id in tuple(names) if cap.each_partner else (cap.partner_id,):
            yield f"{row.offer_id}:{offer}", cap, partner_id, caps.key(cap, partner_id, now_ms)


async def _counts(redis: Redis, keys: list[str]) -> list[str | None]:
    """Return the counts as text, '0' where nothing was counted; None where that can't be known now."""
    found: list[str | None] = []
    try:
        for begin in range(0, len(keys), CHUNK):
            values: list[Any] = await redis.mget(keys[begin : begin + CHUNK])
            found += [(value or b"0").decode() for value in values]
    except STORE_FAILURES:
        return [None] * len(keys)
    return found


def _shown(
    offer: str, cap: CapRoute, partner_id: int, names: dict[int, str], used: str | None, now_ms: int
) -> dict[str, Any]:
    offer_id, _, name = offer.partition(":")
    return {
        "cap_id": cap.id,
        "offer_id": int(offer_id),
        "offer": name,
        "partner_id": partner_id or None,
        "partner": names.get(partner_id) if partner_id else None,
        "kind": cap.kind,
        "goal": cap.goal,
        "period": cap.period,
        "hard": cap.hard,
        "amount": cap.amount,
        "used": used,
        "share": None if used is None else _share(used, cap.amount),
        "ends_at": caps.period_end(cap, now_ms),
    }


def _share(used: str, amount: str) -> float:
    """Return how full a cap is; one of nothing is full."""
    try:
        most = Decimal(amount)
        return 1.0 if most <= 0 else round(float(Decimal(used) / most), 4)
    except InvalidOperation:
        return 0.0


def operations() -> list[Operation]:
    """Return what is asked of caps beside their declarations."""
    return [
        Operation(
            "GET",
            "/api/v1/cap-usage",
            "How full the caps of active offers are in their present period, the fullest first.",
            _usage,
            "program:read",
            tag="Offers",
            query=UsageQuery,
            answer=UsageList,
        )
    ]
