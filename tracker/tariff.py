"""What an event is worth: an offer's prices for one partner, in one country.

The price of each side (what the partner gets, what the advertiser pays) is found on its own: a price made for
the partner comes before one made for the partner's tier, that before the goal's own; of it, the country's
price replaces the plain one, and a step that was reached replaces both. A price is a fixed part plus a share
of the sale's amount.

Models CPA, CPL, CPS, revshare and hybrid earn by conversion, CPC by click, CPM by a thousand impressions.
Invariants: money is Decimal in the offer's currency, rounded once (``tracker.rates``); a goal that the offer
doesn't know earns nothing; the same conversion is worth the same on an edge and in the pipeline, as far as the
edge knows who and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tracker.errors import AMOUNT_INVALID
from tracker.postbacks import MAX_AMOUNT
from tracker.rates import EXACT, NO_RATES, Rates, rounded, utc_day
from tracker.routes import GoalRoute, OfferRoute, PriceRoute

EVENT_MODELS = {"CPC": "click", "CPM": "impression"}
"""Models that earn by another event than a conversion, and which."""
CPM_UNITS = 1000
"""A CPM price is for so many impressions."""

NOTHING = PriceRoute()
END_OF_TIME = 9_999_999_999_999
"""Milliseconds since 1970; in the year 2286, which every store can still write."""
_MAX_GOAL_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What a conversion of one partner on one goal of an offer is worth, and how it begins."""

    currency: str
    default_status: str = "approved"
    hold_s: int = 0
    allow_override: bool = False
    """A postback may set payout and revenue."""
    model: str = ""
    """'' for a goal the offer doesn't know."""
    payout: PriceRoute = NOTHING
    revenue: PriceRoute = NOTHING
    country: str = ""
    number: int = 1
    """Which of the partner's conversions on this goal in the steps' period this one is, if it is a new one."""
    rates: Rates = NO_RATES

    @property
    def steps_period(self) -> str:
        """The period in which the partner's conversions are counted for its price; '' when it doesn't matter."""
        return next((p.steps_period for p in (self.payout, self.revenue) if p.steps_by == "conversions"), "")


@dataclass(frozen=True, slots=True)
class Earned:
    """Payout and revenue, in one currency."""

    payout: Decimal
    revenue: Decimal
    currency: str

    def storable(self) -> Earned:
        """Return the same, rounded as it is stored.

        Raises:
            ClickledgerError: ``amount_invalid`` when it is more than a store holds.

        """
        if max(self.payout, self.revenue) > MAX_AMOUNT:
            raise AMOUNT_INVALID.error(f"The amount earns more than {MAX_AMOUNT}, which can't be stored.")
        return Earned(rounded(self.payout), rounded(self.revenue), self.currency)


def goal_code(offer: OfferRoute, named: str) -> str:
    """Return the code of the goal a postback names by code or numeric id; what is unknown stays as it is."""
    if named in offer.goals or not (named.isascii() and named.isdigit()) or len(named) > _MAX_GOAL_DIGITS:
        return named
    number = int(named)
    return next((code for code, goal in offer.goals.items() if number and goal.id == number), named)


def terms_for(
    offer: OfferRoute,
    goal: str,
    rates: Rates = NO_RATES,
    *,
    partner_id: int = 0,
    tier_id: int = 0,
    country: str = "",
    number: int = 1,
) -> Terms:
    """Return the terms of a conversion; an edge, which knows neither partner nor country, leaves them out."""
    known = offer.goals.get(goal)
    if known is None:
        base = offer.goals[""]
        return Terms(
            offer.currency, base.default_status, base.hold_s, offer.allow_override, country=country, rates=rates
        )
    payout, revenue = prices(known, partner_id, tier_id)
    if known.tariff.model in EVENT_MODELS:
        payout = revenue = NOTHING
    return Terms(
        offer.currency,
        known.default_status,
        known.hold_s,
        offer.allow_override,
        known.tariff.model,
        payout,
        revenue,
        country,
        number,
        rates,
    )


