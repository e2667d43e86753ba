"""What can be set on each rule about conversions: name, default, bounds, and why."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from fraud.rules.settings import Aside, RuleSettings


class TooFast(RuleSettings):
    """How soon a conversion may follow its click."""

    seconds: int = Field(
        10,
        ge=1,
        le=86_400,
        description="From click to conversion; sooner than this nobody has bought or installed anything.",
    )


class Flat(RuleSettings):
    """How late a partner's conversions may come."""

    late_share: float = Field(
        0.3, ge=0.05, le=1.0, description="Part of the partner's conversions that may come late (0.3: 30 %)."
    )
    late_hours: int = Field(24, ge=1, le=720, description="Hours after the click from which a conversion is late.")
    conversions: int = Field(
        30, ge=10, le=100_000, description="Conversions the partner needs before it is judged."
    )


class ReplayedClick(RuleSettings):
    """How many conversions one click may bring."""

    conversions: int = Field(
        3, ge=1, le=10_000, description="Conversions of one click on one goal that are still ordinary."
    )


class SameSecond(RuleSettings):
    """How many conversions may come at once."""

    conversions: int = Field(
        5, ge=2, le=100_000, description="Conversions of one partner in one second that are still ordinary."
    )


class RateOutlier(RuleSettings):
    """How far a partner's conversion rate may stand out."""

    factor: float = Field(5.0, ge=1.2, le=1_000.0, description="Times the usual rate that is still ordinary.")
    clicks: int = Field(
        200, ge=10, le=10_000_000, description="Clicks of the partner before its rate is looked at."
    )
    conversions: int = Field(
        10, ge=2, le=1_000_000, description="Conversions of the partner before it is looked at."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.conversions > self.clicks:
            raise ValueError(
                f"conversions ({self.conversions}) is above clicks ({self.clicks}), and a click rarely brings more "
                "than one; lower conversions or raise clicks"
            )
        return self


class AmountOutlier(RuleSettings):
    """How far an amount may stand out."""

    factor: float = Field(
        10.0,
        ge=1.5,
        le=10_000.0,
        description="Times the offer's usual amount (its median) that is still ordinary.",
    )
    conversions: int = Field(30, ge=5, le=1_000_000, description="Sales of the offer before amounts are compared.")


class AddressMismatch(Aside):
    """Click and conversion from different networks; weak, because phones change theirs."""

    minutes: int = Field(
        30, ge=1, le=100_000, description="Minutes after the click in which the network should be the same."
    )


class CountryMismatch(RuleSettings):
    """Click and conversion from different countries."""

    hours: int = Field(
        24, ge=1, le=8_760, description="Hours after the click in which nobody changes the country."
    )
