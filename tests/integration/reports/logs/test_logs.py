"""Logs over HTTP: every row once, newest first, page by page, while others arrive."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from kernel.auth import ROLE_SCOPES, Authenticator, Principal
from tests.integration.reports.conftest import KEY, Store, at
from tests.unit.reports.asking import Directory

P, OTHER, ADVERTISER = 933_000_001, 933_000_002, 933_000_101
NAMES = Directory(
    {
        "partner": {P: "Channel Nine", OTHER: "Channel Ten"},
        "advertiser": {ADVERTISER: "Shop"},
        "offer": {10: "Shoes", 11: "Boots"},
        "link": {},
        "smart_link": {},
    }
)
RANGE = {"from": "2026-11-02", "to": "2026-11-05"}
COUNT = 250


def clicks(partner: int) -> list[dict]:
    """Clicks over three days of which many share their moment."""
    drawn = random.Random(7)
    return [
        {
            "click_id": f"log-{partner}-{n:03d}",
            "ts": at("2026-11-02T00:00:00") + drawn.randrange(60) * 3_600_000,
            "partner_id": partner,
            "advertiser_id": ADVERTISER,
            "offer_id": 10 + n % 2,
            "country": "DE" if n % 5 == 0 else "FR",
            "fraud_reasons": ["prefetch", "private_ip"] if n % 50 == 0 else [],
            "sub1": f"s{n}",
            "payout": Decimal("0.25"),
            "revenue": Decimal("0.5"),
            "currency": "USD",
            "landing_id": "1" if n == 0 else "",
        }
        for n in range(COUNT)
    ]


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    for partner in (P, OTHER):
        rows = clicks(partner)
        random.Random(5).shuffle(rows)
        store.put("clicks", rows[:100])
        store.put("clicks", rows[100:])
    store.put("impressions", [{**one, "click_id": f"seen-{n}"} for n, one in enumerate(clicks(P)[:3])])
    states = [
        {
            "conversion_id": f"log-{P}-{n}",
            "click_id": f"log-{P}-{n:03d}",
            "ts": at(f"2026-11-03T1{n}:00:00"),
            "click_ts": at("2026-11-02T00:00:00"),
            "change_seq": seq,
            "partner_id": P,
            "advertiser_id": ADVERTISER,
            "status": status,
            "goal": "sale",
            "payout": Decimal(2),
            "revenue": Decimal(3),
            "currency": "USD",
        }
        for n in range(3)
        for seq, status in ((1, "pending"), (2, "approved"))
    ]
    store.put("conversions", states[::2])
    store.put("conversions", states[1::2])
    # Refused requests belong to nobody: a month of their own keeps them apart from other tests'.
    store.put(
        "rejected",
        [
            {
                "rejected_id": f"log-{n}",
                "ts": at(f"2019-03-0{n + 1}T00:00:00"),
                "kind": "postback",
                "reason": "token_wrong" if n else "click_id_forged",
                "raw": "GET /postback",
            }
            for n in range(3)
        ],
    )


class OneKey(Authenticator):
    """Knows one caller."""

    def __init__(self, who: Principal) -> None:
        super().__init__(KEY)
        self.who = who

    def principal(self, _authorization: str) -> Principal:
        return self.who


def someone(role: str, **ids: int) -> Principal:
    return Principal(role, scopes=ROLE_SCOPES[role], **ids)


@pytest.fixture(scope="module")
def asking(web):
    """Makes clients that ask as somebody."""

    def make(who: Principal) -> TestClient:
        client = web(NAMES)
        client.app.state.authenticator = OneKey(who)
        return client

    return make


@pytest.fixture(scope="module")
def client(asking) -> TestClient:
    # A manager sees all money; the id limits it to the rows of this test.
    return asking(someone("manager", partner_id=P))


def pages(client: TestClient, log: str = "clicks", **params) -> list[list[dict]]:
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(f"/api/v1/logs/{log}", params={**RANGE, **params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        cursor = answer.json()["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1000, 250, 249, 83, 7])
def test_the_pages_are_all_rows_newest_first_each_once(client, limit):
    found = pages(client, limit=limit, columns="ts,click_id")
    expected = sorted(((one["ts"], one["click_id"]) for one in clicks(P)), reverse=True)
    assert [row["click_id"] for page in found for row in page] == [key for _, key in expected]
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


def test_rows_that_arrive_meanwhile_move_no_page(client, store):
    params = {**RANGE, "columns": "click_id", "limit": 20, "filter": "sub2=moving"}
    base = {"partner_id": P, "sub2": "moving"}
    old = [{**base, "click_id": f"m{n:02d}", "ts": at("2026-11-02T06:00:00") + n // 3} for n in range(30)]
    store.put("clicks", old)
    first = client.get("/api/v1/logs/clicks", params=params).json()
    store.put("clicks", [{**base, "click_id": f"new{n}", "ts": at("2026-11-04T00:00:00")} for n in range(5)])
    second = client.get("/api/v1/logs/clicks", params={**params, "cursor": first["next_cursor"]}).json()
    found = [row["click_id"] for row in first["items"] + second["items"]]
    assert found == [f"m{n:02d}" for n in reversed(range(30))]
    assert second["next_cursor"] is None


def test_a_row_has_names_beside_ids_and_times_in_the_zone(client):
    params = {**RANGE, "filter": "sub1=s0", "timezone": "Asia/Kolkata", "columns": "*"}
    (row,) = client.get("/api/v1/logs/clicks", params=params).json()["items"]
    assert (row["partner_id"], row["partner"], row["offer"], row["advertiser"]) == (
        P,
        "Channel Nine",
        "Shoes",
        "Shop",
    )
    assert (row["link_id"], row["link"]) == (0, "(none)")
    assert (row["landing_id"], row["landing_name"], row["creative_name"]) == ("1", "Shop", "")
    assert row["ts"].endswith("+05:30")
    assert row["fraud_reasons"] == ["prefetch", "private_ip"]
    assert (row["payout"], row["revenue"], row["is_test"]) == (0.25, 0.5, False)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["country=DE"], 50),
        (["country=DE", "country=FR"], 250),
        (["country!=DE", "offer=Shoes"], 100),
        (["fraud_reason=private_ip"], 5),
        (["offer_category=Fashion"], 125),
        (["partner=Channel Ten"], 0),
        ([f"click_id=log-{P}-007"], 1),
        (['{"dimension": "sub1", "op": "matches", "value": "^s1.$"}'], 10),
    ],
)
def test_filters_mean_what_they_mean_in_reports(client, filters, count):
    params = {**RANGE, "limit": 1000, "columns": "sub1", "filter": [*filters, "sub2="]}
    assert len(client.get("/api/v1/logs/clicks", params=params).json()["items"]) == count


def test_a_day_is_the_zones_own(client):
    params = {
        "from": "2026-11-03",
        "to": "2026-11-04",
        "timezone": "Asia/Kolkata",
        "limit": 1000,
        "filter": "sub2=",
    }
    found = client.get("/api/v1/logs/clicks", params=params).json()
    first, last = at("2026-11-03T00:00:00+05:30"), at("2026-11-04T00:00:00+05:30")
    assert len(found["items"]) == sum(first <= one["ts"] < last for one in clicks(P))
    assert found["meta"]["from"] == "2026-11-03T00:00:00.000+05:30"


def test_conversions_are_as_they_are_now_and_impressions_have_a_log_too(client):
    found = pages(client, "conversions", limit=2)
    assert [[(row["conversion_id"], row["status"]) for row in page] for page in found] == [
        [(f"log-{P}-2", "approved"), (f"log-{P}-1", "approved")],
        [(f"log-{P}-0", "approved")],
    ]
    (row,) = client.get(
        "/api/v1/logs/conversions", params={**RANGE, "filter": ["goal=sale", f"click_id=log-{P}-001"]}
    ).json()["items"]
    assert (row["conversion_id"], row["payout"], row["revenue"]) == (f"log-{P}-1", 2, 3)
    assert {row["click_id"] for page in pages(client, "impressions") for row in page} == {
        "seen-0",
        "seen-1",
        "seen-2",
    }


def test_everybody_sees_its_own_rows_and_its_own_money(asking):
    partner = asking(someone("partner", partner_id=OTHER))
    rows = pages(partner, limit=1000, columns="*")[0]
    assert {row["partner_id"] for row in rows} == {OTHER}
    assert {"payout"} == {"payout", "revenue"} & set(rows[0])
    assert rows[0]["advertiser"] == f"#{ADVERTISER}"
    assert "Shop" not in {row["advertiser"] for row in rows}
    assert pages(partner, "conversions") == [[]]
    advertiser = asking(someone("advertiser", advertiser_id=ADVERTISER))
    rows = pages(advertiser, limit=1000, columns="*")[0]
    assert {row["partner_id"] for row in rows} == {P, OTHER}
    assert {"revenue"} == {"payout", "revenue", "cost"} & set(rows[0])
    assert {row["partner"] for row in rows} == {f"#{P}", f"#{OTHER}"}


def test_what_was_refused_is_for_the_networks_own_people(asking):
    admin = asking(someone("admin"))
    params = {"from": "2019-03-01", "to": "2019-04-01"}
    rows = admin.get("/api/v1/logs/rejected", params=params).json()["items"]
    assert [row["rejected_id"] for row in rows] == ["log-2", "log-1", "log-0"]
    assert rows[0]["raw"] == "GET /postback"
    filtered = admin.get("/api/v1/logs/rejected", params={**params, "filter": "reason=click_id_forged"}).json()
    assert [row["rejected_id"] for row in filtered["items"]] == ["log-0"]
    for who in (someone("partner", partner_id=P), someone("manager", partner_id=P)):
        assert asking(who).get("/api/v1/logs/rejected", params=params).status_code == 403


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": "0"}, "limit_out_of_range"),
        ({"limit": "many"}, "query_invalid"),
        ({"cursor": "x"}, "cursor_invalid"),
        ({"filter": "contry=DE"}, "unknown_dimension"),
        ({"filter": "a\x00b=c"}, "query_invalid"),
        ({"filter": '{"dimension": "sub1", "op": "matches", "value": "("}'}, "pattern_invalid"),
        ({"colums": "ts"}, "query_invalid"),
        ({"columns": "ts;drop"}, "unknown_column"),
        ({"from": "2026-11-08"}, "empty_range"),
    ],
)
def test_a_mistake_is_a_400_with_its_code(client, params, code):
    answer = client.get("/api/v1/logs/clicks", params={**RANGE, **params})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("text", ["' OR 1=1 --", "'); DROP TABLE clicks; --", "\\' OR ''='", "{x:String}", "🦊`"])
def test_texts_of_an_attacker_are_values_and_nothing_more(client, text):
    for params in ({"filter": f"sub1={text}"}, {"filter": f'{{"dimension": "sub1", "values": ["{text[:3]}"]}}'}):
        answer = client.get("/api/v1/logs/clicks", params={**RANGE, **params})
        assert answer.status_code in {200, 400}
        assert answer.json().get("items", []) == []
    for name in ("columns", "cursor", "from", "timezone", "limit"):
        answer = client.get("/api/v1/logs/clicks", params={**RANGE, name: text})
        assert answer.status_code == 400, (name, answer.text)


def test_without_a_range_it_is_the_last_days_and_today(client):
    answer = client.get("/api/v1/logs/clicks")
    assert answer.status_code == 200
    meta = answer.json()["meta"]
    assert (meta["limit"], meta["timezone"]) == (100, "UTC")
    assert meta["from"].endswith("T00:00:00.000+00:00")
