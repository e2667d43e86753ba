from __future__ import annotations

from datetime import datetime

import pytest
import structlog

from kernel import logging
from kernel.errors import STORE_AWAY
from kernel.settings import Settings
from partners import service
from tests.support.program import KEY, program_app, program_client
from tracker import snapshot

PAGE = "https://shop.example/?c={click_id}"
KINDS = ["advertisers", "partners", "offers", "links"]


def made(answer):
    assert answer.status_code == 201, answer.text
    return answer.json()


def error(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
    return answer.json()["error"]


@pytest.fixture
def small(api):
    """One of each: advertiser 1, partner 1, offer 1, link 1."""
    made(api.post("/api/v1/advertisers", json={"name": "Acme"}))
    made(api.post("/api/v1/partners", json={"name": "Blog"}))
    made(api.post("/api/v1/offers", json={"name": "Shoes", "advertiser_id": 1, "destination": PAGE}))
    made(api.post("/api/v1/links", json={"partner_id": 1, "offer_id": 1, "code": "shoes"}))
    return api


def test_a_created_advertiser_is_answered_with_its_token_and_postback_url(api):
    advertiser = made(api.post("/api/v1/advertisers", json={"name": "Acme", "require_token": True}))
    token = advertiser["postback_token"]
    assert (advertiser["id"], advertiser["name"], advertiser["require_token"]) == (1, "Acme", True)
    assert advertiser["postback_url"] == (
        f"https://go.example/postback?click_id={{click_id}}&txn_id={{order_id}}&amount={{amount}}&token={token}"
    )
    assert datetime.fromisoformat(advertiser["created_at"]).utcoffset().total_seconds() == 0
    assert api.get("/api/v1/advertisers/1").json() == advertiser


def test_a_created_partner_is_approved_unless_said_otherwise(api):
    assert made(api.post("/api/v1/partners", json={"name": "Blog"}))["status"] == "approved"
    other = made(
        api.post(
            "/api/v1/partners", json={"name": "New", "status": "pending", "fallback_url": "https://n.example"}
        )
    )
    assert (other["id"], other["status"], other["fallback_url"]) == (2, "pending", "https://n.example")


def test_a_created_offer_has_defaults_its_advertisers_name_and_money_as_strings(small):
    offer = made(
        small.post(
            "/api/v1/offers",
            json={
                "name": "Hats",
                "advertiser_id": 1,
                "destination": PAGE,
                "payout": 1.5,
                "revenue": "0.123456",
                "payout_percent": "7",
            },
        )
    )
    token = small.get("/api/v1/advertisers/1").json()["postback_token"]
    del offer["created_at"], offer["updated_at"]
    assert offer == {
        "id": 2,
        "revision": 1,
        "name": "Hats",
        "advertiser_id": 1,
        "advertiser": "Acme",
        "status": "active",
        "description": "",
        "category": "",
        "tags": [],
        "visibility": "public",
        "starts_at": None,
        "ends_at": None,
        "destination": PAGE,
        "currency": "EUR",
        "model": "CPA",
        "payout": "1.50",
        "revenue": "0.123456",
        "payout_percent": "7.00",
        "revenue_percent": None,
        "payout_rules": {},
        "revenue_rules": {},
        "default_status": "approved",
        "deep_link_hosts": [],
        "allow_override": False,
        "targeting": {},
        "duplicates": None,
        "alternative_offer_id": None,
        "attribution_window_days": None,
        "view_window_hours": None,
        "min_conversion_seconds": 0,
        "hold_days": 0,
        "pixel_cookie": False,
        "fallback_url": "",
        "postback_url": f"https://go.example/postback?click_id={{click_id}}&txn_id={{order_id}}&amount={{amount}}&token={token}",
    }


def test_a_created_link_is_answered_with_urls_ready_to_copy(small):
    link = made(
        small.post(
            "/api/v1/links", json={"partner_id": 1, "offer_id": 1, "parameters": {"sub1": "a&b c", "source": "ü"}}
        )
    )
    assert link["tracking_url"] == f"https://go.example/c/{link['code']}"
    assert link["long_url"] == "https://go.example/click?offer_id=1&partner_id=1&sub1=a%26b%20c&source=%C3%BC"
    assert (link["partner"], link["offer"]) == ("Blog", "Shoes")
    assert small.get(f"/api/v1/links/{link['id']}").json() == link


def test_the_urls_follow_the_edges_address_when_no_public_one_is_set(tmp_path, sessions):
    app = program_app(Settings(data_dir=tmp_path, edge_port=8123), sessions)
    advertiser = made(program_client(app).post("/api/v1/advertisers", json={"name": "A"}))
    assert advertiser["postback_url"].startswith("http://127.0.0.1:8123/postback?click_id={click_id}")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/v1/advertisers", {"name": "Acme"}, "name"),
        ("/api/v1/partners", {"name": " Blog "}, "name"),
        ("/api/v1/offers", {"name": "Shoes", "advertiser_id": 1, "destination": PAGE}, "name"),
        ("/api/v1/links", {"partner_id": 1, "offer_id": 1, "code": "shoes"}, "code"),
    ],
)
def test_a_second_create_with_the_same_name_answers_409_and_who_has_it(small, path, body, field):
    problem = error(small.post(path, json=body), 409, "conflict")
    assert problem["details"] == {"id": 1, "field": field}
    assert problem["message"].endswith(f"1 has the {field} {body[field].strip()!r} already; choose another.")


