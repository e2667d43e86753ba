"""What logs and roads take and answer, as the API documents them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 100
MAX_CURSOR = 400

Row = dict[str, Any]

FILTER_HELP = (
    "A condition on a dimension, such as country=DE, sub1~shoes or asn>=100, or as JSON the filter of a report; "
    "repeat it for more, all of which must hold."
)
_ZONE = "Zone of the days, and of the times in the rows."


class LogQuery(BaseModel):
    """Which rows of a log, and how much of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: str = Field(
        "", alias="from", description="First day or moment; default: 7 days ago.", examples=["2026-11-01"]
    )
    to: str = Field(
        "",
        description="First day or moment that isn't shown any more; default: tomorrow.",
        examples=["2026-11-08"],
    )
    timezone: str = Field("UTC", description=_ZONE)
    filter: list[str] = Field(
        [],
        description=FILTER_HELP,
        examples=[["country=DE"]],
    )
    columns: str = Field(
        "",
        description="Names, comma separated; empty: the usual ones, *: all.",
        examples=["ts,click_id,country"],
    )
    limit: int = Field(
        DEFAULT_LIMIT, description="Most rows.", json_schema_extra={"minimum": 1, "maximum": MAX_LIMIT}
    )
    cursor: str = Field("", max_length=MAX_CURSOR, description="The last answer's next_cursor.")


class RoadQuery(BaseModel):
    """How to show a click's road."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = Field("UTC", description="Zone of the times.")


class LogMeta(BaseModel):
    """What was asked, as it was understood."""

    from_: str = Field(alias="from")
    to: str
    timezone: str
    columns: list[str]
    limit: int


class LogAnswer(BaseModel):
    """Some rows, newest first."""

    items: list[Row] = Field(description="The columns, with the name of what an id names beside it.")
    next_cursor: str | None = Field(description="For the rows before these; null on the last page.")
    meta: LogMeta


class Decision(BaseModel):
    """Where the visitor was sent, and why."""

    outcome: Literal["reached", "rerouted", "turned_away", "seen"]
    reason: str = Field(description="trafficback_reason; empty where the offer took the click.")
    explained: str
    destination: str = Field(description="Empty where nobody was sent anywhere.")


class ReasonShown(BaseModel):
    """One reason for a verdict."""

    code: str
    category: str
    severity: int = Field(description="0 to 100.")
    counts: bool = Field(description="False: recorded, without weight in the verdict.")
    sentence: str = Field(description="With the numbers found, where there are any.")
    help: str
    facts: dict[str, str] = Field(description="Those numbers by name.")


class ModelShown(BaseModel):
    """What the model made of the click."""

    score: int = Field(description="Percentile in the model's training window; 0 without a model.")
    features: list[str] = Field(description="What set the click apart, the strongest first.")


class VerdictShown(BaseModel):
    """What was thought of the click."""

    verdict: str
    explained: str
    category: str
    score: int
    reasons: list[ReasonShown]
    model: ModelShown


class Money(BaseModel):
    """What came of the click in one currency; money that the caller's role doesn't see is absent."""

    currency: str
    click_payout: float | None = None
    click_revenue: float | None = None
    expected_payout: float | None = Field(None, description="Of the click, and of what is approved or pending.")
    expected_revenue: float | None = None
    earned_payout: float | None = Field(None, description="Of the click, and of what is approved.")
    earned_revenue: float | None = None


class ConversionOfRoad(BaseModel):
    """A conversion and every state it had."""

    conversion: Row
    explained: str
    states: list[Row] = Field(description="Oldest first; each with what brought it.")


class Moment(BaseModel):
    """Something that happened."""

    at: str
    what: Literal["click", "impression", "decision", "verdict", "conversion", "outbound", "rejected"]
    text: str
    id: str = Field(description="Of the click, conversion, message or refused request.")


class Road(BaseModel):
    """Everything that is known of one click or impression."""

    kind: Literal["click", "impression"]
    click: Row = Field(description="As it is stored, with the name of what an id names beside it.")
    decision: Decision
    verdict: VerdictShown
    conversions: list[ConversionOfRoad]
    outbound: list[Row] | None = Field(
        description="Tries to tell others of its conversions; null for those who may not read them. A partner "
        "sees those of its own hooks."
    )
    rejected: list[Row] | None = Field(
        description="Refused requests that name it; null for those who may not read them."
    )
    money: list[Money]
    timeline: list[Moment] = Field(description="In order of time.")
