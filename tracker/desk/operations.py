"""The desk's routes: look at a conversion, enter one, change one, adjust an account; ``uploading`` takes files.

The app keeps in its ``state``: ``desk`` (tracker.desk.Desk), ``readers`` (read-only handles of the event store)
and ``settings``. Invariants: another's conversion is not found, whatever is asked of it; statements run in
threads; an answer comes after the event is on the disk.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.auth import Principal
from kernel.errors import BODY_INVALID, FORBIDDEN, NOT_FOUND
from kernel.hidden_money import hidden_money
from kernel.http import answer, principal, read_body
from tracker.conversion_life import may_become
from tracker.desk import sql, uploading
from tracker.desk.desk import Done, stored_state
from tracker.desk.reading import rows as rows_of
from tracker.desk.requests import caller_of, desk_of
from tracker.desk.schemas import (
    AdjustmentCreate,
    AdjustmentDone,
    ConversionChange,
    ConversionCreate,
    ConversionDone,
    ConversionShown,
    UploadDone,
    UploadQuery,
)
from tracker.errors import (
    AMOUNT_INVALID,
    CLICK_ID_EXPIRED,
    CLICK_ID_FORGED,
    CLICK_ID_MALFORMED,
    CLICK_ID_MISSING,
    CURRENCY_UNKNOWN,
    JOURNAL_UNAVAILABLE,
    OFFER_UNKNOWN,
    PARTNER_UNKNOWN,
    TRANSITION_NOT_ALLOWED,
    TXN_ID_MISSING,
    UPLOAD_INVALID,
)
from tracker.events import Adjustment, PostbackFields

_ROW_ERRORS = (
    CLICK_ID_MISSING,
    CLICK_ID_MALFORMED,
    CLICK_ID_FORGED,
    CLICK_ID_EXPIRED,
    OFFER_UNKNOWN,
    AMOUNT_INVALID,
    CURRENCY_UNKNOWN,
    TXN_ID_MISSING,
    TRANSITION_NOT_ALLOWED,
    JOURNAL_UNAVAILABLE,
)


def operations() -> list[Operation]:
    """Return the desk's operations."""
    text_id = (("id", "string"),)
    return [
        Operation(
            "GET",
            "/api/v1/conversions/{id}",
            "One conversion with every state it had.",
            _show,
            "events:read",
            tag="Conversions",
            answer=ConversionShown,
            errors=(NOT_FOUND,),
            path_types=text_id,
        ),
        Operation(
            "POST",
            "/api/v1/conversions",
            "Enter a conversion by hand.",
            _create,
            "conversions:write",
            tag="Conversions",
            body=ConversionCreate,
            answer=ConversionDone,
            errors=_ROW_ERRORS,
        ),
        Operation(
            "PATCH",
            "/api/v1/conversions/{id}",
            "Approve, reject, hold or correct a conversion, with a reason.",
            _change,
            "conversions:write",
            tag="Conversions",
            body=ConversionChange,
            answer=ConversionDone,
            errors=(
                NOT_FOUND,
                OFFER_UNKNOWN,
                CURRENCY_UNKNOWN,
                TRANSITION_NOT_ALLOWED,
                AMOUNT_INVALID,
                JOURNAL_UNAVAILABLE,
            ),
            path_types=text_id,
        ),
        Operation(
            "POST",
            "/api/v1/conversions/upload",
            "Upload conversions, or changes of them, as CSV; bad rows come back with line and reason.",
            uploading.upload,
            "conversions:write",
            tag="Conversions",
            body={"text/csv": {"type": "string", "examples": ["click_id,txn_id,amount,status\n"]}},
            query=UploadQuery,
            answer=UploadDone,
            errors=(UPLOAD_INVALID, JOURNAL_UNAVAILABLE),
        ),
        Operation(
            "POST",
            "/api/v1/adjustments",
            "Add money to a partner's account, or take it, by hand; the network's people only.",
            _adjust,
            "conversions:write",
            tag="Conversions",
            body=AdjustmentCreate,
            answer=AdjustmentDone,
            status=201,
            errors=(PARTNER_UNKNOWN, OFFER_UNKNOWN, CURRENCY_UNKNOWN, JOURNAL_UNAVAILABLE),
        ),
    ]


