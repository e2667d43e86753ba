"""What the API takes and answers about the past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from fraud.entries import Action, BlockWhat, RuleEntry
from fraud.past.records import Record
from fraud.past.span import DAY, FIRST_DAY, LAST_DAY, MOST_DAYS, Span
from kernel.http import MAX_ID

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY + DAY)]
OptionalId = Annotated[int, Field(ge=0, le=MAX_ID, strict=True)]
MOST_ENTRIES = 100


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RescoringAsked(_Asked):
    """Which part of the past to judge again."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"required": ["from", "to"]})

    from_: Day = Field(alias="from", description="First UTC day.", examples=["2026-11-01"])
    to: Day = Field(description="The day after the last one.", examples=["2026-11-08"])
    partner_id: OptionalId = Field(0, description="Only this partner's events; 0: everybody's.")
    offer_id: OptionalId = Field(0, description="Only this offer's events; 0: every offer's.")

    @property
    def span(self) -> Span:
        """What is meant."""
        return Span(self.from_, self.to, self.partner_id, self.offer_id)


class EntryAsked(_Asked):
    """How a rule would be set; the same as an entry of the rules, which isn't saved."""

    code: str = Field(max_length=64, description="The rule's reason.", examples=["ip_velocity"])
    partner_id: OptionalId = Field(0, description="For this partner; 0: for every one.")
    offer_id: OptionalId = Field(0, description="For this offer; 0: for every one.")
    enabled: bool | None = Field(None, description="Whether it is looked at.")
    settings: dict[str, Any] = Field({}, description="Its settings by name.", examples=[{"per_minute": 30}])
    action: Action | None = Field(None, description="What follows from it.")
    block: BlockWhat | None = Field(None, description="What is blocked, when that follows.")
    block_minutes: int | None = Field(None, description="For how long.")

    def entry(self) -> RuleEntry:
        """Return it as rules are set."""
        return RuleEntry(**self.model_dump())


class DryRunAsked(_Asked):
    """Rules as they would be set, and the days to try them on."""

    days: int = Field(7, ge=1, le=MOST_DAYS, strict=True, description="UTC days up to today, today included.")
    partner_id: OptionalId = Field(0, description="Only this partner's events; 0: everybody's.")
    offer_id: OptionalId = Field(0, description="Only this offer's events; 0: every offer's.")
    entries: list[EntryAsked] = Field(
        [],
        max_length=MOST_ENTRIES,
        description="What would be set on top of the rules in force; none: as they are.",
    )

    @property
    def span(self) -> Span:
        """What is meant."""
        tomorrow = datetime.now(UTC).date() + DAY
        return Span(tomorrow - timedelta(days=self.days), tomorrow, self.partner_id, self.offer_id)


_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
_MONEY = {"type": "number"}
_OBJECTS = {"type": "array", "items": {"type": "object"}}

DIFFERENCE: dict[str, Any] = {
    "type": "object",
    "description": "What would change; empty until it is computed.",
    "properties": {
        "verdicts": {
            "type": "object",
            "description": "Clicks, impressions and conversions by verdict.",
            "additionalProperties": {
                "type": "object",
                "properties": {"before": _COUNTS, "after": _COUNTS},
            },
        },
        "moved": _OBJECTS | {"description": "Events by their verdict before and after."},
        "reasons": _OBJECTS | {"description": "Clicks and impressions by reason, before and after."},
        "money": {
            "type": "array",
            "description": "What clicks and impressions earn by themselves, per currency.",
            "items": {
                "type": "object",
                "properties": {
                    f"{name}_{when}": _MONEY
                    for name in ("payout", "revenue")
                    for when in ("before", "after", "difference")
                }
                | {"currency": {"type": "string"}},
            },
        },
        "conversions": _OBJECTS
        | {"description": "Approved and pending conversions whose verdict would change, with their money."},
        "followed": _OBJECTS
        | {"description": "Approved and pending conversions that the rules' actions would hold or reject."},
        "partners": _OBJECTS | {"description": "Partners, those who lose most first."},
        "sample": _OBJECTS | {"description": "Some events whose verdict would change, with their reasons."},
    },
}

RESCORING: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state", "from", "to", "progress", "difference"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "state": {
            "enum": [
                *("computing", "proposed", "answered", "applying", "committed", "applied", "cancelled", "failed"),
            ]
        },
        "is_dry_run": {"type": "boolean"},
        "from": {"type": "string", "format": "date"},
        "to": {"type": "string", "format": "date", "description": "The day after the last one."},
        "partner_id": {"type": "integer"},
        "offer_id": {"type": "integer"},
        "actor": {"type": "string", "description": "Who asked for it."},
        "applied_by": {"type": "string"},
        "made_at": {"type": "string", "format": "date-time"},
        "changed_at": {"type": "string", "format": "date-time"},
        "rules_version": {"type": "string"},
        "model_version": {"type": "string"},
        "entries": _OBJECTS | {"description": "What a dry run changes of the rules in force."},
        "progress": {
            "type": "object",
            "properties": {"judged": {"type": "integer"}, "events": {"type": "integer"}},
        },
        "changed": _COUNTS | {"description": "Events that would be stored otherwise, by kind."},
        "difference": DIFFERENCE,
        "problem": {"type": "string", "description": "Why it failed, '' when it didn't."},
    },
}
"""A re-scoring or a dry run, as it is answered."""

RESCORINGS: dict[str, Any] = {
    "type": "object",
    "required": ["rescorings"],
    "properties": {"rescorings": {"type": "array", "items": RESCORING}},
}


def told(record: Record) -> dict[str, Any]:
    """Return a record as it is answered."""
    return {
        "id": record.id,
        "state": record.state,
        "is_dry_run": record.is_dry_run,
        "from": record.begin,
        "to": record.end,
        "partner_id": record.partner_id,
        "offer_id": record.offer_id,
        "actor": record.actor,
        "applied_by": record.applied_by,
        "made_at": _moment(record.made_at),
        "changed_at": _moment(record.changed_at),
        "rules_version": record.rules_version,
        "model_version": record.model_version,
        "entries": record.entries,
        "progress": {"judged": record.judged, "events": record.events},
        "changed": record.changed,
        "difference": record.difference,
        "problem": record.problem,
    }


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
