"""What is done to an entry beyond changing its fields: a partner's status, an advertiser's token, a hook's secret.

Invariants: a partner's status takes the ways of ``TRANSITIONS`` only, and who is rejected or banned is told why;
after a rotation what was before holds until the moment that the answer names, and no longer; a new secret of a
webhook is told by the answer that made it and by none after.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import NOT_FOUND, PRECONDITION_FAILED
from kernel.http import path_id, read_body
from partners import service
from partners.errors import NO_SECRET, NOT_PUBLISHED, TRANSITION_INVALID
from partners.models import Partner, PartnerStatus, now
from partners.resources import work
from partners.resources.handlers import IF_MATCH, PUBLISHED, TAGGED, caller_of, if_match, published, writing
from partners.resources.network import HOOKS, new_secret
from partners.resources.people import ADVERTISERS, PARTNERS
from partners.resources.refusals import refusal
from partners.resources.resource import Caller
from partners.schemas import (
    AdvertiserAnswer,
    HookAnswer,
    PartnerAnswer,
    SecretRotation,
    StatusChange,
    TokenRotation,
)

TRANSITIONS: dict[PartnerStatus, tuple[PartnerStatus, ...]] = {
    "pending": ("approved", "rejected", "banned"),
    "approved": ("suspended", "banned"),
    "suspended": ("approved", "banned"),
    "rejected": ("pending", "approved", "banned"),
    "banned": ("suspended",),
}
"""A ban is taken back in two steps, so that nobody is let in again by one wrong click."""

NEED_REASON: frozenset[PartnerStatus] = frozenset({"rejected", "banned"})


def set_status(
    session: Session, partner_id: int, wanted: StatusChange, caller: Caller, if_matches: str = ""
) -> Any:
    """Change a partner's status.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, ``transition_invalid``, or ``body_invalid`` when a
            reason is missing.

    """
    service.the_program(session, to_change=True)
    partner = work.get(session, PARTNERS, partner_id, caller)
    work.need_match(partner, if_matches)
    need_transition(partner, wanted.status)
    if wanted.status in NEED_REASON and not wanted.reason:
        raise refusal("reason", f"say why the partner is {wanted.status}; it can read this")
    values = {"status": wanted.status, "status_reason": wanted.reason}
    return work.apply(session, PARTNERS, partner, values, caller, "status")


def need_transition(partner: Partner, status: PartnerStatus) -> None:
    """Refuse a status that a partner can't take from the one it has.

    Raises:
        ClickledgerError: ``transition_invalid``.

    """
    allowed = TRANSITIONS[partner.status]
    if status != partner.status and status not in allowed:
        raise TRANSITION_INVALID.error(
            f"Partner {partner.id} is {partner.status}; it can become {' or '.join(allowed)}, not {status}."
        )


def rotate_token(
    session: Session, advertiser_id: int, wanted: TokenRotation, caller: Caller, if_matches: str = ""
) -> Any:
    """Give an advertiser a new postback token; the old one is accepted for the hours that are asked for.

    Raises:
        ClickledgerError: ``not_found`` or ``changed_meanwhile``.

    """
    service.the_program(session, to_change=True)
    advertiser = work.get(session, ADVERTISERS, advertiser_id, caller)
    work.need_match(advertiser, if_matches)
    overlap = timedelta(hours=wanted.overlap_hours)
    values = {
        "postback_token": service.new_token(),
        "previous_token": advertiser.postback_token if overlap else "",
        "previous_token_until": now() + overlap if overlap else None,
    }
    return work.apply(session, ADVERTISERS, advertiser, values, caller, "rotate")


def rotate_secret(
    session: Session, hook_id: int, wanted: SecretRotation, caller: Caller, if_matches: str = ""
) -> Any:
    """Give a webhook a new secret; messages are signed with the old one, too, for the hours that are asked for.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, or ``no_secret`` for a postback.

    """
    service.the_program(session, to_change=True)
    hook = work.get(session, HOOKS, hook_id, caller)
    work.need_match(hook, if_matches)
    if hook.kind != "webhook":
        raise NO_SECRET.error(f"Hook {hook_id} is a postback, which is not signed; only webhooks have a secret.")
    overlap = timedelta(hours=wanted.overlap_hours)
    values = {
        "secret": new_secret(),
        "previous_secret": hook.secret if overlap else "",
        "previous_secret_until": now() + overlap if overlap else None,
    }
    return work.apply(session, HOOKS, hook, values, caller, "rotate")


async def _set_status(request: Request) -> Response:
    caller, partner_id = caller_of(request), path_id(request)
    wanted = await read_body(request, StatusChange)

    def work_(session: Session) -> dict[str, Any]:
        partner = set_status(session, partner_id, wanted, caller, if_match(request))
        return PARTNERS.answer(partner, caller, single=True)

    return await published(request, PARTNERS, await writing(request, work_))


async def _rotate_token(request: Request) -> Response:
    caller, advertiser_id = caller_of(request), path_id(request)
    wanted = await read_body(request, TokenRotation)

    def work_(session: Session) -> dict[str, Any]:
        advertiser = rotate_token(session, advertiser_id, wanted, caller, if_match(request))
        return ADVERTISERS.answer(advertiser, caller, single=True)

    return await published(request, ADVERTISERS, await writing(request, work_))


async def _rotate_secret(request: Request) -> Response:
    caller, hook_id = caller_of(request), path_id(request)
    wanted = await read_body(request, SecretRotation)

    def work_(session: Session) -> dict[str, Any]:
        hook = rotate_secret(session, hook_id, wanted, caller, if_match(request))
        return HOOKS.answer(hook, caller, single=True, made=True)

    return await published(request, HOOKS, await writing(request, work_))


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/partners/{id}/status",
        "Approve, reject, suspend or ban a partner.",
        _set_status,
        "program:write",
        tag="Partners",
        body=StatusChange,
        answer=PartnerAnswer,
        headers=(*TAGGED, *PUBLISHED),
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED, TRANSITION_INVALID, NOT_PUBLISHED),
    ),
    Operation(
        "POST",
        "/api/v1/advertisers/{id}/rotate-token",
        "Give an advertiser a new postback token, and accept the old one for some hours.",
        _rotate_token,
        "program:write",
        tag="Advertisers",
        body=TokenRotation,
        answer=AdvertiserAnswer,
        headers=(*TAGGED, *PUBLISHED),
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED, NOT_PUBLISHED),
    ),
    Operation(
        "POST",
        "/api/v1/hooks/{id}/rotate-secret",
        "Give a webhook a new secret, and sign with the old one, too, for some hours.",
        _rotate_secret,
        "program:write",
        or_needs="hooks:write",
        tag="Hooks",
        body=SecretRotation,
        answer=HookAnswer,
        headers=(*TAGGED, *PUBLISHED),
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, NO_SECRET, PRECONDITION_FAILED, NOT_PUBLISHED),
    ),
)
