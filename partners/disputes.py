"""The states of a dispute: open, under review, then upheld, overturned or withdrawn; who may bring it there.

Invariants: a state is only ever left on the ways of ``TRANSITIONS``, each with who did it, when and why; a partner
opens, withdraws and talks, the network decides; of one conversion, or of the same days, one dispute is open at a
time. Every function works in the writing session it is given, as those of ``partners.resources.work`` do.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import CONFLICT, FORBIDDEN
from partners import service
from partners.errors import NOTHING_TO_DISPUTE, TRANSITION_INVALID
from partners.models import Dispute, DisputeEvent, DisputeState, now
from partners.resources import work
from partners.resources.fraud import DISPUTES
from partners.resources.refusals import refusal
from partners.resources.resource import Caller
from partners.schemas import DisputeCreate, DisputeMessage

TRANSITIONS: dict[DisputeState, tuple[DisputeState, ...]] = {
    "open": ("under_review", "withdrawn"),
    "under_review": ("upheld", "overturned", "withdrawn"),
    "upheld": (),
    "overturned": (),
    "withdrawn": (),
}
DECIDED: frozenset[DisputeState] = frozenset({"upheld", "overturned"})
"""States that need a reason."""
MOST_DAYS = 92
"""Longest range of one dispute: what is settled quarterly."""
MOST_EVENTS = 500
"""States and messages of one dispute."""


def open_dispute(session: Session, wanted: DisputeCreate, caller: Caller, **found: Any) -> Dispute:
    """Open a dispute.

    Args:
        session: The transaction.
        wanted: What the request says.
        caller: Who opens it.
        found: ``partner_id`` and ``offer_id`` of the conversion it names.

    Raises:
        ClickledgerError: ``conflict`` while another about the same is open, ``nothing_to_dispute`` when one was
            overturned and paid, ``reference_unknown`` or ``body_invalid``.

    """
    service.the_program(session, to_change=True)
    values: dict[str, Any] = {
        "partner_id": wanted.partner_id or caller.who.partner_id,
        "offer_id": wanted.offer_id,
        "conversion_id": wanted.conversion_id or "",
        "first_day": wanted.first_day,
        "last_day": wanted.last_day or wanted.first_day,
        **found,
    }
    if not wanted.conversion_id:
        _need_days(values["first_day"], values["last_day"])
    elif wanted.first_day or wanted.last_day:
        raise refusal("first_day", "it is about the conversion or about the days; leave one of the two out")
    if values["partner_id"] is None:
        raise refusal("partner_id", "name the partner whose traffic it is about")
    if not wanted.conversion_id:
        work.need_references(session, DISPUTES, values, caller)
    _refuse_open_twice(session, values)
    _refuse_paid(session, values["conversion_id"])
    by_partner = caller.who.partner_id is not None
    dispute = Dispute(**values, opened_by=caller.who.actor[:200], opened_by_partner=by_partner)
    session.add(dispute)
    session.flush()
    _add(session, dispute, caller, "open", wanted.reason)
    told = {name: [None, str(value)] for name, value in values.items() if value not in {None, ""}}
    work.record(session, DISPUTES, caller, "create", dispute, told)
    session.flush()
    return _whole(session, dispute, caller)


def say(session: Session, dispute_id: int, wanted: DisputeMessage, caller: Caller) -> Dispute:
    """Add a message.

    Raises:
        ClickledgerError: ``not_found`` or ``forbidden``.

    """
    service.the_program(session, to_change=True)
    dispute = work.get(session, DISPUTES, dispute_id, caller)
    if wanted.internal and caller.who.partner_id is not None:
        raise FORBIDDEN.error("Only the network's people keep notes of their own; leave out 'internal'.")
    _grow(dispute)
    _add(session, dispute, caller, "", wanted.text, internal=wanted.internal)
    session.flush()
    return _whole(session, dispute, caller)


def need_move(
    session: Session, dispute_id: int, state: DisputeState, reason: str, caller: Caller, if_match: str = ""
) -> Dispute:
    """Return a dispute that may come to a state now.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, ``forbidden``, ``transition_invalid``, or
            ``body_invalid`` when a reason is missing.

    """
    dispute: Dispute = work.get(session, DISPUTES, dispute_id, caller)
    work.need_match(dispute, if_match)
    if caller.who.partner_id is not None and state != "withdrawn":
        raise FORBIDDEN.error("The network decides disputes; you can withdraw yours or say more about it.")
    allowed = TRANSITIONS[dispute.state]
    if state not in allowed:
        can = f"it can become {' or '.join(allowed)}" if allowed else "that is final; open another"
        raise TRANSITION_INVALID.error(f"Dispute {dispute.id} is {dispute.state}; {can}, not {state}.")
    if state in DECIDED and not reason:
        raise refusal("reason", f"say why it is {state}; the partner can read this")
    return dispute


def move(
    session: Session,
    dispute_id: int,
    state: DisputeState,
    reason: str,
    caller: Caller,
    if_match: str = "",
    outcome: str = "",
) -> Dispute:
    """Bring a dispute to a state; see ``need_move``.

    Args:
        session: The transaction.
        dispute_id: Which.
        state: Where to.
        reason: Why.
        caller: Who does it.
        if_match: Revisions it insists on; '' for any.
        outcome: What was done for the partner, when it was overturned.

    """
    service.the_program(session, to_change=True)
    dispute = need_move(session, dispute_id, state, reason, caller, if_match)
    before = dispute.state
    dispute.state, dispute.outcome = state, outcome
    _grow(dispute)
    _add(session, dispute, caller, state, reason)
    work.record(session, DISPUTES, caller, "status", dispute, {"state": [before, state]})
    session.flush()
    return _whole(session, dispute, caller)


def _whole(session: Session, dispute: Dispute, caller: Caller) -> Dispute:
    dispute_id = dispute.id
    session.expire(dispute)
    whole: Dispute = work.get(session, DISPUTES, dispute_id, caller)
    return whole


def _grow(dispute: Dispute) -> None:
    if len(dispute.events) >= MOST_EVENTS:
        raise refusal("text", f"a dispute has at most {MOST_EVENTS} messages and states; open another")
    dispute.revision += 1
    dispute.updated_at = now()


def _add(
    session: Session, dispute: Dispute, caller: Caller, state: str, text: str, *, internal: bool = False
) -> None:
    session.add(
        DisputeEvent(
            dispute_id=dispute.id,
            actor=caller.who.actor[:200],
            by_partner=caller.who.partner_id is not None,
            state=state,
            text=text,
            internal=internal,
        )
    )


def _need_days(first: date | None, last: date | None) -> None:
    if first is None or last is None:
        raise refusal("conversion_id", "name the conversion, or the days with first_day and last_day")
    if not 0 <= (last - first).days < MOST_DAYS:
        raise refusal("last_day", f"it isn't before first_day, and at most {MOST_DAYS - 1} days after it")
    if first > now().date():
        raise refusal("first_day", "that day hasn't come yet")


def _refuse_open_twice(session: Session, values: dict[str, Any]) -> None:
    query = select(Dispute.id).where(Dispute.state.in_([s for s, ways in TRANSITIONS.items() if ways]))
    same = ("conversion_id",) if values["conversion_id"] else ("partner_id", "offer_id", "first_day", "last_day")
    for name in same:
        query = query.where(getattr(Dispute, name).is_not_distinct_from(values[name]))
    taken = session.scalar(query.where(Dispute.conversion_id == values["conversion_id"]).limit(1))
    if taken is not None:
        raise CONFLICT.error(
            f"Dispute {taken} about this is open already; add what you have to say to it.", id=taken
        )


def _refuse_paid(session: Session, conversion_id: str) -> None:
    """Refuse another dispute about a conversion that stays rejected and was paid all the same."""
    if not conversion_id:
        return
    paid = select(Dispute.id).where(Dispute.conversion_id == conversion_id, Dispute.outcome == "adjusted").limit(1)
    if (found := session.scalar(paid)) is not None:
        raise NOTHING_TO_DISPUTE.error(
            f"Dispute {found} about this conversion was overturned, and what it was worth was paid.", id=found
        )
