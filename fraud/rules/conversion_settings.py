"""What can be set on each rule about conversions: name, default, bounds, and why."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from fraud.rules.settings import Aside, RuleSettings

_SECONDS = 86_400


class TooFast(RuleSettings):
    """How soon a conversion may follow its click.

    Installs claimed by injected clicks come within 3 to 10 seconds (AppsFlyer, *Mobile fraud glossary*, "Click to
    install time"); of honest installs 2 % come within 10. Paying takes longer than filling in a form.
    """

    seconds: int | None = Field(
        None, ge=1, le=_SECONDS, description="From click to conversion, whatever the goal; none: as below."
    )
    install_seconds: int = Field(5, ge=1, le=_SECONDS, description="From click to the first start of an app.")
    lead_seconds: int = Field(5, ge=1, le=_SECONDS, description="From click to a form that is filled in.")
    sale_seconds: int = Field(10, ge=1, le=_SECONDS, description="From click to payment.")
    action_seconds: int = Field(5, ge=1, le=_SECONDS, description="From click to anything else.")
    ordinary_from: int = Field(
        50,
        ge=10,
        le=1_000_000,
        description="Conversions of a goal from which on the rule is silent where a quarter of them are as fast.",
    )


class Flat(RuleSettings):
    """How late a partner's conversions may come: those over 24 hours after the click are late."""

    late_share: float = Field(
        0.3, ge=0.05, le=1.0, description="Part of the partner's conversions that may come late (0.3: 30 %)."
    )
    factor: float = Field(
        2.0, ge=1.0, le=100.0, description="Times the other partners' late share that is still ordinary."
    )
    flatness: float = Field(
        0.33,
        ge=0.0,
        le=1.0,
        description="Where the middle of the late ones lies between 24 hours and the latest: 0.53 when they come "
        "evenly, 0.23 when they fade away; from here on they count as flat.",
    )
    conversions: int = Field(
        30, ge=10, le=100_000, description="Conversions the partner needs before it is judged."
    )
    late: int = Field(10, ge=5, le=100_000, description="Late ones among them.")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.late > self.conversions:
            raise ValueError(
                f"late ({self.late}) is above conversions ({self.conversions}), of which they are a part; "
                "lower late"
            )
        return self


class ReplayedClick(RuleSettings):
    """How many conversions one click may bring."""

    conversions: int = Field(
        3, ge=1, le=10_000, description="Conversions of one click on one goal that are still ordinary."
    )
    sales: int = Field(10, ge=1, le=10_000, description="The same where the goal is a sale: people buy again.")
    ordinary_from: int = Field(
        50,
        ge=10,
        le=1_000_000,
        description="Converting clicks of a goal from which on what 95 % of them bring is ordinary, too.",
    )


class SameSecond(RuleSettings):
    """How many conversions may come at once."""

    conversions: int = Field(
        5, ge=2, le=100_000, description="Conversions of one partner in one second that are still ordinary."
    )
    factor: float = Field(
        3.0,
        ge=1.0,
        le=1_000.0,
        description="Times the offer's usual busiest second that is still ordinary: some advertisers report in "
        "batches.",
    )


class RateOutlier(RuleSettings):
    """How far a partner's conversion rate may stand out from the other partners' on the offer."""

    factor: float = Field(5.0, ge=1.2, le=1_000.0, description="Times the usual rate that is still ordinary.")
    below: float = Field(
        50.0,
        ge=1.2,
        le=100_000.0,
        description="Part of the usual rate that is still ordinary (50: a fiftieth). Flooded clicks hardly "
        "convert.",
    )
    clicks: int = Field(
        200, ge=10, le=10_000_000, description="Clicks of the partner before its rate is looked at."
    )
    conversions: int = Field(
        10,
        ge=2,
        le=1_000_000,
        description="Conversions of the partner, or expected of it, before it is looked at.",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.conversions > self.clicks:
            raise ValueError(
                f"conversions ({self.conversions}) is above clicks ({self.clicks}), and a click rarely brings "
                "more than one; lower conversions or raise clicks"
            )
        return self


class AmountOutlier(RuleSettings):
    """How far an amount may stand out.

    Amounts are compared by their logarithms, which makes baskets nearly normal; the scale is the median absolute
    deviation (Iglewicz & Hoaglin, *How to Detect and Handle Outliers*, 1993, who take 3.5 of them for normal
    values; baskets have longer tails).
    """

    factor: float = Field(
        10.0,
        ge=1.5,
        le=10_000.0,
        description="Times the offer's usual amount (its median) that is still ordinary.",
    )
    deviations: float = Field(
        6.0, ge=2.0, le=100.0, description="Deviations from the median that are still ordinary."
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


class DuplicateTransaction(RuleSettings):
    """Where a transaction id may occur once."""

    across_offers: bool = Field(
        default=False,
        description="Whether an id may occur once for all offers of the advertiser, or once on each of them.",
    )


class DuplicateCustomer(RuleSettings):
    """How often a customer may convert on a goal by different clicks within 60 days."""

    before: int = Field(
        0,
        ge=0,
        le=40,
        description="Clicks by which the customer may have converted before: none is a new customer.",
    )
    sales_before: int = Field(
        5, ge=0, le=40, description="The same where the goal is a sale: good customers come back."
    )


class CouponLeak(RuleSettings):
    """How a partner's coupon may be used."""

    factor: float = Field(
        5.0, ge=1.5, le=1_000.0, description="Times a coupon's usual sales of a day that are still ordinary."
    )
    sales: int = Field(20, ge=2, le=1_000_000, description="Sales of a coupon in a day before they are compared.")
    without_clicks: int = Field(
        50,
        ge=2,
        le=1_000_000,
        description="Sales of a coupon in 30 days that are still ordinary when its partner has no click on the "
        "offer at all. Raise it for partners who speak or print their coupons.",
    )
