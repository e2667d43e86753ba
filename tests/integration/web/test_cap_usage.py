"""How full caps are, by the counts that edges read."""

from __future__ import annotations

import time

import pytest
from redis.exceptions import ConnectionError as RedisAway

from tracker import caps
from tracker.routes import CapRoute

PATH = "/api/v1/cap-usage"


class Counting:
    """Counts by key, as Redis would have them."""

    def __init__(self):
        self.counts, self.is_away = {}, False

    async def mget(self, keys):
        if self.is_away:
            raise RedisAway("away")
        return [self.counts.get(key) for key in keys]

    async def aclose(self):
        pass


@pytest.fixture
def counting(web):
    before = web.app.state.counting
    web.app.state.counting = Counting()
    yield web.app.state.counting
    web.app.state.counting = before


@pytest.fixture
def capped(web, counting):
    """An offer with a shared cap on clicks, one of conversions for each partner, and one of money for one."""
    advertiser = web.advertiser()
    offer = web.admin.made(
        "POST",
        "/api/v1/offers",
        {
            "name": f"Capped {web.number()}",
            "advertiser_id": advertiser,
            "destination": "https://shop.example/",
        },
    )["id"]
    one, other = web.partner(), web.partner()
    made = {}
    for name, body in {
        "shared": {"kind": "click", "period": "day", "amount": "100"},
        "each": {"kind": "conversion", "period": "month", "amount": "10", "each_partner": True},
        "money": {"kind": "payout", "period": "total", "amount": "50.00", "partner_id": one},
    }.items():
        made[name] = web.admin.made("POST", "/api/v1/caps", {"offer_id": offer, **body})["id"]

    def count(name, value, partner=0, **cap):
        route = CapRoute(made[name], **cap)
        counting.counts[caps.key(route, partner, time.time_ns() // 1_000_000)] = value

    count("shared", b"85", kind="click", period="day", amount="100")
    count("each", b"9", other, kind="conversion", period="month", amount="10", each_partner=True)
    count("money", b"12.5", kind="payout", period="total", amount="50", partner_id=one)
    return advertiser, offer, one, other, made


def usage(asker, **query):
    items = asker.made("GET", PATH, params={"limit": 1000, **query})["items"]
    return [(one["cap_id"], one["partner_id"], one["used"], one["share"]) for one in items]


def test_the_fullest_caps_come_first_each_with_its_count(web, capped):
    _, offer, one, other, made = capped
    full = usage(web.admin, offer_id=offer, least_share=0.2)
    assert full == [
        (made["each"], other, "9", 0.9), (made["shared"], None, "85", 0.85), (made["money"], one, "12.5", 0.25),
    ]  # fmt: skip
    assert usage(web.admin, offer_id=offer, least_share=0.86) == full[:1]
    shown = web.admin.made("GET", PATH, params={"offer_id": offer, "least_share": 0.8})["items"]
    assert [(item["kind"], item["period"], item["amount"]) for item in shown] == [
        ("conversion", "month", "10.00"),
        ("click", "day", "100.00"),
    ]
    assert shown[0]["ends_at"] > shown[1]["ends_at"]


def test_a_partner_sees_its_own_counts_and_an_advertiser_no_partner_s(web, capped):
    advertiser, offer, one, other, made = capped
    assert usage(web.holding(web.key(role="partner", partner_id=one)), offer_id=offer) == [
        (made["money"], one, "12.5", 0.25),
        (made["each"], one, "0", 0.0),
    ]
    assert usage(web.holding(web.key(role="partner", partner_id=other)), offer_id=offer) == [
        (made["each"], other, "9", 0.9)
    ]
    assert usage(web.holding(web.key(role="advertiser", advertiser_id=advertiser)), offer_id=offer) == [
        (made["shared"], None, "85", 0.85)
    ]


def test_counts_are_unknown_while_redis_is_away(web, capped, counting):
    _, offer, one, _, made = capped
    counting.is_away = True
    known = usage(web.holding(web.key(role="partner", partner_id=one)), offer_id=offer)
    assert sorted(known) == sorted([(made["each"], one, None, None), (made["money"], one, None, None)])
    assert usage(web.admin, offer_id=offer, least_share=0.5) == []
