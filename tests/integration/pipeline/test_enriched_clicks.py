"""Enriched rows in the real event store."""

from decimal import Decimal

import pytest

from tests.support.clicks import GOOGLEBOT, NOON, PHONE, click, open_tools
from tracker.pipeline.steps import enrich

PARTNER = 770_001
"""Nobody else's in the shared store."""


@pytest.fixture(scope="module")
def stored(event_store):
    """Three clicks, stored and read back as dictionaries."""
    query = b"sub1=%C3%A9t%C3%A9&cost=0.125&currency=EUR&utm_campaign=spring&sub2=" + b"y" * 600
    clicks = [
        click(1, partner_id=PARTNER, query=query, accept_language="de-DE,de", referrer="https://blog.example/a"),
        click(2, partner_id=PARTNER, ts=NOON + 5),
        click(
            3,
            partner_id=PARTNER,
            user_agent=GOOGLEBOT,
            method="HEAD",
            ip="2001:4860:4860::8888",
            query=b"\xff\x00",
        ),
    ]
    event_store.insert_arrow("clicks", enrich(clicks, "edge-7", open_tools()))
    answer = event_store.query(
        "SELECT * FROM clicks WHERE partner_id = {partner:UInt32} ORDER BY click_id",
        parameters={"partner": PARTNER},
    )
    return list(answer.named_results())


def test_every_click_is_one_row_with_its_verdict(stored):
    assert [row["verdict"] for row in stored] == ["valid", "duplicate", "invalid"]
    assert [row["fraud_reasons"] for row in stored] == [
        ["geo_language_mismatch"],
        ["duplicate_click"],
        ["bot_user_agent", "non_get_method"],
    ]
    abroad = "language=de-DE country=US"
    assert [row["fraud_facts"] for row in stored] == [
        [abroad],
        [],
        ["name=Googlebot", "method=HEAD"],
    ]
    assert [row["is_unique"] for row in stored] == [True, False, False]
    assert [row["fraud_score"] for row in stored] == [0, 15, 99]


def test_values_come_back_as_they_were_enriched(stored):
    first, _, bot = stored
    assert (first["sub1"], first["cost"], first["cost_currency"]) == ("été", Decimal("0.125000"), "EUR")
    assert (first["cut"], len(first["sub2"])) == (["sub2"], 512)
    assert (first["language"], first["referrer_host"], first["utm_campaign"]) == (
        "de-DE",
        "blog.example",
        "spring",
    )
    assert (first["country"], first["device_type"], first["browser"], first["edge"]) == (
        "US",
        "desktop",
        "Chrome",
        "edge-7",
    )
    assert round(first["ts"].timestamp() * 1000) == NOON
    assert (bot["bot_family"], bot["ip_prefix"], bot["query"]) == (
        "Googlebot",
        "2001:4860:4860::/48",
        "\ufffd\x00",
    )


def test_thirty_and_more_columns_of_a_phone_s_click_are_filled():
    query = "&".join(
        f"{name}=x" for name in ("sub1", "sub2", "source", "creative_id", "landing_id", "coupon", "ref_id")
    )
    query += "&utm_medium=m&utm_campaign=c&utm_term=t&utm_content=n&utm_source=s&cost=1"
    phone = click(
        partner_id=PARTNER,
        link_id=5,
        query=query.encode(),
        user_agent=PHONE,
        headers={"sec-ch-ua-model": '"Pixel 7"'},
        accept_language="en-GB",
        referrer="https://t.example/1",
    )
    (row,) = enrich([phone], "edge-0", open_tools()).to_pylist()
    assert sum(bool(value) for value in row.values()) >= 40
