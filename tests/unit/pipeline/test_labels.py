from decimal import Decimal

import pytest

from tests.support.clicks import NOON, row, rows
from tests.support.clicks import click as a_click


def test_what_the_edge_decided_and_received_is_copied():
    enriched = row(
        click_id="c" * 32,
        offer_id=11,
        partner_id=12,
        advertiser_id=13,
        link_id=14,
        trafficback_reason="offer_paused",
        destination="https://elsewhere.example/",
        method="HEAD",
        query=b"sub1=\xff%20x",
        referrer="https://blog.example/post",
        is_test=True,
        link_code="spring",
    )
    assert enriched["link_code"] == "spring"
    assert (enriched["click_id"], enriched["ts"].timestamp() * 1000) == ("c" * 32, NOON)
    assert [enriched[n] for n in ("offer_id", "partner_id", "advertiser_id", "link_id")] == [11, 12, 13, 14]
    assert enriched["trafficback_reason"] == "offer_paused"
    assert enriched["destination"] == "https://elsewhere.example/"
    assert (enriched["method"], enriched["query"]) == ("HEAD", "sub1=\ufffd%20x")
    assert enriched["referrer_url"] == "https://blog.example/post"
    assert (enriched["is_test"], enriched["edge"], enriched["model_version"]) == (True, "edge-0", "")


def test_labels_come_from_the_query_under_any_of_their_names():
    query = b"aff_sub=one&s2=two&sub10=ten&aff_param3=three&ref_id=theirs&creative=banner&promo_code=SAVE&google_aid=g-1"
    enriched = row(query=query + b"&landing_id=lp&idfa=i-1&utm_medium=cpc&utm_campaign=spring")
    expected = {
        "sub1": "one",
        "sub2": "two",
        "sub10": "ten",
        "ext3": "three",
        "partner_click_id": "theirs",
        "creative_id": "banner",
        "coupon": "SAVE",
        "gaid": "g-1",
        "idfa": "i-1",
        "landing_id": "lp",
        "utm_medium": "cpc",
        "utm_campaign": "spring",
        "sub3": "",
    }
    assert {name: enriched[name] for name in expected} == expected


def test_a_saved_link_s_labels_count_where_the_request_has_none():
    enriched = row(query=b"sub1=mine", preset="sub1=saved&sub2=saved")
    assert (enriched["sub1"], enriched["sub2"]) == ("mine", "saved")


def test_utm_source_names_the_source_when_nothing_else_does():
    assert (row(query=b"utm_source=news")["source"], row(query=b"utm_source=news")["utm_source"]) == (
        "news",
        "news",
    )
    assert row(query=b"utm_source=news&source=mail")["source"] == "mail"


def test_a_cut_label_is_named_in_cut():
    plain, cut = rows([a_click(1), a_click(2, query=b"sub4=" + b"x" * 600)])
    assert (plain["cut"], cut["cut"], len(cut["sub4"])) == ([], ["sub4"], 512)


@pytest.mark.parametrize(
    ("query", "cost", "currency"),
    [
        (b"cost=0.25", "0.25", "USD"),
        (b"cost=1.5&currency=EUR", "1.5", "EUR"),
        (b"cost=1&currency=%20inr", "1", "INR"),
        (b"cost=.5", "0.5", "USD"),
        (b"cost=3.", "3", "USD"),
        (b"cost=%2B2", "2", "USD"),
        (b"cost=999999999999.9999999", "999999999999.999999", "USD"),
        (b"cost=1000000000000", "0", ""),
        (b"cost=-1", "0", ""),
        (b"cost=1,5", "0", ""),
        (b"cost=1e3", "0", ""),
        (b"cost=NaN", "0", ""),
        (b"cost=Infinity", "0", ""),
        (b"cost=\xd9\xa3", "0", ""),
        (b"cost={bid}", "0", ""),
        (b"cost=1&currency=DOGE", "0", ""),
        (b"cost=", "0", ""),
        (b"currency=EUR", "0", ""),
        (b"", "0", ""),
    ],
)
def test_a_cost_is_a_plain_amount_in_a_known_currency_or_nothing(query, cost, currency):
    enriched = row(query=query)
    assert (enriched["cost"], enriched["cost_currency"]) == (Decimal(cost), currency)


def test_an_id_the_store_can_t_hold_becomes_none_and_spares_its_batch():
    first, second, third = rows(
        [a_click(1, offer_id=2**32), a_click(2, offer_id=-1), a_click(3, offer_id=2**32 - 1)]
    )
    assert [first["offer_id"], second["offer_id"], third["offer_id"]] == [0, 0, 2**32 - 1]


def test_what_routing_decided_is_in_the_columns():
    decided = row(
        requested_offer_id=4,
        trafficback_reason="geo",
        smart_link_id=6,
        landing_id="12",
        over_cap=True,
        source="js",
        page={"screen": "1920x1080"},
        query=b"landing_id=named",
    )
    names = (
        "requested_offer_id",
        "is_rerouted",
        "smart_link_id",
        "landing_id",
        "is_over_cap",
        "click_source",
        "screen",
    )
    assert [decided[name] for name in names] == [4, True, 6, "12", True, "js", "1920x1080"]
    plain = row(query=b"landing_id=named")
    assert [plain[name] for name in names] == [0, False, 0, "named", False, "redirect", ""]


def test_a_click_that_failed_without_an_alternative_is_not_rerouted():
    assert row(trafficback_reason="geo")["is_rerouted"] is False


def test_a_screen_that_is_none_is_left_out():
    assert [row(page={"screen": text})["screen"] for text in ("wide", "1x2x3", "9" * 9 + "x1", "")] == [""] * 4


def test_a_script_s_and_a_server_s_click_may_come_by_post():
    verdicts = [row(method="POST", source=source)["verdict"] for source in ("js", "server", "redirect")]
    assert verdicts == ["valid", "valid", "invalid"]
