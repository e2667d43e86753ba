"""Makes the partners, offers and coupons of a simulation, through the admin API.

Invariants: everything is called "simulated …", so that people see what it is and can remove it; asking twice makes
nothing twice. The names say what each partner does, but rules and model see ids alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from clickledger.replay.program import DESTINATION, ENSURE_PATH, PROGRAM_PATH
from fraud.simulation import Plan
from kernel.errors import ClickledgerError

PREFIX: Final = "simulated "
ADVERTISER: Final = f"{PREFIX}shop"
COUPONS_PATH: Final = "/api/v1/coupons"
RUN_BYTES: Final = 4
CURRENCY: Final = "EUR"


class AdminApi(Protocol):
    """What a simulation needs of the service."""

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """Return the JSON answer of a GET."""

    def post(self, path: str, json: Any) -> Any:
        """Return the JSON answer of a POST."""


@dataclass(frozen=True, slots=True)
class Program:
    """The ids of a simulation."""

    advertiser_id: int
    partners: dict[str, int]
    """By the plan's names, without the prefix; the same for ``offers``."""
    offers: dict[str, int]
    version: int
    """The snapshot that knows them all."""
    run: str
    """Begins the transaction and customer ids of this run, so that another with the same seed repeats none."""
    advertisers: Mapping[str, int] = field(default_factory=dict)
    """Of offers that are another advertiser's."""
    currency: str = CURRENCY
    """Of the amounts of its conversions."""
    links: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By partner and offer: the saved link over which all of these clicks came."""

    def advertiser(self, offer: str) -> int:
        """Return the id of an offer's advertiser."""
        return self.advertisers.get(offer, self.advertiser_id)


def ensure(service: AdminApi, plan: Plan) -> Program:
    """Make or find what a plan needs.

    Raises:
        ClickledgerError: the service refused or can't be reached.

    """
    made = service.post(
        ENSURE_PATH,
        {
            "advertisers": [{"name": ADVERTISER}],
            "partners": [{"name": PREFIX + name} for name in plan.partners],
            "offers": [
                {
                    "name": PREFIX + name,
                    "advertiser": ADVERTISER,
                    "destination": DESTINATION,
                    "payout_percent": "8",
                    "revenue_percent": "10",
                    "currency": CURRENCY,
                }
                for name in plan.offers
            ],
        },
    )
    partners = {name: made["partners"][PREFIX + name] for name in plan.partners}
    offers = {name: made["offers"][PREFIX + name] for name in plan.offers}
    for code, partner, offer in plan.coupons:
        _ensure_coupon(service, code, offers[offer], partners[partner])
    # Asked last, so it is not older than what was just made.
    version = service.get(PROGRAM_PATH)["version"]
    return Program(made["advertisers"][ADVERTISER], partners, offers, version, secrets.token_hex(RUN_BYTES))


def _ensure_coupon(service: AdminApi, code: str, offer_id: int, partner_id: int) -> None:
    try:
        service.post(COUPONS_PATH, {"code": code, "offer_id": offer_id, "partner_id": partner_id})
    except ClickledgerError as why:
        # Made by an earlier simulation.
        if why.kind.code != "conflict":
            raise