def test_a_patch_changes_what_it_names(small):
    answer = small.patch("/api/v1/offers/1", json={"status": "paused", "payout": "2", "payout_percent": "1"})
    assert (answer.status_code, answer.json()["status"], answer.json()["payout"]) == (200, "paused", "2.00")
    assert answer.json()["name"] == "Shoes"
    assert small.patch("/api/v1/offers/1", json={"payout_percent": None}).json()["payout_percent"] is None
    assert (
        small.patch("/api/v1/links/1", json={"parameters": {"sub1": "x"}}).json()["long_url"].endswith("&sub1=x")
    )
    assert small.get("/api/v1/offers/1").json()["status"] == "paused"


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "partners", {}, "name: Field required"),
        ("POST", "partners", {"name": "x", "colour": "red"}, "colour: Extra inputs are not permitted"),
        (
            "POST",
            "partners",
            {"name": "x", "status": "asleep"},
            "status: Input should be 'pending' or 'approved'",
        ),
        ("POST", "partners", {"name": "x", "id": 5}, "id: Extra inputs are not permitted"),
        (
            "POST",
            "advertisers",
            {"name": "x", "postback_token": "mine"},
            "postback_token: Extra inputs are not permitted",
        ),
        (
            "POST",
            "offers",
            {"name": "x", "advertiser_id": 1, "destination": "https://{sub1}.example/"},
            "destination: the host must be literal: macros may stand in the path, query and fragment only",
        ),
        (
            "POST",
            "offers",
            {"name": "x", "advertiser_id": 1, "destination": PAGE, "payout": "-1"},
            "payout: money can't be negative here",
        ),
        (
            "POST",
            "offers",
            {"name": "x", "advertiser_id": 1, "destination": PAGE, "currency": "EURO"},
            "currency: 'EURO' isn't an ISO 4217 currency code such as USD, EUR or INR",
        ),
        (
            "POST",
            "offers",
            {"name": "x", "advertiser_id": True, "destination": PAGE},
            "advertiser_id: Input should be a valid integer",
        ),
        (
            "POST",
            "offers",
            {"name": "x", "advertiser_id": 2**40, "destination": PAGE},
            "advertiser_id: Input should be less than or equal to 2147483647",
        ),
        ("PATCH", "offers/1", {"status": None}, "status: Input should be 'active', 'paused' or 'ended'"),
        (
            "PATCH",
            "offers/1",
            {"attribution_window_days": 0},
            "attribution_window_days: Input should be greater than or equal to 1",
        ),
        ("PATCH", "links/1", {"code": "new"}, "code: Extra inputs are not permitted"),
        (
            "POST",
            "programs/ensure",
            {"partners": [{"name": "ok"}, {"name": ""}]},
            "partners.1.name: a name can't be empty",
        ),
        ("PATCH", "program", {"version": 9}, "version: Extra inputs are not permitted"),
        (
            "PATCH",
            "program",
            {"fallback_url": "x.example"},
            "fallback_url: write the whole URL, starting with http:// or https:// (a macro can't be the scheme)",
        ),
    ],
)
def test_a_bad_body_answers_400_and_says_what_is_wrong_where(small, method, path, body, message):
    assert error(small.request(method, f"/api/v1/{path}", json=body), 400, "body_invalid")["message"] == message


def test_a_reference_to_nobody_answers_400(small):
    problem = error(small.post("/api/v1/links", json={"partner_id": 1, "offer_id": 7}), 400, "reference_unknown")
    assert problem["message"] == "There is no offer 7; create it first."


