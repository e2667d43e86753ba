"""Rule entries, marks of partners and disputes, as they are created, changed and answered.

A rule entry's settings are checked by the rule itself (``fraud.rules.book.check_entry``); here only what no rule's
setting may be is refused: what isn't finite, too large a number, too long a text.
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fraud.entries import Action, BlockWhat
from partners.fields import Id, Note, check_note, saying
from partners.models import DisputeState, MarkWord
from partners.models.fraud import MAX_CONVERSION_ID
from partners.schemas.request import Answer, Request, left_out

MAX_SETTINGS_CHARACTERS = 10_000
LARGEST_NUMBER = 2**53
"""Whole numbers above it aren't exact in JSON."""
MAX_BLOCK_MINUTES = 525_600
"""A year; what is to be blocked for longer belongs into the blocklist by hand."""


def check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings that every store and the snapshot can hold."""
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int | float) and not (math.isfinite(one) and abs(one) <= LARGEST_NUMBER):
                raise ValueError(f"{name[:40]} can't be so large")
            if not (one is None or isinstance(one, bool | int | float | str)):
                raise ValueError(f"{name[:40]} is a number, a text, true or false, or a list of those")
            if isinstance(one, str) and not one.isprintable():
                raise ValueError(f"{name[:40]} has no control characters or line breaks")
        if not name.isprintable():
            raise ValueError("the name of a setting has no control characters")
    if len(json.dumps(settings)) > MAX_SETTINGS_CHARACTERS:
        raise ValueError(f"settings have at most {MAX_SETTINGS_CHARACTERS} characters")
    return settings


def check_said(text: str) -> str:
    """Return what somebody says; it can't be empty."""
    text = check_note(text)
    if not text:
        raise ValueError("say why; the other side can read it")
    return text


RuleSettings: TypeAlias = Annotated[dict[str, Any], AfterValidator(saying(check_settings))]
RuleCode: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
BlockMinutes: TypeAlias = Annotated[int, Field(ge=1, le=MAX_BLOCK_MINUTES, strict=True)]
Said: TypeAlias = Annotated[str, AfterValidator(saying(check_said))]
ConversionId: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=MAX_CONVERSION_ID, pattern=r"^[\x21-\x7e]+$")
]

_AS_WIDER = "None: as the next wider entry says, at last the rule's default."


class RuleEntryCreate(Request):
    """How a fraud rule shall be set in one place; what is left out is as in the next wider place."""

    code: RuleCode = Field(description="The rule's reason code, or score.")
    offer_id: Id | None = Field(None, description="Only on this offer; none: on all.")
    partner_id: Id | None = Field(None, description="Only for this partner's traffic; none: for everybody's.")
    enabled: bool | None = Field(None, description=_AS_WIDER)
    settings: RuleSettings = Field({}, description="The rule's own settings by name.")
    action: Action | None = Field(None, description=f"What follows. {_AS_WIDER}")
    block: BlockWhat | None = Field(None, description="What the action block blocks.")
    block_minutes: BlockMinutes | None = Field(None, description="For how long it is blocked.")
    note: Note = Field("", description="For managers: why it is set so.")


class RuleEntryChange(Request):
    """What may change on a rule entry; its rule and its place stay. Null: as the next wider entry says."""

    enabled: bool | None = None
    settings: RuleSettings = Field(default_factory=left_out)
    action: Action | None = None
    block: BlockWhat | None = None
    block_minutes: BlockMinutes | None = None
    note: Note = Field(default_factory=left_out)


class RuleEntryAnswer(Answer):
    """How a fraud rule is set in one place."""

    code: str
    offer_id: int | None
    partner_id: int | None
    enabled: bool | None
    settings: dict[str, Any]
    action: Action | None
    block: BlockWhat | None
    block_minutes: int | None
    note: str


class MarkCreate(Request):
    """What an analyst thinks of a partner: the newest mark counts, the older ones stay."""

    partner_id: Id = Field(description="Who is marked.")
    mark: MarkWord = Field(description="fraud, or fine.")
    note: Note = Field("", description="Why.")


class MarkAnswer(Answer):
    """What an analyst thought of a partner."""

    partner_id: int
    mark: MarkWord
    note: str
    actor: str = Field(description="Who marked.")


class DisputeCreate(Request):
    """An objection to what became of a conversion, or of a partner's traffic in some days."""

    conversion_id: ConversionId | None = Field(None, description="The conversion; else name the days.")
    partner_id: Id | None = Field(None, description="Whose traffic, when days are named; left out: your own.")
    offer_id: Id | None = Field(None, description="Only this offer's traffic of those days.")
    first_day: date | None = Field(None, description="First UTC day.")
    last_day: date | None = Field(None, description="Last UTC day, included; none: the first.")
    reason: Said = Field(description="Why the verdict is wrong.")


class DisputeMessage(Request):
    """Something said about a dispute."""

    text: Said
    internal: bool = Field(default=False, description="For the network's people only.")


class DisputeMove(Request):
    """The state a dispute shall come to; partners may withdraw theirs."""

    state: Literal["under_review", "upheld", "overturned", "withdrawn"] = Field(
        description="upheld: the verdict stands; overturned: the partner was right."
    )
    reason: Note = Field("", description="Why; the partner reads it. Needed to uphold or overturn.")
    approve: bool = Field(
        default=True, description="Overturning approves the conversion again, or pays what it was worth."
    )


class DisputeEventAnswer(BaseModel):
    """A state a dispute came to, or a message."""

    model_config = ConfigDict(extra="forbid")

    at: datetime
    by: Literal["partner", "network"]
    actor: str = Field("", description="Who exactly; the network's people are not named to partners.")
    state: str = Field(description="The state it came to; '' for a message.")
    text: str
    internal: bool


class DisputeAnswer(Answer):
    """A partner's objection, and what became of it."""

    partner_id: int
    conversion_id: str = Field(description="'' for one about days.")
    offer_id: int | None
    first_day: date | None
    last_day: date | None
    state: DisputeState
    opened_by: str
    opened_by_partner: bool
    outcome: str = Field(description="What overturning did: approved, adjusted, nothing; '' before.")
    history: list[DisputeEventAnswer] = Field(description="Oldest first.")
