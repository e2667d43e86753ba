"""The program as a whole, many entries at once, and the audit log, as operations of the API.

Invariants: as in ``handlers``; what partners and advertisers learn of the program is what they need to read
money and to sign up, no URL of the network's own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, PRECONDITION_FAILED
from kernel.http import answer, read_body
from partners import answers, audit, service
from partners.ensure import ensure
from partners.errors import NOT_PUBLISHED, REFERENCE_UNKNOWN
from partners.models import THE_PROGRAM, AuditEntry, Program
from partners.resources import work
from partners.resources.handlers import (
    IF_MATCH,
    PUBLISHED,
    TAGGED,
    VERSION_HEADER,
    caller_of,
    if_match,
    list_operation,
    publish,
    reading,
    tagged,
    writing,
)
from partners.resources.listing import QueryId, QueryText
from partners.resources.promotion import OFFERS_TO_ASK_FOR
from partners.resources.resource import Caller, Resource
from partners.schemas import AuditAnswer, EnsuredAnswer, ProgramAnswer, ProgramChange, ProgramEnsure, SignUp
from partners.schemas import Request as Body
from partners.visibility import limited

AUDIT = Resource(
    "audit",
    "audit entry",
    "Audit",
    AuditEntry,
    Body,  # nobody writes one by a request: changes do
    Body,
    AuditAnswer,
    limited(
        partner=lambda partner_id: AuditEntry.partner_id == partner_id,
        advertiser=lambda advertiser_id: AuditEntry.advertiser_id == advertiser_id,
    ),
    filters={
        "actor": QueryText,
        "role": QueryText,
        "address": QueryText,
        "action": QueryText,
        "kind": QueryText,
        "entry_id": QueryId,
        "partner_id": QueryId,
        "advertiser_id": QueryId,
    },
    sorts=("id", "at"),
    deletable=False,
    grows_version=False,
)


def change_program(session: Session, wanted: ProgramChange, caller: Caller, if_matches: str = "") -> Program:
    """Change the program as a whole.

    Raises:
        ClickledgerError: ``changed_meanwhile``.

    """
    program = service.the_program(session, to_change=True)
    work.need_match(program, if_matches)
    before = audit.values(program)
    if service.assign(program, wanted.given()):
        told = audit.changes(before, audit.values(program))
        service.grow_version(session)
        audit.record(session, caller.who, caller.address, "change", "program", THE_PROGRAM, told)
    return program


def shown_program(program: Program, caller: Caller) -> dict[str, Any]:
    """Return the program as a whole, as somebody may see it."""
    shown: dict[str, Any] = {
        "version": program.version,
        "revision": program.revision,
        "fallback_url": program.fallback_url,
        "base_currency": program.base_currency or caller.settings.currency,
        "signup": SignUp().model_dump() | program.signup,
    }
    if caller.who.partner_id is not None or caller.who.advertiser_id is not None:
        del shown["fallback_url"]
    return shown


async def _get_program(request: Request) -> Response:
    caller = caller_of(request)
    body = await reading(request, lambda session: shown_program(service.the_program(session), caller))
    return answer(body, headers=tagged(body))


async def _change_program(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, ProgramChange)

    def work_(session: Session) -> dict[str, Any]:
        return shown_program(change_program(session, wanted, caller, if_match(request)), caller)

    body = await writing(request, work_)
    return answer(body, headers=tagged(body) | {VERSION_HEADER: str(await publish(request))})


async def _ensure(request: Request) -> Response:
    caller = caller_of(request)
    wanted = await read_body(request, ProgramEnsure)

    def work_(session: Session) -> dict[str, Any]:
        done = ensure(session, wanted, caller)
        links = [
            {
                "id": link.id,
                "code": link.code,
                "partner_id": link.partner_id,
                "offer_id": link.offer_id,
                "tracking_url": answers.tracking_url(caller.settings, link.code),
            }
            for link in done.links
        ]
        return {
            "advertisers": {name: entry.id for name, entry in done.advertisers.items()},
            "partners": {name: entry.id for name, entry in done.partners.items()},
            "offers": {name: entry.id for name, entry in done.offers.items()},
            "links": links,
        }

    body = await writing(request, work_)
    # For clients that wait for the edges and see no headers, such as the replay command.
    version = await publish(request)
    return answer(body | {"snapshot_version": version}, headers={VERSION_HEADER: str(version)})


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/program",
        "Read the program as a whole.",
        _get_program,
        "program:read",
        tag="Network",
        answer=ProgramAnswer,
        headers=TAGGED,
    ),
    Operation(
        "PATCH",
        "/api/v1/program",
        "Change the program as a whole.",
        _change_program,
        "program:write",
        tag="Network",
        body=ProgramChange,
        answer=ProgramAnswer,
        headers=(*TAGGED, *PUBLISHED),
        request_headers=IF_MATCH,
        errors=(PRECONDITION_FAILED, NOT_PUBLISHED),
    ),
    Operation(
        "POST",
        "/api/v1/programs/ensure",
        "Make many entries exist, by name, all or none of them.",
        _ensure,
        "program:write",
        tag="Network",
        body=ProgramEnsure,
        answer=EnsuredAnswer,
        headers=PUBLISHED,
        errors=(CONFLICT, REFERENCE_UNKNOWN, NOT_PUBLISHED),
    ),
    list_operation(AUDIT, "List who changed what, a page at a time.", "audit:read"),
    list_operation(OFFERS_TO_ASK_FOR, "List the offers by approval that a partner may ask for.", "program:read"),
)
