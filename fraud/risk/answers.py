"""What is asked of partner risk and answered, as models: checks and documentation are made of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fraud.risk.history import MAX_HISTORY_DAYS
from kernel.http import MAX_ID

_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
"""The days reports know."""
Method = Literal["peers", "marks", "too_few"]


class RiskQuery(BaseModel):
    """Which day, in which order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date | None = Field(
        None,
        ge=_FIRST,
        le=_LAST,
        description="UTC day; default: the latest that was scored.",
        examples=["2026-11-01"],
    )
    sort: Literal["score", "change", "clicks", "partner"] = Field(
        "score", description="score: the riskiest first; change: what rose most in a week first."
    )
    limit: int = Field(100, ge=1, le=10_000, description="Partners at most.")
    partner_id: int | None = Field(None, ge=1, le=MAX_ID, description="This partner only.")


class RiskOfPartnerQuery(BaseModel):
    """Which days of one partner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date | None = Field(
        None,
        ge=_FIRST,
        le=_LAST,
        description="UTC day; default: the latest that was scored.",
        examples=["2026-11-01"],
    )
    days: int = Field(30, ge=1, le=MAX_HISTORY_DAYS, description="Days of history up to that day.")


class RunAsked(BaseModel):
    """Which day to score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date | None = Field(
        None, ge=_FIRST, le=_LAST, description="UTC day; default: yesterday.", examples=["2026-11-01"]
    )


class Reason(BaseModel):
    """What sets a partner apart."""

    code: str = Field(description="The behaviour, or too_few.")
    sentence: str
    facts: str = Field(description="The numbers as they are stored.")


class RiskItem(BaseModel):
    """One partner on one day."""

    partner_id: int
    partner: str = Field(description="Its name.")
    clicks: int
    score: int = Field(
        description="Percentile among the partners judged that day, 100 the riskiest; 0: not judged."
    )
    place: int = Field(description="1 for the riskiest, 0: not judged.")
    method: Method
    change: int | None = Field(description="Points since a week before; null when it wasn't judged on both days.")
    reasons: list[Reason] = Field(description="The strongest first.")


class RunTold(BaseModel):
    """A day's run."""

    day: date
    scored_at: datetime
    judged: int = Field(description="Partners with enough clicks.")
    clicks: int = Field(description="Clicks of all partners.")
    method: Method = Field(description="peers: without labels; marks: learnt from analysts' marks.")
    note: str = Field(description="Why this method.")
    version: str = Field(description="What the measured numbers mean.")


class RiskRanking(RunTold):
    """A day's partners."""

    items: list[RiskItem]


class DayOfHistory(BaseModel):
    """One day of a partner."""

    day: date
    score: int
    place: int
    judged: int
    method: Method
    clicks: int


class Behaviour(BaseModel):
    """One number of a partner and day."""

    name: str
    value: float | None = Field(description="null: unknown, as conversion times without conversions.")
    peers_median: float | None = Field(
        description="Of the partners nearest in clicks, at this one's size; null: not compared."
    )
    sentence: str


class RiskOfPartner(RunTold):
    """One partner's days and behaviour."""

    partner_id: int
    partner: str
    risk: RiskItem | None = Field(description="null: no clicks that day.")
    history: list[DayOfHistory]
    behaviour: list[Behaviour]
