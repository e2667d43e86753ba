"""Rule entries, marks of partners and disputes as resources.

Invariants: a rule entry that can't work is refused when it is saved, with the field and the reason; a partner
sees its own disputes alone, without what the network's people say among themselves and who of them said it; an
advertiser sees none of this.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from fraud.entries import Action, RuleEntry
from fraud.rules import check_entry
from fraud.rules.errors import RULE_INVALID
from kernel.errors import ClickledgerError
from partners.models import Dispute, DisputeState, FraudRuleEntry, MarkWord, PartnerMark
from partners.resources.listing import QueryId, QueryText
from partners.resources.refusals import refusal
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import (
    DisputeAnswer,
    DisputeCreate,
    MarkAnswer,
    MarkCreate,
    Request,
    RuleEntryAnswer,
    RuleEntryChange,
    RuleEntryCreate,
)
from partners.visibility import A_PARTNER, AN_OFFER, limited

TAG = "Fraud"


def rule_entry(entry: FraudRuleEntry) -> RuleEntry:
    """Return an entry as the rules read it."""
    return RuleEntry(
        entry.code,
        entry.offer_id or 0,
        entry.partner_id or 0,
        entry.enabled,
        dict(entry.settings),
        entry.action,  # type: ignore[arg-type]  # one of Action, as the schema says
        entry.block,  # type: ignore[arg-type]  # one of BlockWhat, likewise
        entry.block_minutes,
    )


def _check_rule(session: Session, entry: FraudRuleEntry, _caller: Caller) -> None:
    if (entry.enabled, entry.action, entry.block, entry.block_minutes) == (None,) * 4 and not entry.settings:
        raise refusal("settings", "the entry changes nothing; name enabled, settings or action")
    check_entry(rule_entry(entry))
    _check_together(session, entry)


def _check_together(session: Session, entry: FraudRuleEntry) -> None:
    """Refuse settings that work alone and not beside those of wider or narrower entries.

    Raises:
        ClickledgerError: ``rule_invalid``.

    """
    given = _others(session, entry)
    given[entry.partner_id, entry.offer_id] = entry.settings
    _check_places(entry, given)


def _check_deletion(session: Session, entry: FraudRuleEntry, _caller: Caller) -> None:
    """Refuse to take away what keeps the settings of other entries from contradicting each other."""
    try:
        _check_places(entry, _others(session, entry))
    except ClickledgerError as why:
        raise RULE_INVALID.error(
            f"Without this entry those around it contradict each other: {why.message} "
            "Change or delete those first."
        ) from None


def _others(session: Session, entry: FraudRuleEntry) -> dict[tuple[int | None, int | None], Values]:
    """Return the settings of the rule's other entries by partner and offer."""
    all_of_it = session.scalars(select(FraudRuleEntry).where(FraudRuleEntry.code == entry.code)).all()
    return {(one.partner_id, one.offer_id): one.settings for one in all_of_it if one is not entry}


def _check_places(entry: FraudRuleEntry, given: dict[tuple[int | None, int | None], Values]) -> None:
    crossed = {(entry.partner_id or partner, entry.offer_id or offer) for partner, offer in given}
    for partner, offer in {*given, *crossed}:
        together: Values = {}
        for place in dict.fromkeys(((None, None), (None, offer), (partner, None), (partner, offer))):
            together |= given.get(place, {})
        check_entry(RuleEntry(entry.code, settings=together))


def _without_block(_session: Session, values: Values, _caller: Caller) -> Values:
    """Take what was blocked away with the action that blocked it."""
    if values.get("action", "block") != "block":
        return {"block": None, "block_minutes": None} | values
    return values


RULE_ENTRIES = Resource(
    "fraud/rule-entries",
    "rule entry",
    TAG,
    FraudRuleEntry,
    RuleEntryCreate,
    RuleEntryChange,
    RuleEntryAnswer,
    limited(),
    filters={
        "code": QueryText,
        "offer_id": QueryId,
        "partner_id": QueryId,
        "action": Action,
        "enabled": bool,
    },
    sorts=("id", "code", "created_at", "updated_at"),
    reads="fraud:read",
    writes="fraud:write",
    references={"offer_id": AN_OFFER, "partner_id": A_PARTNER},
    unique=(("code", "offer_id", "partner_id"),),
    complete_change=_without_block,
    check=_check_rule,
    check_deletion=_check_deletion,
    deletion_refusals=(RULE_INVALID,),
    refusals=(RULE_INVALID,),
)


def _with_marker(_session: Session, values: Values, caller: Caller) -> Values:
    return values | {"actor": caller.who.actor[:200]}


MARKS = Resource(
    "fraud/marks",
    "mark",
    TAG,
    PartnerMark,
    MarkCreate,
    Request,  # a mark isn't changed: a newer one takes its place
    MarkAnswer,
    limited(),
    filters={"partner_id": QueryId, "mark": MarkWord, "actor": QueryText},
    sorts=("id", "created_at"),
    reads="fraud:read",
    writes="fraud:write",
    references={"partner_id": A_PARTNER},
    complete=_with_marker,
    changeable=False,
    grows_version=False,
)


def _history(entry: Dispute, caller: Caller) -> Values:
    own = caller.who.partner_id is not None or caller.who.role == "partner"
    told: list[dict[str, Any]] = [
        {
            "at": event.at,
            "by": "partner" if event.by_partner else "network",
            "actor": "" if own and not event.by_partner else event.actor,
            "state": event.state,
            "text": event.text,
            "internal": event.internal,
        }
        for event in entry.events
        if not (own and event.internal)
    ]
    return {
        "history": told,
        "opened_by": "network" if own and not entry.opened_by_partner else entry.opened_by,
    }


DISPUTES = Resource(
    "fraud/disputes",
    "dispute",
    TAG,
    Dispute,
    DisputeCreate,
    Request,  # what changes is its state, step by step
    DisputeAnswer,
    limited(partner=lambda partner_id: Dispute.partner_id == partner_id),
    filters={
        "state": DisputeState,
        "partner_id": QueryId,
        "offer_id": QueryId,
        "conversion_id": QueryText,
        "opened_by_partner": bool,
    },
    references={"partner_id": A_PARTNER, "offer_id": AN_OFFER},
    loads=(selectinload(Dispute.events),),
    shows=_history,
    grows_version=False,
)
"""Read as other resources are; opened and decided in ``tracker.desk.disputes``, which knows the conversions."""
