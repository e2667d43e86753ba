"""What can be set on each rule about clicks: name, default, bounds, and why.

Invariants: a value outside its bounds, and values that contradict each other, fail here with a sentence; the
defaults harm no ordinary visitor, which the simulated and the real traffic of the tests watch over.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MINUTE_CLICKS = 100_000
"""More clicks a minute than anybody's threshold."""


class Settings(BaseModel):
    """What can be set in one place."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RuleSettings(Settings):
    """What every rule has that gives a reason."""

    counts: bool = Field(
        default=True, description="Whether the reason weighs in the verdict, or is only recorded beside the click."
    )


class Aside(RuleSettings):
    """A reason that is too weak to weigh unless somebody wants it to."""

    counts: bool = Field(
        default=False,
        description="Whether the reason weighs in the verdict, or is only recorded beside the click.",
    )


class BotAgent(RuleSettings):
    """User agents that name a program, as the list of crawlers has them."""

    libraries: bool = Field(
        default=True,
        description="Also programming libraries and command line tools; http_library tells them apart.",
    )
    steered_browsers: bool = Field(
        default=True,
        description="Also browsers steered by a program; headless_browser tells them apart.",
    )


class IpVelocity(RuleSettings):
    """Clicks of one address, whoever the partner is; a private one is left out, as it is one's own proxy's."""

    per_minute: int = Field(
        60, ge=1, le=MINUTE_CLICKS, description="Clicks of one address in a minute that are still ordinary."
    )
    per_hour: int = Field(
        3_600,
        ge=1,
        le=60 * MINUTE_CLICKS,
        description="The same in an hour. High by default: thousands of phones share a carrier's address.",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.per_hour < self.per_minute:
            raise ValueError(
                f"per_hour ({self.per_hour}) is below per_minute ({self.per_minute}), so that an hour would take "
                "less than one of its minutes; raise per_hour or lower per_minute"
            )
        return self


class PrefixVelocity(RuleSettings):
    """Clicks of one network (/24 of IPv4, /48 of IPv6), whoever the partner is."""

    per_minute: int = Field(
        300,
        ge=2,
        le=MINUTE_CLICKS,
        description="Clicks of one network in a minute that are still ordinary. A /24 of a carrier stands for "
        "tens of thousands of phones.",
    )


class AgentVelocity(RuleSettings):
    """How much of a partner's traffic one single user agent makes up."""

    per_minute: int = Field(
        120,
        ge=10,
        le=MINUTE_CLICKS,
        description="Clicks with the same user agent in a minute before it is looked at.",
    )
    share: float = Field(
        0.9,
        ge=0.1,
        le=1.0,
        description="Part of the partner's clicks of the minute that the user agent has to make up. "
        "High by default: "
        "browsers have cut their user agents down, so that a third of all phones share one.",
    )


class FastClick(RuleSettings):
    """How soon after the banner was shown."""

    milliseconds: int = Field(
        800, ge=50, le=60_000, description="From impression to click; sooner than this no person reacts."
    )


class Outdated(RuleSettings):
    """How old a browser may be at the time of the click."""

    years: float = Field(
        6.0,
        ge=1.0,
        le=20.0,
        description="Age of the browser's version. Devices that get no updates any more stay in use "
        "for about five "
        "years.",
    )


class SubIdSpam(RuleSettings):
    """What a label may look like, and how many of them one device brings."""

    labels_per_hour: int = Field(
        20,
        ge=2,
        le=10_000,
        description="Different sub1 that the same address and browser bring to one partner in an "
        "hour. Not low: phones "
        "of one carrier share both.",
    )


class TimezoneMismatch(RuleSettings):
    """How far clock and address may lie apart."""

    hours: float = Field(
        3.0,
        ge=0.5,
        le=23.0,
        description="Between the zones of the device's clock and of its address at that moment.",
    )


class Burst(RuleSettings):
    """How much more than ever a partner may bring."""

    factor: float = Field(
        5.0, ge=1.5, le=1_000.0, description="Times the busiest minute of the past days that is still ordinary."
    )
    clicks: int = Field(120, ge=10, le=MINUTE_CLICKS, description="Clicks in the minute before it is looked at.")
    days: int = Field(
        3, ge=1, le=60, description="Days with clicks a partner needs before it is compared with them."
    )


class HourOfDay(Aside):
    """How unusual an hour may be for a partner."""

    factor: float = Field(
        8.0,
        ge=1.5,
        le=1_000.0,
        description="Times the clicks that are usual at that hour that are still ordinary.",
    )
    clicks: int = Field(
        200, ge=10, le=60 * MINUTE_CLICKS, description="Clicks in the hour before it is looked at."
    )
    days: int = Field(
        7, ge=1, le=60, description="Days with clicks a partner needs before it is compared with them."
    )


class Score(Settings):
    """What follows from a click's score, whatever it is made of; the action is set beside it."""

    threshold: int = Field(90, ge=1, le=100, description="fraud_score from which the action follows.")


class ModelOutlier(RuleSettings):
    """From which percentile of the training window the model makes a click suspect.

    Whatever the threshold is, that part of all traffic is suspect by construction, so it is where a stricter one
    begins to lose more fraud than it spares people (docs/fraud-model.md has the figures).
    """

    percentile: float = Field(
        99.75,
        ge=50,
        le=100,
        description="Percentile of the training window from which the click is suspect. 99.75: the last one in "
        "four hundred; 100: only what stands apart from all of them.",
    )