async def _show(request: Request) -> Response:
    who = principal(request)
    found = await conversion_of(request, request.path_params["id"], who)
    history = await _rows(request, sql.HISTORY, id=found["conversion_id"], since=found["ts"], **sql.owner(who))
    decides = who.may("conversions:write") and found["attribution"] != "adjustment"
    return answer(
        {
            "conversion": _shown(found, who),
            "history": [_shown(row, who) for row in history],
            "may_become": may_become(stored_state(found), trusted=caller_of(request).trusted) if decides else [],
        }
    )


async def _create(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, ConversionCreate)
    received = {
        name: str(value)
        for name, value in wanted.model_dump(exclude={"reason"}).items()
        if value not in {None, ""}
    }
    raw = wanted.model_dump_json(exclude_defaults=True).encode()
    done = await desk_of(request).row(received, caller, "api", wanted.reason, raw)
    return _done(done)


async def _change(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, ConversionChange)
    given = wanted.model_dump(exclude={"reason"}, exclude_none=True)
    if not given:
        raise BODY_INVALID.error("Name what shall change: status, amount, payout, revenue or currency.")
    if not caller.trusted and {"payout", "revenue"} & given.keys():
        raise FORBIDDEN.error("Only the network sets payout and revenue; leave them out.")
    found = await conversion_of(request, request.path_params["id"], caller.who)
    if found["attribution"] == "adjustment":
        raise TRANSITION_NOT_ALLOWED.error("An adjustment doesn't change; make another that takes it back.")
    if wanted.status == "rejected":
        given["reject_reason"] = wanted.reason
    raw = wanted.model_dump_json(exclude_none=True).encode()
    fields = changed_fields(found, **given)
    return _done(await desk_of(request).change(found, fields, caller, wanted.reason, raw))


async def _adjust(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, AdjustmentCreate)
    if not caller.trusted:
        raise FORBIDDEN.error("Only the network adjusts accounts.")
    if not Decimal(wanted.payout) and not Decimal(wanted.revenue):
        raise BODY_INVALID.error("Name the money: payout, revenue or both, other than 0.")
    desk = desk_of(request)
    if not desk.knows_partner(wanted.partner_id):
        raise PARTNER_UNKNOWN.error(
            f"There is no partner {wanted.partner_id}; list the partners to see their ids."
        )
    offer = desk.offer(wanted.offer_id) if wanted.offer_id else None
    if wanted.offer_id and offer is None:
        raise OFFER_UNKNOWN.error(f"There is no offer {wanted.offer_id}; list the offers to see their ids.")
    if not desk.knows_currency(wanted.currency):
        raise CURRENCY_UNKNOWN.error()
    adjustment = Adjustment(
        ts=int(datetime.now(UTC).timestamp() * 1000),
        adjustment_id=wanted.adjustment_id or secrets.token_hex(12),
        partner_id=wanted.partner_id,
        advertiser_id=offer.advertiser_id if offer else 0,
        offer_id=offer.id if offer else 0,
        payout=wanted.payout,
        revenue=wanted.revenue,
        currency=wanted.currency,
        reason=wanted.reason,
        actor=caller.who.actor,
    )
    await desk.adjust(adjustment)
    return answer({"status": "accepted", "adjustment_id": adjustment.adjustment_id}, 201)


async def conversion_of(request: Request, conversion_id: str, who: Principal) -> dict[str, Any]:
    """Return the newest state of a conversion, if it is the caller's.

    Raises:
        ClickledgerError: ``not_found`` or ``store_away``.

    """
    rows = await _rows(request, sql.CONVERSION, id=conversion_id[:64], **sql.owner(who))
    if not rows:
        raise NOT_FOUND.error("There is no such conversion, or it isn't stored yet; try again in a second.")
    return rows[0]


async def _rows(request: Request, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    return await run_in_threadpool(rows_of, request, statement, **parameters)


def _shown(row: dict[str, Any], who: Principal) -> dict[str, Any]:
    hidden = hidden_money(who.role)
    return {name: _value(value) for name, value in row.items() if name not in hidden}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")
    return value


def _done(done: Done) -> Response:
    return answer(
        {"status": done.status, "conversion_id": done.conversion_id, "conversion_status": done.conversion_status}
    )


def changed_fields(row: dict[str, object], **changes: str | None) -> PostbackFields:
    """Return the fields of a change: the key of the stored conversion, and what shall be different."""
    return msgspec.structs.replace(
        PostbackFields(click_id=str(row["click_id"]), txn_id=str(row["txn_id"]), goal=str(row["goal"])), **changes
    )
