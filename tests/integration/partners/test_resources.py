"""Every kind of entry over HTTP: made, read, changed, deleted, answered as documented, and seen by whom it may be."""

from __future__ import annotations

import pytest

from kernel.api import find
from kernel.auth import ROLE_SCOPES, ROLES, Principal
from partners.resources import RESOURCES, operations
from tests.support.program import asking_as, make, person

PAGE = "https://shop.example/?c={click_id}"

BODIES = {
    # path: (body that makes the second one, body that changes it)
    "advertisers": ({"name": "Bolt", "allowed_networks": ["203.0.113.0/24"]}, {"status": "suspended"}),
    "tiers": ({"name": "Silver"}, {"description": "second best"}),
    "partners": (
        {"name": "Vlog", "tier_id": 1, "country": "de", "email": "v@vlog.example"},
        {"notes": "calls back"},
    ),
    "offers": (
        {
            "name": "Hats",
            "advertiser_id": 1,
            "destination": PAGE,
            "model": "hybrid",
            "payout": "1.5",
            "payout_percent": "10",
            "payout_rules": {"countries": {"US": {"fixed": "2"}}},
            "targeting": {"country": {"deny": ["FR"]}},
            "duplicates": {"action": "trafficback", "by": "visitor", "window_s": 3600},
            "alternative_offer_id": 1,
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2027-01-01T00:00:00Z",
        },
        {"alternative_offer_id": None, "duplicates": None, "hold_days": 7},
    ),
    "goals": ({"offer_id": 1, "code": "deposit", "name": "Deposit", "payout": "20"}, {"hold_days": 3}),
    "payout-overrides": ({"offer_id": 1, "partner_id": 1, "payout": "9"}, {"payout_percent": "1.00"}),
    "offer-access": ({"offer_id": 2, "partner_id": 1}, {"status": "rejected", "note": "no"}),
    "landing-pages": ({"offer_id": 1, "name": "B", "url": PAGE, "weight": 0}, {"weight": 3}),
    "creatives": ({"offer_id": 1, "name": "B", "kind": "text", "content": "Buy!"}, {"width": 300, "height": 250}),
    "caps": (
        {"offer_id": 1, "kind": "payout", "period": "month", "amount": "100.50", "timezone": "Europe/Berlin"},
        {"hard": False, "goal": "sale"},
    ),
    "coupons": ({"offer_id": 1, "partner_id": 1, "code": "winter"}, {"ends_at": "2027-01-01T00:00:00Z"}),
    "smart-links": (
        {"name": "rest", "strategy": "epc", "members": [{"offer_id": 1, "weight": 2}, {"offer_id": 2}]},
        {"members": [{"offer_id": 2}]},
    ),
    "links": ({"partner_id": 1, "offer_id": 1}, {"smart_link_id": 1}),
    "currency-rates": ({"currency": "usd", "valid_from": "2026-02-01", "rate": "0.93"}, {"rate": "0.931"}),
    "blocklist": ({"kind": "asn", "value": "AS64496", "offer_id": 1}, {"reason": "bots"}),
    "hooks": (
        {"name": "b", "kind": "webhook", "url": "https://h.example/{conversion_id}"},
        {"statuses": ["approved", "rejected"], "goal": "sale", "offer_id": 1},
    ),
    "fraud/rule-entries": (
        {"code": "ip_velocity", "partner_id": 1, "settings": {"per_minute": 30}, "action": "hold"},
        {"settings": {"per_minute": 40}, "action": "block", "block": "source", "block_minutes": 60},
    ),
}


