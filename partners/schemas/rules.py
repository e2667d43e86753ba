"""Rules of an offer that have parts of their own: who it is for, what it pays where, what duplicates become.

Invariants: each is stored as JSON of exactly this shape, without what is at its default, so ``{}`` is no rule;
reading it back with ``model_validate`` gives the same rule.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, PlainSerializer

from partners.conditions import (
    MAX_VALUES,
    Country,
    DeviceClass,
    HoursOfWeek,
    Language,
    Region,
    System,
    Timezone,
)
from partners.fields import MAX_SECONDS, MoneyAmount, Name, Percent, saying
from partners.schemas.request import Part

MAX_STEPS = 50
Value = TypeVar("Value")

StepsBy: TypeAlias = Literal["conversions", "amount"]
StepsPeriod: TypeAlias = Literal["day", "week", "month", "total"]
DuplicateAction: TypeAlias = Literal["mark", "trafficback"]
DuplicateBy: TypeAlias = Literal["visitor", "ip", "device_id", "partner_click_id"]

_AsText = PlainSerializer(lambda amount: format(amount, "f"), return_type=str)
Fixed: TypeAlias = Annotated[MoneyAmount, _AsText]
Share: TypeAlias = Annotated[Percent, _AsText]


def check_values(values: list[Value]) -> list[Value]:
    """Return the values, each once."""
    if len(values) > MAX_VALUES:
        raise ValueError(f"a list has at most {MAX_VALUES} values")
    return list(dict.fromkeys(values))


Values: TypeAlias = Annotated[list[Value], AfterValidator(saying(check_values))]


class Countries(Part):
    """Which countries, in upper case."""

    allow: Values[Country] = Field([], description="None: all.")
    deny: Values[Country] = Field([])


class Regions(Part):
    """Which regions, as US:California."""

    allow: Values[Region] = Field([], description="None: all.")
    deny: Values[Region] = Field([])


class Devices(Part):
    """Which classes of device."""

    allow: Values[DeviceClass] = Field([], description="None: all.")
    deny: Values[DeviceClass] = Field([])


class Systems(Part):
    """Which systems or browsers, with version ranges: Android>=12."""

    allow: Values[System] = Field([], description="None: all.")
    deny: Values[System] = Field([])


class Languages(Part):
    """Which languages: en, or en-GB."""

    allow: Values[Language] = Field([], description="None: all.")
    deny: Values[Language] = Field([])


class Connections(Part):
    """Which kinds of connection, named as in reports."""

    allow: Values[Name] = Field([], description="None: all.")
    deny: Values[Name] = Field([])


class Targeting(Part):
    """Who an offer is for; everything named must hold. Each but the hours is {"allow": […], "deny": […]}."""

    country: Countries = Countries()
    region: Regions = Regions()
    device: Devices = Devices()
    os: Systems = Systems()
    browser: Systems = Systems()
    language: Languages = Languages()
    connection: Connections = Connections()
    hours: HoursOfWeek = Field([], description="Hours of the week, 0 = Monday 00:00 to 167; none: always.")
    timezone: Timezone = Field("UTC", description="Of the hours.")


class Price(Part):
    """A fixed part and a share of the amount; what is left out is none."""

    fixed: Fixed = Field(Decimal(0), description="In the offer's currency.")
    percent: Share | None = Field(None, description="Share of the sale's amount.")


class Step(Price):
    """A price from a number on."""

    from_: Fixed = Field(alias="from", description="From this many conversions, or this amount, on.")


def check_steps(steps: list[Step]) -> list[Step]:
    """Return the steps, ascending."""
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a price has at most {MAX_STEPS} steps")
    if len({step.from_ for step in steps}) != len(steps):
        raise ValueError("two steps begin at the same number")
    return sorted(steps, key=lambda step: step.from_)


class PriceRules(Part):
    """Prices that replace the plain one: by country, and by steps."""

    countries: dict[Country, Price] = Field(
        {}, description='Prices that hold in a country: {"US": {"fixed": "1.50", "percent": "5"}}.'
    )
    steps_by: StepsBy = Field(
        "conversions",
        description="What steps count: the partner's conversions on the goal, or this sale's amount.",
    )
    steps_period: StepsPeriod = Field("month", description="In which conversions are counted (UTC).")
    steps: Annotated[list[Step], AfterValidator(saying(check_steps))] = Field([])


class DuplicatePolicy(Part):
    """What becomes of a visitor's further clicks on an offer."""

    action: DuplicateAction = Field(description="mark: redirected and not counted; trafficback: sent elsewhere.")
    by: DuplicateBy = Field(description="What makes two clicks of one visitor; visitor: address and user agent.")
    window_s: int = Field(ge=1, le=MAX_SECONDS, strict=True, description="Seconds after the first click.")
    each_partner: bool = Field(default=False, description="A click through another partner is no duplicate.")
