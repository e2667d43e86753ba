"""The whole road of one click: what was decided and thought, what came of it, and who may know which part."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest
from starlette.testclient import TestClient

from kernel.auth import ROLE_SCOPES, Principal
from reports.logs import road_sql
from reports.logs.places import clicked_at
from tests.integration.reports.conftest import Store, at
from tests.integration.reports.logs.test_logs import OneKey, someone
from tests.unit.reports.asking import Directory
from tracker.click_id import parse_keys

KEYS = parse_keys("1:" + "cd" * 32)
P, OTHER, ADVERTISER = 931_000_001, 931_000_002, 931_000_101
NAMES = Directory(
    {
        "partner": {P: "Channel Nine"},
        "advertiser": {ADVERTISER: "Shop"},
        "offer": {10: "Shoes", 11: "Boots"},
        "link": {},
        "smart_link": {},
    }
)
CLICKED = at("2026-11-02T12:00:00.123")
CLICK, BANNER, LONELY = (KEYS.mint(CLICKED, 10) for _ in range(3))
SOLD, LED = "road-sale", "road-lead"


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    whose = {"partner_id": P, "advertiser_id": ADVERTISER, "offer_id": 10}
    click = {
        **whose,
        "click_id": CLICK,
        "ts": CLICKED,
        "country": "DE",
        "os": "Android",
        "sub1": "a label",
        "trafficback_reason": "offer_paused",
        "is_rerouted": True,
        "requested_offer_id": 11,
        "destination": "https://shop.example/?c=1",
        "verdict": "suspect",
        "fraud_reasons": ["anonymous_proxy"],
        "fraud_category": "SIVT",
        "fraud_score": 45,
        "payout": Decimal("0.25"),
        "revenue": Decimal("0.5"),
        "currency": "USD",
    }
    # Others of the same millisecond, so that the id and not the time alone finds it.
    near = [{**click, "click_id": KEYS.mint(CLICKED, 10), "sub1": "another"} for _ in range(5)]
    store.put("clicks", [*near, click, {**whose, "click_id": LONELY, "ts": CLICKED, "verdict": "valid"}])
    seen = {**whose, "click_id": BANNER, "ts": CLICKED, "verdict": "valid"}
    store.put("impressions", [seen])
    of_click = {
        **whose,
        "click_id": CLICK,
        "click_ts": CLICKED,
        "currency": "USD",
        "conversion_source": "postback",
    }
    sale = {
        **of_click,
        "conversion_id": SOLD,
        "ts": at("2026-11-02T13:00:00"),
        "goal": "sale",
        "payout": Decimal(2),
    }
    sale["revenue"] = Decimal(3)
    lead = {
        **of_click,
        "conversion_id": LED,
        "ts": at("2026-11-02T12:30:00"),
        "goal": "lead",
        "payout": Decimal(1),
    }
    states = [
        {**sale, "change_seq": 20, "changed_at": sale["ts"], "status": "pending"},
        {
            **sale,
            "change_seq": 30,
            "changed_at": at("2026-12-05T09:00:00"),
            "status": "approved",
            "conversion_source": "api",
            "actor": "user:3",
        },
        {
            **lead,
            "change_seq": 10,
            "changed_at": lead["ts"],
            "status": "hold",
            "reject_reason": "hold_period",
            "hold_until": at("2026-11-09T12:30:00"),
        },
    ]
    for one in states:
        store.put("conversions", [one])
    store.put("conversion_changes", [*states, states[0]])
    attempt = {
        **whose,
        "ts": at("2026-11-02T13:00:01"),
        "conversion_id": SOLD,
        "change_seq": 20,
        "hook_kind": "postback",
        "outcome": "delivered",
        "response_status": 200,
        "attempt": 1,
    }
    store.put(
        "outbound_attempts",
        [
            {**attempt, "message_id": "road-own", "hook_id": 1, "hook_partner_id": P},
            {**attempt, "message_id": "road-network", "hook_id": 2, "url": "https://network.example/?revenue=3"},
        ],
    )
    refused = {"ts": at("2026-11-02T12:45:00"), "kind": "postback", "reason": "token_wrong", "click_id": CLICK}
    store.put(
        "rejected", [{**refused, "rejected_id": "road-refused", "detail": "The token is wrong.", "raw": "GET"}]
    )


@pytest.fixture(scope="module")
def asking(web):
    def make(who: Principal) -> TestClient:
        client = web(NAMES)
        client.app.state.authenticator = OneKey(who)
        return client

    return make


def road(client: TestClient, click_id: str = CLICK, **params: str) -> dict:
    answer = client.get(f"/api/v1/clicks/{click_id}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_click_as_it_was_stored_with_its_decision_and_verdict_in_words(asking):
    told = road(asking(someone("admin")))
    click = told["click"]
    assert (told["kind"], click["click_id"], click["sub1"]) == ("click", CLICK, "a label")
    assert (click["partner"], click["offer"], click["requested_offer"]) == ("Channel Nine", "Shoes", "Boots")
    assert told["decision"] == {
        "outcome": "rerouted",
        "reason": "offer_paused",
        "explained": "Not sent to Boots, because the offer was paused; its alternative Shoes took it.",
        "destination": "https://shop.example/?c=1",
    }
    verdict = told["verdict"]
    assert (verdict["verdict"], verdict["score"], verdict["category"]) == ("suspect", 45, "SIVT")
    (reason,) = verdict["reasons"]
    assert (reason["code"], reason["severity"]) == ("anonymous_proxy", 45)
    assert reason["sentence"] == "The click came through a public proxy, a VPN or the Tor network."


def test_its_conversions_with_every_state_and_what_they_pay(asking):
    told = road(asking(someone("admin")))
    assert [
        (part["conversion"]["conversion_id"], part["conversion"]["status"], [s["status"] for s in part["states"]])
        for part in told["conversions"]
    ] == [(LED, "hold", ["hold"]), (SOLD, "approved", ["pending", "approved"])]
    lead, sale = told["conversions"]
    assert lead["explained"].endswith("Its goal has a hold period; it approves itself when that is over.")
    assert lead["conversion"]["hold_until"] == "2026-11-09T12:30:00.000+00:00"
    assert sale["conversion"]["hold_until"] is None
    assert sale["states"][1]["actor"] == "user:3"
    assert told["money"] == [
        {
            "currency": "USD",
            "click_payout": 0.25,
            "expected_payout": 2.25,
            "earned_payout": 2.25,
            "click_revenue": 0.5,
            "expected_revenue": 3.5,
            "earned_revenue": 3.5,
        }
    ]


def test_everything_that_happened_is_in_order_of_time(asking):
    told = road(asking(someone("admin")), timezone="Asia/Kolkata")
    assert [(one["what"], one["id"], one["at"]) for one in told["timeline"]] == [
        ("click", CLICK, "2026-11-02T17:30:00.123+05:30"),
        ("decision", CLICK, "2026-11-02T17:30:00.123+05:30"),
        ("verdict", CLICK, "2026-11-02T17:30:00.123+05:30"),
        ("conversion", LED, "2026-11-02T18:00:00.000+05:30"),
        ("rejected", "road-refused", "2026-11-02T18:15:00.000+05:30"),
        ("conversion", SOLD, "2026-11-02T18:30:00.000+05:30"),
        ("outbound", "road-network", "2026-11-02T18:30:01.000+05:30"),
        ("outbound", "road-own", "2026-11-02T18:30:01.000+05:30"),
        ("conversion", SOLD, "2026-12-05T14:30:00.000+05:30"),
    ]


def test_a_partner_sees_its_own_hooks_and_money_and_nothing_of_the_rest(asking):
    client = asking(someone("partner", partner_id=P))
    told = road(client)
    assert [row["message_id"] for row in told["outbound"]] == ["road-own"]
    assert told["rejected"] is None
    text = client.get(f"/api/v1/clicks/{CLICK}").text
    assert "revenue" not in text.replace("offer's revenue", "")
    assert "road-network" not in text
    assert told["click"]["advertiser"] == f"#{ADVERTISER}"
    assert told["money"] == [
        {"currency": "USD", "click_payout": 0.25, "expected_payout": 2.25, "earned_payout": 2.25}
    ]


def test_an_advertiser_sees_what_it_pays_and_no_tries(asking):
    told = road(asking(someone("advertiser", advertiser_id=ADVERTISER)))
    assert (told["outbound"], told["rejected"]) == (None, None)
    assert told["money"] == [
        {"currency": "USD", "click_revenue": 0.5, "expected_revenue": 3.5, "earned_revenue": 3.5}
    ]
    assert "payout" not in told["click"]
    assert told["click"]["partner"] == f"#{P}"
    assert not any("payout" in one["text"] for one in told["timeline"])


def test_an_impression_has_a_road_and_a_click_without_conversions_a_short_one(asking):
    client = asking(someone("admin"))
    seen = road(client, BANNER)
    assert (seen["kind"], seen["decision"]["outcome"]) == ("impression", "seen")
    lonely = road(client, LONELY)
    assert (lonely["conversions"], lonely["outbound"], lonely["rejected"], lonely["money"]) == ([], [], [], [])
    assert [one["what"] for one in lonely["timeline"]] == ["click", "decision", "verdict"]


def test_anothers_click_is_not_there_and_neither_is_one_that_was_made_up(asking):
    missing = KEYS.mint(CLICKED, 10)
    answers = [
        asking(someone("partner", partner_id=OTHER)).get(f"/api/v1/clicks/{CLICK}"),
        asking(someone("advertiser", advertiser_id=ADVERTISER + 1)).get(f"/api/v1/clicks/{CLICK}"),
        asking(someone("partner", partner_id=OTHER)).get(f"/api/v1/clicks/{BANNER}"),
        asking(someone("admin")).get(f"/api/v1/clicks/{missing}"),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert answers[0].json()["error"]["code"] == "not_found"


def test_without_the_scopes_tries_and_refusals_are_not_shown(asking):
    scopes = ROLE_SCOPES["admin"] - {"outbound:read", "rejected:read"}
    told = road(asking(Principal("admin", scopes=scopes)))
    assert (told["outbound"], told["rejected"]) == (None, None)
    assert asking(Principal("admin", scopes=frozenset())).get(f"/api/v1/clicks/{CLICK}").status_code == 403


@pytest.mark.parametrize(
    "click_id", ["x", CLICK[:-1], "A" * 32, "' OR 1=1 --", "{click_id}", "%00" * 32], ids=count()
)
def test_what_is_no_click_id_is_refused_with_a_sentence(asking, click_id):
    answer = asking(someone("admin")).get(f"/api/v1/clicks/{click_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "click_id_unreadable")


def test_a_zone_that_does_not_exist_is_told(asking):
    answer = asking(someone("admin")).get(f"/api/v1/clicks/{CLICK}", params={"timezone": "Europe/Pariss"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_timezone")
    assert "Europe/Paris" in answer.json()["error"]["message"]


@pytest.fixture
def many(store):
    """A table like that of clicks with a day of one partner's, too many to look at each."""
    store.client.command("CREATE TABLE road_clicks AS clicks")
    store.client.command(
        "INSERT INTO road_clicks (click_id, ts, partner_id) SELECT concat('c', toString(number)), "
        "fromUnixTimestamp64Milli({at:Int64} + number - 50000), {partner:UInt32} FROM numbers(100000)",
        parameters={"at": CLICKED, "partner": P},
    )
    yield "road_clicks"
    store.client.command("DROP TABLE road_clicks")


def test_the_projection_by_id_finds_a_click(store, many):
    for half in road_sql.click("clicks", CLICK, clicked_at(CLICK), someone("partner", partner_id=P)):
        explained = store.client.query(
            # The store does without a projection where it takes a table for small.
            f"EXPLAIN projections = 1 {half.statement.text.replace('FROM clicks', f'FROM {many}')} "
            "SETTINGS min_table_rows_to_use_projection_index = 0",
            parameters=half.statement.parameters,
        )
        told = "\n".join(line for (line,) in explained.result_rows)
        assert "Name: by_id" in told
        assert f"(click_id in ['{CLICK}', '{CLICK}'])" in told