@pytest.fixture
def network(sessions):
    """One of each kind, all with the id 1, and an offer 2."""
    by_path = {resource.path: resource for resource in RESOURCES}
    first = {
        "advertisers": {"name": "Acme"},
        "tiers": {"name": "Gold"},
        "partners": {"name": "Blog", "tier_id": 1},
        "offers": {"name": "Shoes", "advertiser_id": 1, "destination": PAGE, "payout": "1", "revenue": "2"},
        "goals": {"offer_id": 1, "code": "sale", "name": "Sale", "payout": "3", "revenue": "4"},
        "payout-overrides": {"offer_id": 1, "tier_id": 1, "payout": "5", "revenue": "6"},
        "offer-access": {"offer_id": 1, "partner_id": 1},
        "landing-pages": {"offer_id": 1, "name": "A", "url": PAGE},
        "creatives": {"offer_id": 1, "name": "A"},
        "caps": {"offer_id": 1, "kind": "click", "period": "day", "amount": "100"},
        "coupons": {"offer_id": 1, "partner_id": 1, "code": "summer"},
        "smart-links": {"name": "best", "members": [{"offer_id": 1}]},
        "links": {"offer_id": 1, "partner_id": 1},
        "currency-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "0.92"},
        "blocklist": {"kind": "country", "value": "KP"},
        "hooks": {"name": "a", "partner_id": 1, "url": "https://h.example/?p={payout}"},
        "fraud/rule-entries": {"code": "ip_velocity", "settings": {"per_minute": 100}},
        "fraud/marks": {"partner_id": 1, "mark": "fine"},
    }
    with sessions.writing() as session:
        for path, fields in first.items():
            make(session, by_path[path], **fields)
        make(session, by_path["offers"], name="Boots", advertiser_id=1, destination=PAGE, visibility="approval")
    return sessions


@pytest.fixture
def partner(app, network):
    with asking_as(app, person("partner", partner_id=1)) as client:
        yield client


@pytest.fixture
def advertiser(app, network):
    with asking_as(app, person("advertiser", advertiser_id=1)) as client:
        yield client


def documented(method, path):
    return find(operations(), method, path).answer


