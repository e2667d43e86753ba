"""Which hooks fail: those with messages of the last hours whose latest try didn't deliver them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.http import answer, principal, read_query
from kernel.sql import Sessions
from partners.models import Hook, Partner
from tracker.outbound import sql
from tracker.outbound.reading import rows_of, within

HOUR_MS: Final = 3_600_000


class FailingQuery(BaseModel):
    """How far to look back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: int = Field(24, ge=1, le=168, description="Tries of the last so many hours.")
    limit: int = Field(100, ge=1, le=1000)


class FailingHook(BaseModel):
    """A hook that didn't take what it was sent."""

    hook_id: int
    hook_kind: str
    partner_id: int | None = Field(description="Whose hook it is; null: the network's or an advertiser's.")
    partner: str | None
    exists: bool = Field(description="Whether it is still there.")
    messages: int = Field(description="Messages not delivered so far.")
    given_up: int = Field(description="Of these, messages that aren't tried again.")
    refused: int = Field(
        description="Of these, messages refused for good, or to an address that may not be dialled."
    )
    last_try: datetime
    last_status: int = Field(description="Of the latest answer; 0: none.")
    last_error: str


class FailingList(BaseModel):
    """Hooks with undelivered messages, the most first."""

    items: list[FailingHook]


async def _failing(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, FailingQuery)
    now_ms = time.time_ns() // 1_000_000
    where, parameters = within(who, {"start": {"start": now_ms - wanted.hours * HOUR_MS}})
    found = await rows_of(request, sql.FAILING.format(conditions=where), parameters | {"limit": wanted.limit})
    programs: Sessions = request.app.state.programs

    def names() -> dict[int, tuple[int | None, str | None]]:
        with programs.reading() as session:
            hooks = [session.get(Hook, row["hook_id"]) for row in found]
            owners = {hook.id: hook.partner_id for hook in hooks if hook is not None}
            told = {
                partner.id: partner.name
                for partner in (session.get(Partner, owner) for owner in set(owners.values()) if owner)
                if partner is not None
            }
            return {hook_id: (owner, told.get(owner or 0)) for hook_id, owner in owners.items()}

    known = await run_in_threadpool(names) if found else {}
    items = []
    for row in found:
        owner = row.pop("hook_partner_id") or None
        partner_id, partner = known.get(row["hook_id"], (owner, None))
        row["last_try"] = row["last_try"].replace(tzinfo=UTC)
        exists = row["hook_id"] in known
        items.append(row | {"partner_id": partner_id, "partner": partner, "exists": exists})
    return answer({"items": items})


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/outbound/failing",
        "Hooks with messages that weren't delivered in the last hours, the most first.",
        _failing,
        "outbound:read",
        tag="Outgoing postbacks",
        query=FailingQuery,
        answer=FailingList,
    ),
)