def test_a_list_is_paged_and_filtered(small):
    for n in range(2, 6):
        made(small.post("/api/v1/partners", json={"name": f"p{n}", "status": "pending" if n == 4 else "approved"}))
    seen, more = [], {}
    while more is not None:
        page = small.get("/api/v1/partners", params={"limit": 2} | more).json()
        assert len(page["items"]) <= 2
        seen += [partner["id"] for partner in page["items"]]
        more = page["next_cursor"] and {"cursor": page["next_cursor"]}
    assert seen == [1, 2, 3, 4, 5]
    assert [p["name"] for p in small.get("/api/v1/partners?status=pending").json()["items"]] == ["p4"]
    assert [p["id"] for p in small.get("/api/v1/partners?name=p5").json()["items"]] == [5]
    assert small.get("/api/v1/partners?name=nobody%00").status_code == 400
    assert small.get("/api/v1/partners?name=nobody").json() == {"items": [], "next_cursor": None}
    assert [o["advertiser"] for o in small.get("/api/v1/offers?advertiser_id=1").json()["items"]] == ["Acme"]
    assert [link["id"] for link in small.get("/api/v1/links?code=shoes&partner_id=1").json()["items"]] == [1]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("tier_id=0", "tier_id: write a whole number from 1 to 2147483647."),
        ("tier_id=" + "9" * 5000, "tier_id: write a whole number from 1 to 2147483647."),
        (
            "sub1=a&colour=red",
            "'sub1' isn't a filter of this list; these are: name, status, tier_id, manager_id, ",
        ),
    ],
)
def test_a_bad_filter_answers_400(small, query, sentence):
    assert error(small.get(f"/api/v1/partners?{query}"), 400, "filter_invalid")["message"].startswith(sentence)


@pytest.mark.parametrize("limit", ["0", "1001", "", "-1", "x"])
def test_a_bad_limit_answers_400(small, limit):
    problem = error(small.get(f"/api/v1/partners?limit={limit}"), 400, "query_invalid")
    assert problem["message"] == "limit is a whole number from 1 to 1000."


