"""The routes of disputes that touch conversions: open one, talk, decide; lists are the program's own.

Invariants: a partner disputes its own conversions alone; what is approved needs no dispute; what overturning does
for the partner goes the ways of a person's hand (``desk.change``, ``desk.adjust``) and is done before the dispute
says so, under ids that do it once however often it is tried.
"""

from __future__ import annotations

import time
from typing import Any, Literal, TypeAlias

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED, ClickledgerError
from kernel.http import answer, path_id, read_body
from partners import disputes
from partners.errors import NOTHING_TO_DISPUTE, REFERENCE_UNKNOWN, TRANSITION_INVALID
from partners.models import Dispute
from partners.resources import DISPUTES
from partners.resources.handlers import IF_MATCH, TAGGED, caller_of, if_match, reading, tagged, writing
from partners.resources.resource import Caller
from partners.schemas import DisputeAnswer, DisputeCreate, DisputeMessage, DisputeMove
from tracker.desk import requests
from tracker.desk.operations import changed_fields, conversion_of
from tracker.errors import JOURNAL_UNAVAILABLE, TRANSITION_NOT_ALLOWED
from tracker.events import Adjustment

Outcome: TypeAlias = Literal["approved", "adjusted", "nothing"]

_ACCOUNTED = ("partner_id", "advertiser_id", "offer_id", "currency")


def operations() -> list[Operation]:
    """Return what can be done to disputes beyond reading them."""
    path = f"/api/v1/{DISPUTES.path}"
    either: dict[str, Any] = {"needs": "fraud:write", "or_needs": "disputes:write", "tag": DISPUTES.tag}
    told: dict[str, Any] = {"answer": DisputeAnswer, "headers": TAGGED}
    return [
        Operation(
            "POST",
            path,
            "Dispute what became of a conversion, or of some days' traffic.",
            _open,
            **either,
            **told,
            body=DisputeCreate,
            status=201,
            errors=(NOT_FOUND, CONFLICT, NOTHING_TO_DISPUTE, REFERENCE_UNKNOWN),
        ),
        Operation(
            "POST",
            f"{path}/{{id}}/messages",
            "Say something about a dispute; notes of the network's people may be kept from the partner.",
            _say,
            **either,
            **told,
            body=DisputeMessage,
            errors=(NOT_FOUND,),
        ),
        Operation(
            "POST",
            f"{path}/{{id}}/state",
            "Review, uphold, overturn or withdraw a dispute; overturning approves its conversion again.",
            _move,
            **either,
            **told,
            body=DisputeMove,
            request_headers=IF_MATCH,
            errors=(NOT_FOUND, PRECONDITION_FAILED, TRANSITION_INVALID, JOURNAL_UNAVAILABLE),
        ),
    ]


async def _open(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, DisputeCreate)
    if caller.who.partner_id is not None and wanted.partner_id not in {None, caller.who.partner_id}:
        raise FORBIDDEN.error("You dispute your own traffic; leave out partner_id.")
    found: dict[str, Any] = {}
    if wanted.conversion_id:
        conversion = await conversion_of(request, wanted.conversion_id, caller.who)
        if conversion["status"] == "approved":
            raise NOTHING_TO_DISPUTE.error()
        found = {
            "partner_id": conversion["partner_id"],
            "offer_id": conversion["offer_id"] or None,
            "first_day": None,
            "last_day": None,
        }
    return await _answered(
        request, caller, lambda session: disputes.open_dispute(session, wanted, caller, **found), 201
    )


async def _say(request: Request) -> Response:
    caller, dispute_id = caller_of(request), path_id(request)
    wanted = await read_body(request, DisputeMessage)
    return await _answered(request, caller, lambda session: disputes.say(session, dispute_id, wanted, caller))


async def _move(request: Request) -> Response:
    caller, dispute_id = caller_of(request), path_id(request)
    wanted = await read_body(request, DisputeMove)
    state, reason, known = wanted.state, wanted.reason, if_match(request)

    def look(session: Session) -> str:
        return disputes.need_move(session, dispute_id, state, reason, caller, known).conversion_id

    conversion_id = await reading(request, look)
    outcome: Outcome | Literal[""] = ""
    if state == "overturned":
        outcome = await _make_good(request, dispute_id, conversion_id, reason) if wanted.approve else "nothing"
    return await _answered(
        request,
        caller,
        lambda session: disputes.move(session, dispute_id, state, reason, caller, known, outcome),
    )


async def _make_good(request: Request, dispute_id: int, conversion_id: str, reason: str) -> Outcome:
    """Approve the conversion of an overturned dispute; where a rejection is final, pay what it was worth."""
    if not conversion_id:
        return "nothing"
    caller = requests.caller_of(request)
    desk = requests.desk_of(request)
    found = await conversion_of(request, conversion_id, caller.who)
    if found["status"] == "approved":
        return "approved"
    why = f"Dispute {dispute_id} overturned: {reason}"[:500]
    try:
        await desk.change(found, changed_fields(found, status="approved"), caller, why, b"{}")
    except ClickledgerError as refused:
        if refused.kind is not TRANSITION_NOT_ALLOWED:
            raise
        return await _pay(request, dispute_id, found, why)
    return "approved"


async def _pay(request: Request, dispute_id: int, found: dict[str, Any], why: str) -> Outcome:
    if not found["payout"] and not found["revenue"]:
        return "nothing"
    adjustment = Adjustment(
        ts=time.time_ns() // 1_000_000,
        adjustment_id=f"dispute-{dispute_id}",
        payout=format(found["payout"], "f"),
        revenue=format(found["revenue"], "f"),
        reason=why,
        actor=requests.caller_of(request).who.actor,
        **{name: found[name] for name in _ACCOUNTED},
    )
    await requests.desk_of(request).adjust(adjustment)
    return "adjusted"


async def _answered(request: Request, caller: Caller, work: Any, status: int = 200) -> Response:
    def within(session: Session) -> dict[str, Any]:
        dispute: Dispute = work(session)
        return DISPUTES.answer(dispute, caller, single=True)

    body = await writing(request, within)
    return answer(body, status, tagged(body))
