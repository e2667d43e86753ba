from decimal import Decimal

import pytest

from tests.support.clicks import GOOGLEBOT, click, open_tools, rows
from tests.support.offers import goal, offer
from tracker.routes import OverrideRoute, PartnerRoute, PriceRoute, TariffRoute
from tracker.snapshot import Snapshot

PER_CLICK, PER_VIEW, PER_SALE = 7, 8, 9
TIER = OverrideRoute(tier_id=4, payout=PriceRoute("0.50"))


def paying(number, model, payout, revenue):
    prices = PriceRoute(payout, countries={"DE": ("0.75", "")}), PriceRoute(revenue)
    return offer(
        id=number, currency="EUR", goals={"": goal(tariff=TariffRoute(model, *prices), overrides=(TIER,))}
    )


PROGRAM = Snapshot(
    1,
    {
        PER_CLICK: paying(PER_CLICK, "CPC", "0.10", "0.20"),
        PER_VIEW: paying(PER_VIEW, "CPM", "1.5", "2"),
        PER_SALE: offer(id=PER_SALE),
    },
    {5: PartnerRoute(5, "gold", "approved", tier_id=4)},
)


def earned(*clicks):
    found = rows(clicks, open_tools(program=PROGRAM))
    return [(row["payout"], row["revenue"], row["currency"]) for row in found]


NOTHING = (Decimal(0), Decimal(0), "")
PAID = (Decimal("0.10"), Decimal("0.20"), "EUR")


def test_a_valid_click_earns_its_price_by_country_and_tier():
    german = "84.128.0.1"
    assert earned(click(1), click(2, ip=german), click(3, partner_id=5, ip="8.8.4.4")) == [
        PAID,
        (Decimal("0.75"), Decimal("0.20"), "EUR"),
        (Decimal("0.50"), Decimal("0.20"), "EUR"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"user_agent": GOOGLEBOT},
        {"method": "HEAD"},
        {"headers": {"sec-purpose": "prefetch"}},
        {"is_test": True},
        {"trafficback_reason": "offer_paused"},
        {"duplicate": True},
        {"offer_id": PER_SALE},
        {"offer_id": PER_VIEW},
        {"offer_id": 99},
        {"offer_id": 2**63},
    ],
)
def test_what_is_no_counted_click_on_an_offer_that_pays_by_click_earns_nothing(changes):
    assert earned(click(1, **changes)) == [NOTHING]


def test_a_second_click_earns_nothing_and_a_rerouted_one_does():
    rerouted = click(3, ip="8.8.4.4", trafficback_reason="cap_click", requested_offer_id=1)
    assert earned(click(1), click(2), rerouted) == [PAID, NOTHING, PAID]


def test_every_impression_earns_a_thousandth_seen_again_or_not():
    seen = [click(number, offer_id=PER_VIEW, kind="impression") for number in (1, 2)]
    assert earned(*seen) == [(Decimal("0.0015"), Decimal("0.002"), "EUR")] * 2
    assert earned(click(3, kind="impression")) == [NOTHING]
