"""Links that share a report with whoever has them, for a while.

A token is signed and says: link, report, whose rows, until when (seconds since 1970). Invariants: it shows what
the one who shared it could see, and no more than they may see today; one that is forged, over, revoked, or whose
maker may not come in any more gets one and the same refusal, and no store is asked about one that isn't ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from kernel.signing import Signer
from partners import service
from partners.models import ReportShare, SavedReport, now
from partners.resources import Caller
from partners.resources.refusals import refusal
from reports.saved import entries
from reports.saved.errors import LINK_INVALID
from reports.saved.owners import owned_by, present, visible
from reports.saved.schemas import ShareCreate

PURPOSE = "clickledger shared report"
"""What the key of these tokens is derived for."""

LONGEST = timedelta(days=366)
PATH = "/api/v1/shared"
PAGE = "/shared"
"""Where a browser shows the report."""
MAX_TOKEN = 512


class _Said(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What a token says."""

    share_id: int
    report_id: int
    role: str
    partner_id: int | None
    advertiser_id: int | None
    expires_at: int


def create(
    session: Session, report_id: int, wanted: ShareCreate, caller: Caller, signer: Signer
) -> tuple[ReportShare, str]:
    """Make a link to a report that the caller sees; return it and its token.

    Raises:
        ClickledgerError: ``not_found``, ``too_many_saved``, or ``body_invalid`` for its end.

    """
    service.the_program(session, to_change=True)
    report = entries.find(session, SavedReport, report_id, visible(caller.who))
    expires_at = wanted.expires_at.replace(microsecond=0)
    if not now() < expires_at <= now() + LONGEST:
        raise refusal("expires_at", f"it must be in the future, and within {LONGEST.days} days")
    values = {"report_id": report.id, "note": wanted.note, "expires_at": expires_at}
    share = entries.make(session, ReportShare, values, caller)
    return share, signer.sign(msgspec.json.encode(_said(share)))


def listing(session: Session, report_id: int, who: Principal, limit: int, after: int) -> list[ReportShare]:
    """Return the caller's links to a report; of its owner, everybody's.

    Raises:
        ClickledgerError: ``not_found``.

    """
    report = entries.find(session, SavedReport, report_id, visible(who))
    own = session.scalar(select(SavedReport.id).where(SavedReport.id == report.id, owned_by(SavedReport, who)))
    query = select(ReportShare).where(
        ReportShare.report_id == report.id, true() if own is not None else owned_by(ReportShare, who)
    )
    return entries.page(session, query, ReportShare, limit, after)


def revoke(session: Session, report_id: int, share_id: int, caller: Caller) -> ReportShare:
    """End a link, one's own or one to one's own report; ending it again changes nothing.

    Raises:
        ClickledgerError: ``not_found``.

    """
    service.the_program(session, to_change=True)
    report = entries.find(session, SavedReport, report_id, visible(caller.who))
    own = select(SavedReport.id).where(SavedReport.id == report.id, owned_by(SavedReport, caller.who)).exists()
    allowed = own | owned_by(ReportShare, caller.who)
    share = entries.find(session, ReportShare, share_id, (ReportShare.report_id == report.id) & allowed)
    if share.revoked_at is None:
        entries.change(session, share, {"revoked_at": now()}, caller, "revoke")
    return share


def resolve(
    session: Session, token: str, signer: Signer, moment: datetime | None = None
) -> tuple[SavedReport, Principal, int]:
    """Return the report a token shows, whose eyes it is seen with, and the link's id.

    Raises:
        ClickledgerError: ``link_invalid``, whatever is wrong.

    """
    said = _read(token, signer)
    moment = moment or now()
    if said is None or said.expires_at <= moment.timestamp():
        raise LINK_INVALID.error()
    share = session.get(ReportShare, said.share_id)
    if share is None or share.revoked_at is not None or share.expires_at <= moment or _said(share) != said:
        raise LINK_INVALID.error()
    who = present(session, share)
    # Somebody it isn't shared with any more can't show it to others either.
    report = None if who is None else _visible(session, share.report_id, who)
    if who is None or report is None:
        raise LINK_INVALID.error()
    return report, who, share.id


def dead(why: ClickledgerError) -> bool:
    """Return whether an error of running a shared report tells of rights, which a stranger isn't told."""
    return why.kind.status in {401, 403, 404}


def _visible(session: Session, report_id: int, who: Principal) -> SavedReport | None:
    return session.scalar(select(SavedReport).where(SavedReport.id == report_id, visible(who)))


def _said(share: ReportShare) -> _Said:
    end = int(share.expires_at.astimezone(UTC).timestamp())
    return _Said(share.id, share.report_id, share.role, share.partner_id, share.advertiser_id, end)


def _read(token: str, signer: Signer) -> _Said | None:
    payload: Any = signer.read(token) if len(token) <= MAX_TOKEN else None
    return None if payload is None else msgspec.json.decode(payload, type=_Said)
