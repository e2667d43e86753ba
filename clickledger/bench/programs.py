"""The made-up programs that servers are measured with, as routing snapshots."""

from __future__ import annotations

from clickledger.bench.traffic import OFFERS, PARTNERS
from tracker.routes import (
    AdvertiserRoute,
    CapRoute,
    DuplicateRoute,
    GoalRoute,
    OfferRoute,
    PartnerRoute,
    PriceRoute,
    TargetingRoute,
    TariffRoute,
)
from tracker.snapshot import Snapshot

DESTINATION = "https://shop.example/landing/{n}?cid={{click_id}}&partner={{partner_id}}&label={{sub1}}"
"""The click id and a label go to the shop."""

NEVER_REACHED = "1000000000"
"""A cap of this many clicks is counted and never met."""

UNVISITED = ("KP", "TV", "NR", "PN", "SJ", "TK", "HM", "IO", "BV", "GS")
"""Countries that no made-up address lies in."""


def program(offers: int = OFFERS, partners: int = PARTNERS, *, rules: bool = False, version: int = 1) -> Snapshot:
    """Return a program of so many offers and partners.

    Args:
        offers: Offers, with ids from 1 on.
        partners: Partners, the same.
        rules: Every offer has a targeting, a cap on its clicks and a policy on duplicates.
        version: The snapshot's.

    """
    return Snapshot(
        version=version,
        offers={n: offer(n, rules=rules) for n in range(1, offers + 1)},
        partners={n: PartnerRoute(n, f"partner {n}", "approved") for n in range(1, partners + 1)},
        advertisers={1: AdvertiserRoute(1, "shop", "")},
        currencies=frozenset({"USD"}),
    )


def offer(n: int, *, rules: bool = False) -> OfferRoute:
    """Return one offer; its rules let through all that the made-up traffic brings, after looking at all of it."""
    tariff = TariffRoute(payout=PriceRoute("1.00"), revenue=PriceRoute("2.00"))
    plain = OfferRoute(
        id=n,
        name=f"offer {n}",
        advertiser_id=1,
        status="active",
        destination=DESTINATION.format(n=n),
        currency="USD",
        goals={"": GoalRoute(0, "", "Base", tariff)},
    )
    if not rules:
        return plain
    return OfferRoute(
        id=plain.id,
        name=plain.name,
        advertiser_id=plain.advertiser_id,
        status=plain.status,
        destination=plain.destination,
        currency=plain.currency,
        goals=plain.goals,
        targeting=TargetingRoute(
            country=((), ("AQ", UNVISITED[n % len(UNVISITED)])),
            device=(("mobile", "tablet", "desktop"), ()),
            os=((), ("Android<5",)),
        ),
        caps=(CapRoute(n, "click", "day", NEVER_REACHED),),
        duplicates=DuplicateRoute("mark", "visitor", 60),
    )
