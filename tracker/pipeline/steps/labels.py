"""What the edge decided and what the link carried: ids, labels, cost.

Invariants: no query raises; an id outside the store's 32 bits becomes 0 instead of failing its batch; a
cost that isn't a plain amount in a known currency is 0 in no currency, because it can't be added up (the
query is stored as it came, so nothing is lost).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

import pycountry

from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, look_up

ReadParameters: TypeAlias = Callable[[bytes, str], tuple[dict[str, str], tuple[str, ...]]]
"""``tracker.links.read_parameters``: query and preset -> canonical values, and the names that were cut."""

_LABELS = (
    *("landing_id", "creative_id", "coupon", "source", "partner_click_id", "idfa", "gaid"),
    *(f"sub{n}" for n in range(1, 11)),
    *(f"ext{n}" for n in range(1, 6)),
    *(f"utm_{n}" for n in ("source", "medium", "campaign", "term", "content")),
)
"""Columns that are parameters under the same name."""

_IDS = ("partner_id", "advertiser_id", "offer_id", "link_id")
_RARE_IDS = ("requested_offer_id", "smart_link_id")
_SCREEN = re.compile(r"\d{1,5}x\d{1,5}", re.ASCII)
_MAX_ID = 2**32 - 1

_AMOUNT = re.compile(r"^\+?(\d{1,12}(\.\d*)?|\.\d+)$", re.ASCII)
"""At most twelve digits before the point: what Decimal(18, 6) holds."""
_DECIMALS = 6
_COSTS_KEPT = 4096
"""Distinct cost texts remembered; bids repeat."""

NO_COST = (Decimal(0), "")


def fill_decisions(batch: ClickBatch) -> None:
    """Copy what the edge decided and received."""
    clicks = batch.clicks
    batch.columns.update(
        click_id=[click.click_id for click in clicks],
        ts=[click.ts for click in clicks],
        **{name: _ids([getattr(click, name) for click in clicks]) for name in _IDS},
        trafficback_reason=[click.trafficback_reason for click in clicks],
        destination=[click.destination for click in clicks],
        method=[click.method for click in clicks],
        link_code=[click.link_code for click in clicks],
        query=[click.query.decode("utf-8", "replace") for click in clicks],
        ip=[click.ip for click in clicks],
        user_agent=[click.user_agent for click in clicks],
        referrer_url=[click.referrer for click in clicks],
        is_test=[click.is_test for click in clicks],
    )
    for name in _RARE_IDS:
        if any(getattr(click, name) for click in clicks):
            batch.columns[name] = _ids([getattr(click, name) for click in clicks])
    batch.columns["is_rerouted"] = [is_rerouted(click) for click in clicks]
    batch.columns["is_over_cap"] = [click.over_cap for click in clicks]
    sources = [click.source for click in clicks]
    batch.spread(("click_source",), look_up(sources, lambda source: (source,)))
    if any(click.page for click in clicks):
        batch.columns["screen"] = [_screen(click) for click in clicks]
    batch.repeat("edge", batch.edge)


def is_rerouted(click: Click) -> bool:
    """Return whether a click went to an alternative offer, because its own did not take it."""
    return click.requested_offer_id != 0 and click.trafficback_reason != ""


def _screen(click: Click) -> str:
    screen = click.page.get("screen", "")
    return screen if _SCREEN.fullmatch(screen) else ""


def fill_labels(batch: ClickBatch, read_parameters: ReadParameters) -> None:
    """Read the links' parameters into labels."""
    parameters: list[dict[str, str]] = []
    cuts: dict[int, tuple[str, ...]] = {}
    for row, click in enumerate(batch.clicks):
        values, cut = read_parameters(click.query, click.preset)
        parameters.append(values)
        if cut:
            cuts[row] = cut
    given: set[str] = set().union(*parameters)
    for name in _LABELS:
        if name in given:
            batch.columns[name] = [values.get(name, "") for values in parameters]
    if any(click.landing_id for click in batch.clicks):
        # What was shown counts before what the link named.
        named = [values.get("landing_id", "") for values in parameters]
        batch.columns["landing_id"] = [c.landing_id or n for c, n in zip(batch.clicks, named, strict=True)]
    if cuts:
        batch.columns["cut"] = [cuts.get(row, ()) for row in range(batch.length)]
    batch.parameters = parameters


def fill_cost(batch: ClickBatch, default_currency: str) -> None:
    """Read what the clicks cost the partner."""
    given = [(values.get("cost", ""), values.get("currency", "")) for values in batch.parameters]
    batch.spread(("cost", "cost_currency"), look_up(given, lambda cost: read_cost(*cost, default_currency)))


@lru_cache(maxsize=_COSTS_KEPT)
def read_cost(cost: str, currency: str, default_currency: str) -> tuple[Decimal, str]:
    """Read an amount and its currency; ``NO_COST`` when either makes no sense."""
    cost, currency = cost.strip(), currency.strip().upper() or default_currency
    if _AMOUNT.match(cost) is None or currency not in _currencies():
        return NO_COST
    whole, _, fraction = cost.partition(".")
    # Digits beyond the sixth are dropped as text: rounding could carry into a thirteenth whole digit.
    return Decimal(f"{whole or '0'}.{fraction[:_DECIMALS] or '0'}"), currency


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    """Return the codes of ISO 4217."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


def _ids(values: list[Any]) -> list[Any]:
    if values and min(values) >= 0 and max(values) <= _MAX_ID:
        return values
    return [value if 0 <= value <= _MAX_ID else 0 for value in values]