def error(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
    return answer.json()["error"]


@pytest.mark.parametrize("path", BODIES)
def test_each_kind_is_made_read_changed_and_deleted(api, network, path):
    creating, changing = BODIES[path]
    where = f"/api/v1/{path}"
    made = api.post(where, json=creating)
    assert made.status_code == 201, made.text
    entry = made.json()
    documented("POST", where).model_validate(entry)
    assert (made.headers["ETag"], entry["revision"]) == ('"1"', 1)
    one = f"{where}/{entry['id']}"

    read = api.get(one)
    documented("GET", f"{where}/{{id}}").model_validate(read.json())
    assert read.json() == {name: value for name, value in entry.items() if name != "secret"}
    assert read.headers["ETag"] == '"1"'

    error(api.patch(one, json=changing, headers={"If-Match": '"2"'}), 412, "changed_meanwhile")
    changed = api.patch(one, json=changing, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    assert changed.headers["ETag"] == '"2"'
    assert {name: changed.json()[name] for name in changing if name != "members"} == {
        name: value for name, value in changing.items() if name != "members"
    }

    page = api.get(where, params={"sort": "-id", "limit": 1}).json()
    documented("GET", where).model_validate(page)
    secret = {"secret", "postback_token", "postback_url"}
    assert page["items"] == [{name: value for name, value in changed.json().items() if name not in secret}]

    deleted = api.delete(one)
    if path in {"advertisers", "partners", "offers"}:
        error(deleted, 405, "method_not_allowed")
        return
    assert (deleted.status_code, deleted.json()) == (200, {"deleted": entry["id"]})
    error(api.get(one), 404, "not_found")
    told = api.get("/api/v1/audit", params={"kind": path_word(path), "entry_id": entry["id"]}).json()["items"]
    assert [item["action"] for item in told] == ["create", "change", "delete"]


def path_word(path):
    return next(resource.word for resource in RESOURCES if resource.path == path)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (
            "offers",
            {"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"},
            "ends_at: it must be",
        ),
        ("offers", {"starts_at": "2027-01-02T00:00:00"}, "starts_at: Input should have timezone info"),
        ("offers", {"model": "CPC", "payout_percent": "5"}, "payout_percent: a CPC price is fixed"),
        (
            "offers",
            {"model": "CPM", "payout_percent": None, "revenue_rules": {"steps": [{"from": "1"}]}},
            "revenue_rules: a CPM price has no",
        ),
        (
            "offers",
            {"targeting": {"country": {"allow": ["USA"]}}},
            "targeting.country.allow.0: 'USA' isn't an ISO",
        ),
        ("offers", {"duplicates": {"action": "mark"}}, "duplicates.by: Field required"),
        ("goals", {"model": "CPC"}, "model: CPC pays for clicks or views"),
        ("goals", {"code": "a b"}, "code: a code has 1 to 64 characters"),
        ("payout-overrides", {"tier_id": 1}, "partner_id: name a partner or a tier, one of the two"),
        ("payout-overrides", {"payout": None}, "payout: an override overrides something"),
        ("caps", {"kind": "click", "goal": "sale"}, "goal: a click has no goal"),
        ("caps", {"kind": "conversion", "amount": "1.5"}, "amount: a conversion cap is a whole number"),
        ("caps", {"amount": "0"}, "amount: an amount is more than 0 here"),
        ("caps", {"partner_id": 1, "each_partner": True}, "each_partner: a cap of one partner"),
        ("caps", {"timezone": "Berlin"}, "timezone: 'Berlin' isn't an IANA time zone"),
        ("coupons", {"code": "a b"}, "code: a coupon has 1 to 64 characters"),
        ("smart-links", {"members": []}, "members: a smart link has at least one offer"),
        ("smart-links", {"members": [{"offer_id": 1}, {"offer_id": 1}]}, "members: an offer is named twice"),
        ("smart-links", {"members": [{"offer_id": 1, "weight": 0}]}, "members: every offer has weight 0"),
        ("links", {"smart_link_id": 1}, "offer_id: a link leads to an offer or to a smart link"),
        ("links", {"offer_id": None}, "offer_id: a link leads to an offer or to a smart link"),
        ("links", {"partner_id": None}, "partner_id: name the partner whose it is"),
        ("currency-rates", {"rate": 0.93}, "rate: write a rate as a decimal string"),
        ("currency-rates", {"currency": "EUR"}, "currency: EUR is the base currency; its rate is 1"),
        ("blocklist", {"kind": "network", "value": "x"}, "value: 'x' isn't a network"),
        ("blocklist", {"value": " "}, "value: name what is turned away"),
        ("blocklist", {"kind": "partner", "value": "Blog"}, "value: write a whole number from 1"),
        ("fraud/rule-entries", {"settings": {}, "action": None}, "settings: the entry changes nothing"),
        ("fraud/rule-entries", {"settings": {"per_minute": 1e300}}, "settings: per_minute can't be so large"),
        ("fraud/rule-entries", {"settings": {"per_minute": {"a": 1}}}, "settings: per_minute is a number, a text"),
        ("hooks", {"url": "https://{sub1}.example/"}, "url: the host must be literal"),
        ("hooks", {"url": "https://h.example/{pay}"}, "url: {pay} isn't a macro"),
        ("hooks", {"method": "GET"}, "method: a webhook is always POST"),
        ("hooks", {"statuses": []}, "statuses: name at least one status"),
    ],
)
def test_fields_that_dont_fit_together_are_refused_with_a_sentence(api, network, path, body, message):
    answer = api.post(f"/api/v1/{path}", json=BODIES[path][0] | body)
    assert error(answer, 400, "body_invalid")["message"].startswith(message)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("payout-overrides", {"goal": "none"}, "Offer 1 has no goal 'none'; create it first."),
        ("caps", {"goal": "none"}, "Offer 1 has no goal 'none'; create it first."),
        ("hooks", {"offer_id": 1, "goal": "none"}, "Offer 1 has no goal 'none'; create it first."),
        ("smart-links", {"members": [{"offer_id": 9}]}, "There is no offer 9; create it first."),
        ("offers", {"alternative_offer_id": 9}, "There is no offer 9; create it first."),
    ],
)
def test_what_is_named_inside_an_entry_must_exist(api, network, path, body, message):
    answer = api.post(f"/api/v1/{path}", json=BODIES[path][0] | body)
    assert error(answer, 400, "reference_unknown")["message"] == message


