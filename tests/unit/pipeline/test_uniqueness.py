from tests.support.clicks import GOOGLEBOT, NOON, PHONE, click, open_tools, rows
from tracker.pipeline.steps import MemoryUniqueWindow

HOUR = 3_600_000


def quality(*clicks, tools=None):
    return [(row["is_unique"], row["verdict"]) for row in rows(clicks, tools)]


def test_a_visitor_s_second_click_on_an_offer_is_a_duplicate():
    first, second = rows([click(1), click(2, ts=NOON + 1000)])
    assert (first["is_unique"], first["verdict"], first["fraud_reasons"]) == (True, "valid", [])
    assert (second["is_unique"], second["verdict"]) == (False, "duplicate")
    assert (second["fraud_reasons"], second["fraud_category"]) == (["duplicate_click"], "SIVT")


def test_another_offer_address_or_browser_is_another_visit():
    others = [click(2, offer_id=8), click(3, ip="8.8.4.4"), click(4, user_agent=PHONE)]
    assert quality(click(1), *others) == [(True, "valid")] * 4


def test_the_window_ends_after_its_hours():
    clicks = [click(1), click(2, ts=NOON + 24 * HOUR - 1), click(3, ts=NOON + 24 * HOUR)]
    assert quality(*clicks) == [(True, "valid"), (False, "duplicate"), (True, "valid")]


def test_what_is_invalid_anyway_opens_no_window_and_is_not_unique():
    prefetch = click(1, headers={"sec-purpose": "prefetch;prerender"})
    assert quality(prefetch, click(2), click(3, method="HEAD"), click(4)) == [
        (False, "invalid"),
        (True, "valid"),
        (False, "invalid"),
        (False, "duplicate"),
    ]
    assert rows([click(5, user_agent=GOOGLEBOT)])[0]["fraud_reasons"] == ["bot_user_agent"]


def test_a_click_that_did_not_reach_its_offer_leaves_the_next_one_unique():
    away = click(1, trafficback_reason="offer_paused")
    assert quality(away, click(2), click(3, trafficback_reason="offer_paused")) == [
        (True, "valid"),
        (True, "valid"),
        (False, "duplicate"),
    ]


def test_a_self_test_is_unique_every_time_and_leaves_no_trace():
    assert quality(click(1, is_test=True), click(2, is_test=True), click(3)) == [(True, "valid")] * 3


def test_a_replayed_batch_gets_the_same_answers():
    tools = open_tools(MemoryUniqueWindow(24))
    clicks = [click(1), click(2, ts=NOON + 1), click(3, ts=NOON + 30 * HOUR), click(4, ts=NOON + 31 * HOUR)]
    assert quality(*clicks, tools=tools) == quality(*clicks, tools=tools)


def test_a_private_address_repeats_like_any_other():
    assert quality(click(1, ip="127.0.0.1"), click(2, ip="127.0.0.1")) == [(True, "valid"), (False, "duplicate")]


def test_what_the_offers_policy_calls_a_duplicate_is_one_though_the_window_saw_nothing():
    assert quality(click(1, duplicate=True)) == [(False, "duplicate")]
    assert rows([click(1), click(2, duplicate=True)])[1]["fraud_reasons"] == ["duplicate_click"]
    assert rows([click(3, user_agent=GOOGLEBOT, duplicate=True)])[0]["verdict"] == "invalid"


def test_an_impression_seen_again_is_not_unique_and_no_duplicate_and_takes_no_click_its_place():
    seen = [click(number, kind="impression") for number in (1, 2)]
    assert quality(*seen, click(3, ts=NOON + 5_000)) == [(True, "valid"), (False, "valid"), (True, "valid")]


def test_a_rerouted_click_is_a_visit_to_the_offer_it_came_to():
    rerouted = click(1, trafficback_reason="cap_click", requested_offer_id=9)
    assert quality(rerouted, click(2)) == [(True, "valid"), (False, "duplicate")]
