"""The API of outgoing messages: the log of tries, one message, sending it again, trying a hook.

The app keeps in its ``state``: ``settings``, ``readers`` (read-only handles of the event store), ``desk``, through
whose journal the pipeline learns what to send again, and ``programs`` (sessions of the program).
Invariants: a partner sees the tries of its own hooks and of no others, which may tell what an advertiser pays;
another's message or hook is not found, whatever is asked of it; no answer holds a secret; statements run in
threads; "queued" is said after the order is on the disk.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.auth import Principal
from kernel.errors import NOT_FOUND, QUERY_INVALID
from kernel.http import answer, path_id, principal, read_query
from partners.models import Hook
from tracker.entry_rows import route_of_hook
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.outbound import failing, sql
from tracker.outbound.attempts import attempt_row, judge
from tracker.outbound.delivery import deliver, outbound_session
from tracker.outbound.guard import Guard
from tracker.outbound.messages import message, sample_row
from tracker.outbound.queue import DueMessage
from tracker.outbound.reading import Conditions, rows_of, within
from tracker.outbound.schemas import (
    AttemptList,
    AttemptShown,
    AttemptsQuery,
    MessageShown,
    ResendDone,
    cursor_of,
    place_of,
    shown,
)
from tracker.outbound.signing import signing_secrets
from tracker.routes import HookRoute
from tracker.snapshot import EMPTY

WEEK_MS = 7 * 86_400_000
_MOST_TRIES_SHOWN = 1_000
"""Three days of tries are some thirty; each sending again adds as many."""
_MAX_ID_LENGTH = 128
_SAMPLE_KEY = b"sample"
"""Hashes of made-up values are made up, too."""


class Resending(Protocol):
    """What writes an order to send again where the pipeline reads it; ``tracker.desk.Desk`` is one."""

    async def resend(self, message_id: str, actor: str) -> None:
        """Write it down; it is on the disk when this returns."""


def operations() -> list[Operation]:
    """Return the operations of outgoing messages."""
    text_id = (("id", "string"),)
    return [
        *failing.OPERATIONS,
        Operation(
            "GET",
            "/api/v1/outbound/attempts",
            "Tries to send outgoing postbacks and webhooks, newest first, with request and answer.",
            _attempts,
            "outbound:read",
            tag="Outgoing postbacks",
            query=AttemptsQuery,
            answer=AttemptList,
            errors=(QUERY_INVALID,),
        ),
        Operation(
            "GET",
            "/api/v1/outbound/messages/{id}",
            "One outgoing message with every try.",
            _message,
            "outbound:read",
            tag="Outgoing postbacks",
            answer=MessageShown,
            errors=(NOT_FOUND,),
            path_types=text_id,
        ),
        Operation(
            "POST",
            "/api/v1/outbound/messages/{id}/resend",
            "Send an outgoing message again, delivered or not; it keeps its id.",
            _resend,
            "outbound:write",
            tag="Outgoing postbacks",
            answer=ResendDone,
            status=202,
            errors=(NOT_FOUND, JOURNAL_UNAVAILABLE),
            path_types=text_id,
        ),
        Operation(
            "POST",
            "/api/v1/hooks/{id}/test",
            "Send a made-up conversion to a hook now, once, and show what came of it; nothing of it is stored.",
            _try_hook,
            "outbound:write",
            tag="Outgoing postbacks",
            answer=AttemptShown,
            errors=(NOT_FOUND,),
        ),
    ]


async def _attempts(request: Request) -> Response:
    who = principal(request)
    wanted = read_query(request, AttemptsQuery)
    now_ms = time.time_ns() // 1_000_000
    end = int(wanted.end.timestamp() * 1000) if wanted.end else now_ms + 1
    given = {
        "start": int(wanted.start.timestamp() * 1000) if wanted.start else min(now_ms, end) - WEEK_MS,
        "end": end,
        "conversion_id": wanted.conversion_id,
        "hook_id": wanted.hook_id,
        "partner_id": wanted.partner_id,
        "outcome": wanted.outcome,
    }
    conditions = {name: {name: value} for name, value in given.items() if value is not None}
    if wanted.cursor:
        conditions["before"] = place_of(wanted.cursor)
    rows = await _rows(request, who, conditions, wanted.limit + 1)
    page = rows[: wanted.limit]
    more = cursor_of(page[-1]) if len(rows) > wanted.limit else None
    return answer({"items": [shown(row) for row in page], "next_cursor": more})


async def _message(request: Request) -> Response:
    rows = await _tries(request, principal(request))
    newest = rows[0]
    about = {name: newest[name] for name in ("message_id", "hook_id", "hook_kind", "conversion_id", "partner_id")}
    return answer(
        about
        | {
            "delivered": any(row["outcome"] == "delivered" for row in rows),
            "attempts": [shown(row) for row in reversed(rows)],
        }
    )


async def _resend(request: Request) -> Response:
    who = principal(request)
    rows = await _tries(request, who)
    desk: Resending | None = getattr(request.app.state, "desk", None)
    if desk is None:
        raise JOURNAL_UNAVAILABLE.error()
    await desk.resend(rows[0]["message_id"], who.actor)
    return answer({"status": "queued", "message_id": rows[0]["message_id"]}, 202)


async def _try_hook(request: Request) -> Response:
    who = principal(request)
    state = request.app.state
    key = path_id(request)
    hook = await run_in_threadpool(_hook, state.programs, key, who)
    if hook is None:
        raise NOT_FOUND.error(f"There is no hook {key}.")
    made = message(hook, sample_row(hook), EMPTY, _SAMPLE_KEY)
    if made is None:
        raise NOT_FOUND.error(f"Hook {key} has no URL that can be used; change it.")
    async with outbound_session(Guard.of(state.settings), 1) as session:
        came = await deliver(session, made, *signing_secrets(hook, time.time_ns() // 1_000_000))
    due = DueMessage(0, "", made, time.time(), 0, 0, 0, who.actor)
    row = attempt_row(made, came, judge(due, came), 1, who.actor)
    # It is sent once, whatever came of it.
    return answer(shown(row | {"next_try": 0}))


async def _tries(request: Request, who: Principal) -> list[dict[str, Any]]:
    """Return the tries of the message the path names, newest first, if they are the caller's to see.

    Raises:
        ClickledgerError: ``not_found`` or ``store_away``.

    """
    key = request.path_params["id"][:_MAX_ID_LENGTH]
    changed_us = key.rpartition("_")[2]
    if changed_us.isascii() and changed_us.isdigit():
        start = min(int(changed_us) // 1000, sql.LAST_MS) - sql.CLOCKS_APART_MS
        conditions = {"message_id": {"message_id": key}, "start": {"start": max(0, start)}}
        rows = await _rows(request, who, conditions, _MOST_TRIES_SHOWN)
        if rows:
            return sorted(rows, key=lambda row: row["attempt"], reverse=True)
    raise NOT_FOUND.error("There is no such message, or it wasn't tried yet; try again in a second.")


async def _rows(request: Request, who: Principal, conditions: Conditions, limit: int) -> list[dict[str, Any]]:
    """Return tries that meet all conditions and are the caller's to see, newest first."""
    where, parameters = within(who, conditions)
    return await rows_of(request, f"{sql.SHOWN} WHERE {where} {sql.NEWEST_FIRST} LIMIT {limit:d}", parameters)


def _hook(programs: Any, key: int, who: Principal) -> HookRoute | None:
    """Return a hook, disabled ones included, if it is the caller's to try."""
    with programs.reading() as session:
        row: Hook | None = session.get(Hook, key)
        if row is None or (who.partner_id is not None and row.partner_id != who.partner_id):
            return None
        if who.advertiser_id is not None and row.advertiser_id != who.advertiser_id:
            return None
        return route_of_hook(row)