def test_an_offer_is_never_its_own_alternative(api, network):
    problem = error(api.patch("/api/v1/offers/1", json={"alternative_offer_id": 1}), 400, "body_invalid")
    assert problem["message"] == "alternative_offer_id: an offer can't be its own alternative"


def test_an_offer_of_a_smart_link_can_have_weight_0_beside_one_that_has_more(api, network):
    members = [{"offer_id": 1, "weight": 0}, {"offer_id": 2, "weight": 3}]
    answer = api.patch("/api/v1/smart-links/1", json={"members": members})
    assert (answer.status_code, answer.json()["members"]) == (200, members)


def test_a_webhooks_secret_is_told_once(api, network):
    made = api.post("/api/v1/hooks", json=BODIES["hooks"][0]).json()
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == 6 + 32
    others = [
        api.get("/api/v1/hooks"),
        api.get("/api/v1/hooks/2"),
        api.patch("/api/v1/hooks/2", json={"name": "x"}),
    ]
    others.append(api.get("/api/v1/audit?limit=1000"))
    for answer in others:
        assert made["secret"] not in answer.text


def test_a_partner_rotates_its_own_webhooks_secret_and_is_told_the_new_one_once(partner, api):
    wanted = {"name": "mine", "kind": "webhook", "url": "https://h.example/"}
    networks = api.post("/api/v1/hooks", json=wanted).json()["id"]
    error(partner.post(f"/api/v1/hooks/{networks}/rotate-secret", json={}), 404, "not_found")
    made = partner.post("/api/v1/hooks", json=wanted).json()
    secret, path = made["secret"], f"/api/v1/hooks/{made['id']}"
    answer = partner.post(f"{path}/rotate-secret", json={"overlap_hours": 1}, headers={"If-Match": '"1"'})
    documented("POST", "/api/v1/hooks/{id}/rotate-secret").model_validate(answer.json())
    rotated = answer.json()
    assert rotated["secret"].startswith("whsec_")
    assert (rotated["secret"] != secret, answer.headers["ETag"]) == (True, '"2"')
    assert rotated["previous_secret_until"] > rotated["updated_at"]
    again = partner.post(f"{path}/rotate-secret", json={}, headers={"If-Match": '"1"'})
    error(again, 412, "changed_meanwhile")
    for told in (partner.get(path), partner.patch(path, json={"name": "x"}), api.get("/api/v1/audit?limit=1000")):
        assert secret not in told.text
        assert rotated["secret"] not in told.text
    ended = partner.post(f"{path}/rotate-secret", json={"overlap_hours": 0}).json()
    assert ended["previous_secret_until"] is None


def test_a_postback_has_no_secret_to_rotate(api, network):
    made = api.post("/api/v1/hooks", json=BODIES["hooks"][0] | {"kind": "postback"}).json()
    error(api.post(f"/api/v1/hooks/{made['id']}/rotate-secret", json={}), 409, "no_secret")


def test_a_token_is_rotated_over_http_and_told_to_who_may_see_it(api, network, advertiser, app):
    before = api.get("/api/v1/advertisers/1").json()["postback_token"]
    answer = api.post("/api/v1/advertisers/1/rotate-token", json={"overlap_hours": 1})
    documented("POST", "/api/v1/advertisers/{id}/rotate-token").model_validate(answer.json())
    after = answer.json()["postback_token"]
    assert (answer.status_code, answer.headers["ETag"], after != before) == (200, '"2"', True)
    assert advertiser.get("/api/v1/advertisers/1").json()["postback_token"] == after
    assert f"token={after}" in advertiser.get("/api/v1/offers/1").json()["postback_url"]
    error(advertiser.post("/api/v1/advertisers/1/rotate-token", json={}), 403, "forbidden")
    read_only = Principal("advertiser", advertiser_id=1, actor="key", scopes=frozenset({"program:read"}))
    for who in (person("analyst"), read_only):
        client = asking_as(app, who)
        for path in ("advertisers/1", "offers/1", "advertisers"):
            assert after not in client.get(f"/api/v1/{path}").text
    assert after not in api.get("/api/v1/audit?limit=1000").text
    error(api.post("/api/v1/advertisers/1/rotate-token", json={"overlap_hours": -1}), 400, "body_invalid")