def prices(goal: GoalRoute, partner_id: int, tier_id: int) -> tuple[PriceRoute, PriceRoute]:
    """Return what a partner gets and what the advertiser pays for it."""
    for_partner = [o for o in goal.overrides if partner_id and o.partner_id == partner_id]
    for_tier = [o for o in goal.overrides if tier_id and not o.partner_id and o.tier_id == tier_id]
    chosen = (*for_partner, *for_tier)
    return (
        _first((o.payout for o in chosen), goal.tariff.payout),
        _first((o.revenue for o in chosen), goal.tariff.revenue),
    )


def _first(given: Iterable[PriceRoute | None], otherwise: PriceRoute) -> PriceRoute:
    return next((price for price in given if price is not None), otherwise)


def earned(terms: Terms, amount: Decimal, currency: str, ts: int, number: int) -> Earned | None:
    """Return what a conversion earns, exactly; None when an amount's rate is missing and it can't be told without.

    Args:
        terms: Its prices.
        amount: Of the sale, in ``currency``.
        currency: ISO 4217 code.
        ts: When the amount was received, milliseconds since 1970: its UTC day gives the rate.
        number: Which of the partner's conversions in the period it is.

    """
    ours = terms.rates.convert(amount, currency, terms.currency, utc_day(ts))
    sides = (terms.payout, terms.revenue)
    if ours is None:
        if any(side.steps_by == "amount" for side in sides):
            return None
        parts = [price_parts(side, terms.country, number, Decimal(0)) for side in sides]
        if any(percent for _, percent in parts) and any(fixed for fixed, _ in parts):
            return None
        if any(percent for _, percent in parts):
            # A share alone can be paid in the currency of the sale.
            ours, target = amount, currency
        else:
            ours, target = Decimal(0), terms.currency
    else:
        parts = [price_parts(side, terms.country, number, ours) for side in sides]
        target = terms.currency
    payout, revenue = (
        EXACT.add(fixed, EXACT.divide(EXACT.multiply(ours, percent), Decimal(100))) for fixed, percent in parts
    )
    return Earned(payout, revenue, target)


def price_parts(price: PriceRoute, country: str, number: int, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Return a price's fixed part and percentage for a country, a number of conversions and an amount."""
    fixed, percent = price.countries.get(country, (price.fixed, price.percent))
    reached = {"conversions": Decimal(number), "amount": amount}.get(price.steps_by)
    if reached is not None:
        for start, step_fixed, step_percent in price.steps:
            if Decimal(start) > reached:
                break
            fixed, percent = step_fixed, step_percent
    return Decimal(fixed or "0"), Decimal(percent or "0")


def event_price(offer: OfferRoute, kind: str, partner_id: int, tier_id: int, country: str) -> Earned | None:
    """Return what a click (CPC) or an impression (CPM) earns by itself; None when another event earns."""
    base = offer.goals[""]
    if EVENT_MODELS.get(base.tariff.model) != kind:
        return None
    units = CPM_UNITS if kind == "impression" else 1
    payout, revenue = (
        rounded(EXACT.divide(price_parts(side, country, 0, Decimal(0))[0], Decimal(units)))
        for side in prices(base, partner_id, tier_id)
    )
    return Earned(payout, revenue, offer.currency)


def period_of(period: str, ts: int) -> tuple[int, int]:
    """Return the UTC period of steps that a moment lies in: its first millisecond and the first after it.

    A week begins on Monday; ``total`` is everything there ever was.
    """
    if period == "total":
        return 0, END_OF_TIME
    day = datetime.fromtimestamp(ts / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "month":
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    else:
        first = day - timedelta(days=day.weekday() if period == "week" else 0)
        after = first + timedelta(days=7 if period == "week" else 1)
    return int(first.timestamp()) * 1000, int(after.timestamp()) * 1000
