"""Partners that sign themselves up, where the program lets them.

Invariants: what a sign-up makes waits for approval: its clicks aren't counted, and its user sees its own state
alone; nothing is made while sign-up is closed or before the terms, if there are any, were accepted; nobody learns
by it whose e-mail address has a user already: that partner waits like any other, and the network's people, who
must approve it, read of it in its notes.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.auth import Principal
from kernel.errors import CONFLICT
from partners import audit, service
from partners.identity import users
from partners.identity.answers import SignUpTerms
from partners.identity.errors import SIGNUP_CLOSED, TERMS_NOT_ACCEPTED
from partners.identity.schemas import SignUp
from partners.identity.users import Actor
from partners.models import Partner, User


def terms(session: Session) -> SignUpTerms:
    """Return whether partners may sign themselves up, and what they must accept."""
    stored = service.the_program(session).signup
    return SignUpTerms(open=bool(stored.get("open", False)), terms_url=str(stored.get("terms_url") or ""))


def check(session: Session, wanted: SignUp) -> None:
    """Refuse what can't be, before any work is done for it.

    Raises:
        ClickledgerError: ``signup_closed``, ``terms_not_accepted``.

    """
    asked = terms(session)
    if not asked.open:
        raise SIGNUP_CLOSED.error()
    if asked.terms_url and not wanted.accept_terms:
        raise TERMS_NOT_ACCEPTED.error(f"Read {asked.terms_url} and send accept_terms as true.")


HAS_A_USER = "Signed up with an e-mail address that belongs to a user already, so no user was made for it."
"""What the notes of such a partner say."""


def sign_up(session: Session, address: str, wanted: SignUp, password_hash: str) -> Partner:
    """Make a partner that waits for approval and, unless its e-mail address has one, its user.

    Raises:
        ClickledgerError: as ``check``; ``conflict`` for a taken name.

    """
    service.the_program(session, to_change=True)
    check(session, wanted)
    by = Actor(Principal("partner", actor="sign-up"), address)
    taken = CONFLICT.error(f"There is a partner {wanted.name!r} already; choose another name.", field="name")
    if session.scalar(select(Partner.id).where(Partner.name == wanted.name)) is not None:
        raise taken
    known = session.scalar(select(User.id).where(User.email == wanted.email)) is not None
    partner = Partner(
        name=wanted.name,
        status="pending",
        email=wanted.email,
        company=wanted.company,
        country=wanted.country,
        website=wanted.website,
        notes=HAS_A_USER if known else "",
        fallback_url="",
    )
    session.add(partner)
    try:
        session.flush()
    except IntegrityError as why:
        raise taken from why
    service.grow_version(session)
    told = audit.changes({}, audit.values(partner))
    audit.record(session, by.who, address, "create", "partner", partner.id, told, partner_id=partner.id)
    if not known:
        user = User(
            email=wanted.email,
            name=wanted.contact or wanted.name,
            role="partner",
            partner_id=partner.id,
            password_hash=password_hash,
        )
        users.insert(session, by, user)
    return partner