def test_a_partners_status_changes_by_its_own_call(api, network):
    error(api.patch("/api/v1/partners/1", json={"status": "banned"}), 400, "body_invalid")
    problem = error(api.post("/api/v1/partners/1/status", json={"status": "banned"}), 400, "body_invalid")
    assert problem["message"] == "reason: say why the partner is banned; it can read this"
    answer = api.post("/api/v1/partners/1/status", json={"status": "banned", "reason": "bots"})
    assert (answer.json()["status"], answer.json()["status_reason"]) == ("banned", "bots")
    problem = error(api.post("/api/v1/partners/1/status", json={"status": "approved"}), 409, "transition_invalid")
    assert problem["message"] == "Partner 1 is banned; it can become suspended, not approved."


def test_partners_see_offers_without_what_the_advertiser_pays_and_advertisers_without_payouts(partner, advertiser):
    revenue, payout = ({f"{side}{part}" for part in ("", "_percent", "_rules")} for side in ("revenue", "payout"))
    for path in ("offers", "goals", "payout-overrides"):
        for answer in (partner.get(f"/api/v1/{path}").json()["items"][0], partner.get(f"/api/v1/{path}/1").json()):
            assert not revenue & set(answer)
            assert payout <= set(answer)
    for path in ("offers", "goals"):
        for answer in (
            advertiser.get(f"/api/v1/{path}").json()["items"][0],
            advertiser.get(f"/api/v1/{path}/1").json(),
        ):
            assert not payout & set(answer)
            assert revenue <= set(answer)
    offer = partner.get("/api/v1/offers/1").json()
    assert not {"advertiser", "advertiser_id", "postback_url", "allow_override", "fallback_url"} & set(offer)
    assert not {"notes", "manager_id", "tags"} & set(partner.get("/api/v1/partners/1").json())
    assert "fallback_url" not in partner.get("/api/v1/program").json()


@pytest.mark.parametrize("query", ["sort=revenue", "sort=-revenue", "advertiser_id=1", "sort=name,revenue"])
def test_what_is_hidden_from_a_partner_isnt_to_be_found_out_by_sorting_or_filtering(partner, api, query):
    assert partner.get(f"/api/v1/offers?{query}").status_code == 400
    assert api.get(f"/api/v1/offers?{query}").status_code == 200


def test_a_partner_makes_and_changes_its_own_links_and_hooks_only(partner, api):
    link = partner.post("/api/v1/links", json={"offer_id": 1})
    assert (link.status_code, link.json()["partner_id"]) == (201, 1)
    assert (
        partner.patch(f"/api/v1/links/{link.json()['id']}", json={"parameters": {"sub1": "x"}}).status_code == 200
    )
    assert partner.delete(f"/api/v1/links/{link.json()['id']}").status_code == 200
    hook = partner.post("/api/v1/hooks", json={"name": "mine", "url": "https://h.example/?p={payout}"})
    assert (hook.status_code, hook.json()["partner_id"]) == (201, 1)

    api.post("/api/v1/partners", json={"name": "Other"})
    other = api.post("/api/v1/links", json={"partner_id": 2, "offer_id": 1}).json()["id"]
    network_hook = api.post("/api/v1/hooks", json={"name": "all", "url": "https://h.example/"}).json()["id"]
    error(partner.patch(f"/api/v1/links/{other}", json={"parameters": {}}), 404, "not_found")
    error(partner.delete(f"/api/v1/links/{other}"), 404, "not_found")
    error(partner.patch(f"/api/v1/hooks/{network_hook}", json={"name": "x"}), 404, "not_found")
    error(partner.post("/api/v1/links", json={"offer_id": 1, "partner_id": 2}), 400, "reference_unknown")
    problem = error(
        partner.post("/api/v1/hooks", json={"name": "x", "url": "https://h.example/{revenue}"}),
        400,
        "body_invalid",
    )
    assert problem["message"].startswith("url: {revenue} is between the network and its advertiser")