@pytest.mark.parametrize("entry", ["7", "0", "2147483648", "9" * 5000, "-1", "x", "1.0", "%00", "\u0661"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_id_nobody_has_answers_404(small, kind, entry):
    error(small.get(f"/api/v1/{kind}/{entry}"), 404, "not_found")
    error(small.patch(f"/api/v1/{kind}/{entry}", json={}), 404, "not_found")


@pytest.mark.parametrize("path", [*KINDS, *(f"{kind}/1" for kind in KINDS), "program", "programs/ensure"])
def test_no_route_answers_without_the_admin_key(small, path):
    for wrong in ("", "Bearer ", f"Bearer {KEY}x", f"Basic {KEY}", KEY):
        for method in ("GET", "POST", "PATCH"):
            answer = small.request(method, f"/api/v1/{path}", headers={"Authorization": wrong}, json={})
            if answer.status_code != 405:
                error(answer, 401, "unauthenticated")


def test_a_method_a_path_doesnt_have_answers_405_with_those_it_has(small):
    answer = small.delete("/api/v1/partners/1")  # partners get a status instead
    error(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH"}
    assert small.head("/api/v1/partners/1").status_code == 200


def test_the_network_fallback_is_set_and_read(api):
    rest = {"base_currency": "EUR", "signup": {"open": False, "terms_url": ""}}
    assert api.get("/api/v1/program").json() == {"version": 1, "revision": 1, "fallback_url": ""} | rest
    answer = api.patch("/api/v1/program", json={"fallback_url": "https://network.example/?o={offer_id}"})
    fallback = "https://network.example/?o={offer_id}"
    assert answer.json() == {"version": 2, "revision": 2, "fallback_url": fallback} | rest
    assert answer.headers["X-Snapshot-Version"] == "2"
    rest = {"base_currency": "USD", "signup": {"open": True, "terms_url": "https://network.example/terms"}}
    answer = api.patch("/api/v1/program", json=rest)
    assert {name: answer.json()[name] for name in rest} == rest


def test_the_program_is_changed_by_whom_knows_its_present_state(api):
    known = api.get("/api/v1/program").headers["ETag"]
    made(api.post("/api/v1/partners", json={"name": "Blog"}))
    theirs = api.patch("/api/v1/program", json={"base_currency": "USD"}, headers={"If-Match": known})
    assert (theirs.status_code, theirs.headers["ETag"]) == (200, '"2"')
    ours = api.patch("/api/v1/program", json={"base_currency": "GBP"}, headers={"If-Match": known})
    assert error(ours, 412, "changed_meanwhile")["details"] == {"revision": 2}
    assert api.get("/api/v1/program").json()["base_currency"] == "USD"


def test_a_write_is_answered_after_the_snapshot_that_holds_it_is_published(api, chosen):
    def published():
        return snapshot.decode((chosen.data_dir / snapshot.SNAPSHOT_FILE).read_bytes())

    for n in range(1, 4):
        answer = api.post("/api/v1/partners", json={"name": f"p{n}"})
        assert published().partners[made(answer)["id"]].name == f"p{n}"
        assert answer.headers["X-Snapshot-Version"] == str(published().version) == str(n + 1)
    answer = api.post("/api/v1/partners/1/status", json={"status": "suspended"})
    assert published().partners[1].status == "suspended"
    assert answer.headers["X-Snapshot-Version"] == str(published().version)


def test_a_refused_write_publishes_nothing(small, chosen):
    file = chosen.data_dir / snapshot.SNAPSHOT_FILE
    before = file.read_bytes()
    answer = small.post("/api/v1/partners", json={"name": "Blog"})
    assert "X-Snapshot-Version" not in answer.headers
    assert file.read_bytes() == before


def test_a_write_that_cant_be_published_is_saved_and_says_so(chosen, sessions):
    async def publish():
        raise STORE_AWAY.error()

    with program_client(program_app(chosen, sessions, publish)) as api:
        problem = error(api.post("/api/v1/partners", json={"name": "saved"}), 503, "not_published")
        assert problem["message"].startswith("The change is saved")
        assert api.get("/api/v1/partners/1").json()["name"] == "saved"


def test_ensuring_answers_ids_by_name_and_again_the_same(api):
    body = {
        "advertisers": [{"name": "Acme"}],
        "partners": [{"name": "channel-1"}, {"name": "channel-2"}],
        "offers": [{"name": "app-1", "advertiser": "Acme", "destination": PAGE, "payout": "0.5"}],
        "links": [{"partner": "channel-1", "offer": "app-1", "code": "demo"}],
    }
    first = api.post("/api/v1/programs/ensure", json=body)
    assert first.status_code == 200
    assert first.headers["X-Snapshot-Version"] == "2"
    assert first.json() == {
        "advertisers": {"Acme": 1},
        "partners": {"channel-1": 1, "channel-2": 2},
        "offers": {"app-1": 1},
        "links": [
            {"id": 1, "code": "demo", "partner_id": 1, "offer_id": 1, "tracking_url": "https://go.example/c/demo"}
        ],
        "snapshot_version": 2,
    }
    assert api.post("/api/v1/programs/ensure", json=body).json() == first.json()


def test_ensuring_thousands_takes_one_transaction_and_answers_all(api):
    body = {
        "advertisers": [{"name": "Acme"}],
        "partners": [{"name": f"channel-{n}"} for n in range(2000)],
        "offers": [{"name": f"app-{n}", "advertiser": "Acme", "destination": PAGE} for n in range(2000)],
        "links": [{"partner": f"channel-{n}", "offer": f"app-{n}"} for n in range(2000)],
    }
    answer = api.post("/api/v1/programs/ensure", json=body).json()
    assert answer["snapshot_version"] == 2
    assert sorted(answer["partners"].values()) == sorted(answer["offers"].values()) == list(range(1, 2001))
    assert len({link["code"] for link in answer["links"]}) == 2000


def test_no_token_is_in_a_list_or_in_the_log(small, capfd):
    made(small.post("/api/v1/advertisers", json={"name": "Other", "require_token": True}))
    tokens = [small.get(f"/api/v1/advertisers/{n}").json()["postback_token"] for n in (1, 2)]
    assert len(set(tokens)) == 2
    error(small.post("/api/v1/advertisers", json={"name": "Other"}), 409, "conflict")
    lists = "".join(small.get(f"/api/v1/{kind}").text for kind in KINDS)
    ensured = small.post("/api/v1/programs/ensure", json={"advertisers": [{"name": "Acme"}]}).text
    output = "".join(capfd.readouterr())
    assert "Acme" in lists
    assert "Acme" in ensured
    for token in tokens:
        for text in (lists, ensured, output):
            assert token not in text
    for text in (lists, ensured, output):
        assert KEY not in text
        assert "postback_token" not in text


@pytest.fixture
def restored_log():
    """Lets a test set the log up as the service does; takes that back afterwards."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_token_is_in_the_log_when_a_statement_fails(
    capsys, restored_log, api, chosen, sessions, monkeypatch, log_format
):
    logging.configure(chosen.model_copy(update={"log_format": log_format}), "web")
    monkeypatch.setattr(service, "new_token", lambda: "token-made-up-for-this-test")
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE advertisers RENAME COLUMN require_token TO missing")
    error(api.post("/api/v1/advertisers", json={"name": "x"}), 500, "internal_error")
    output = capsys.readouterr().err
    assert "INSERT INTO advertisers" in output
    assert "made-up-for-this-test" not in output