def test_a_partner_asks_for_an_offer_and_the_network_decides(partner, api):
    error(partner.get("/api/v1/offers/2"), 404, "not_found")
    page = partner.get("/api/v1/offers-to-ask-for").json()
    documented("GET", "/api/v1/offers-to-ask-for").model_validate(page)
    [open_to_requests] = page["items"]
    assert (open_to_requests["id"], open_to_requests["name"]) == (2, "Boots")
    assert [offer["id"] for offer in api.get("/api/v1/offers-to-ask-for").json()["items"]] == [2]
    assert not {"destination", "revenue", "advertiser", "advertiser_id"} & set(open_to_requests)
    asked = partner.post("/api/v1/offer-access", json={"offer_id": 2, "note": "I sell boots"})
    assert (asked.status_code, asked.json()["status"], asked.json()["partner_id"]) == (201, "pending", 1)
    error(partner.post("/api/v1/offer-access", json={"offer_id": 2}), 409, "conflict")
    path = f"/api/v1/offer-access/{asked.json()['id']}"
    error(partner.patch(path, json={"status": "approved"}), 403, "forbidden")
    error(partner.delete(path), 403, "forbidden")
    error(partner.get("/api/v1/offers/2"), 404, "not_found")
    assert partner.get("/api/v1/offers-to-ask-for").json()["items"] == []
    assert api.patch(path, json={"status": "approved"}).status_code == 200
    assert partner.get("/api/v1/offers/2").json()["name"] == "Boots"
    api.post("/api/v1/offers", json={"name": "Open", "advertiser_id": 1, "destination": PAGE})
    problem = error(partner.post("/api/v1/offer-access", json={"offer_id": 3}), 400, "body_invalid")
    assert problem["message"] == "offer_id: this offer is open to you already; there is nothing to ask for"
    api.patch("/api/v1/offers/3", json={"visibility": "private"})
    error(partner.post("/api/v1/offer-access", json={"offer_id": 3}), 400, "reference_unknown")
    answer = partner.post("/api/v1/offer-access", json={"offer_id": 2, "status": "approved"})
    assert error(answer, 400, "body_invalid")["message"].startswith("status: a request is pending")


@pytest.mark.parametrize("role", ROLES)
def test_an_operation_is_open_to_exactly_the_roles_whose_scopes_it_needs(app, network, role):
    whose = {"partner_id": 1} if role == "partner" else {"advertiser_id": 1} if role == "advertiser" else {}
    client = asking_as(app, person(role, **whose))
    for operation in operations():
        answer = client.request(operation.method, operation.path.replace("{id}", "999"), json={"unknown": 1})
        allowed = {operation.needs, operation.or_needs} & ROLE_SCOPES[role]
        assert (answer.status_code != 403) == bool(allowed), (operation.method, operation.path)
        assert answer.status_code < 500
        assert answer.status_code == operation.status or answer.status_code in {
            kind.status for kind in operation.every_error()
        }


def test_the_audit_log_is_read_with_filters_by_who_may(api, network, partner):
    error(partner.get("/api/v1/audit"), 403, "forbidden")
    api.patch("/api/v1/offers/1", json={"payout": "1.25"})
    page = api.get("/api/v1/audit", params={"kind": "offer", "action": "change"}).json()
    documented("GET", "/api/v1/audit").model_validate(page)
    [entry] = page["items"]
    assert entry["changes"] == {"payout": ["1", "1.25"]}
    assert (entry["actor"], entry["role"], entry["advertiser_id"]) == ("admin key", "admin", 1)
    assert api.get("/api/v1/audit?kind=nothing").json() == {"items": [], "next_cursor": None}
    assert api.get("/api/v1/audit?sort=-at&limit=1").json()["items"] == [entry]
