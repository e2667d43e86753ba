"""Partners, offers and advertisers: lists with their numbers, forms, and what each role sees of them."""

from __future__ import annotations

import datetime as dt

import pytest

from reports.web.pages.program import PAGES
from tests.support.pages import Visitor
from tests.support.risk import store

LANDING = "https://shop.example/lp?cid={click_id}"


@pytest.fixture(scope="module")
def staff(web):
    return Visitor(web, web.key(role="admin"))


@pytest.fixture
def offer(web):
    """An offer of an advertiser, both made over the API."""
    advertiser = web.admin.made("POST", "/api/v1/advertisers", {"name": f"Shop {web.number()}"})
    body = {
        "name": f"Shoes {web.number()}",
        "advertiser_id": advertiser["id"],
        "destination": LANDING,
        "payout": "1.50",
        "revenue": "2.25",
        "currency": "USD",
    }
    return web.admin.made("POST", "/api/v1/offers", body)


@pytest.fixture
def partner(web):
    return web.admin.made("POST", "/api/v1/partners", {"name": f"Nora {web.number()}"})


def as_partner(web, partner):
    return Visitor(web, web.key(role="partner", partner_id=partner["id"]))


def as_advertiser(web, offer):
    return Visitor(web, web.key(role="advertiser", advertiser_id=offer["advertiser_id"]))


def test_an_offer_is_made_in_a_form_and_stands_as_the_api_has_it(web, staff, offer):
    page = staff.see(f"/offers/new?advertiser_id={offer['advertiser_id']}")
    assert page.form("create")["advertiser_id"] == str(offer["advertiser_id"])
    name = f"Boots {web.number()}"
    seen = page.send(
        "create",
        name=name,
        destination=LANDING,
        payout="3.20",
        revenue_percent="12.5",
        visibility="approval",
        tags="winter, boots",
        **{
            "targeting.country.allow": "de\nAT",
            "targeting.device.deny": ["desktop"],
            "targeting.hours": "Mon-Fri 9-18",
            "payout_rules.countries.[key]": ["CH", ""],
            "payout_rules.countries.fixed": ["4", ""],
            "payout_rules.steps.from": ["100", ""],
            "payout_rules.steps.percent": ["5", ""],
        },
    )
    assert seen.heading == name
    made = web.admin.made("GET", f"/api/v1/offers?name={name}")["items"][0]
    assert (made["payout"], made["revenue_percent"], made["visibility"]) == ("3.20", "12.50", "approval")
    assert made["tags"] == ["winter", "boots"]
    assert made["targeting"]["country"] == {"allow": ["DE", "AT"]}
    assert made["targeting"]["device"] == {"deny": ["desktop"]}
    assert len(made["targeting"]["hours"]) == 45
    assert made["payout_rules"]["countries"]["CH"]["fixed"] == "4"
    for words in ("Only countries: DE, AT.", "Not devices: desktop.", "Mon-Fri 9-18", "$4.00 in CH", "$3.20"):
        assert words in seen.text


def test_what_is_wrong_stands_beside_its_field_and_the_form_stays(staff):
    page = staff.see("/offers/new")
    wrong = page.send(
        "create",
        400,
        name="Half an offer",
        destination="shop.example",
        payout="much",
        **{"targeting.country.allow": "Germany", "payout_rules.steps.from": ["", "x"]},
    )
    beside = {
        field.find(["input", "select", "textarea"])["name"]: wrong.words(field.find(class_="problem"))
        for field in wrong.soup.find_all(class_="wrong")
    }
    assert "start" in beside["destination"]
    assert beside["payout"] == "write a number with a point, as 1.50"
    assert "isn't an ISO 3166-1 country code" in beside["targeting.country.allow"]
    assert beside["payout_rules.steps.from"] == "write a number with a point, as 1.50"
    assert beside["advertiser_id"] == "This is needed."
    assert wrong.form("create")["name"] == "Half an offer"
    assert "5 fields need another look" in wrong.text


def test_a_change_sends_what_changed_and_undoes_nobody_elses(web, staff, offer):
    path = f"/offers/{offer['id']}"
    page, stale = staff.see(f"{path}/edit"), staff.see(f"{path}/edit")
    seen = page.send("save", payout="1.75", description="For runners")
    assert "The offer is changed" in seen.text
    changed = web.admin.made("GET", f"/api/v1/offers/{offer['id']}")
    assert (changed["payout"], changed["description"], changed["revenue"]) == ("1.75", "For runners", "2.25")
    told = web.admin.made("GET", f"/api/v1/audit?kind=offer&entry_id={offer['id']}&sort=-id&limit=1")["items"][0]
    assert set(told["changes"]) - {"revision", "updated_at"} == {"payout", "description"}
    refused = stale.send("save", 412, payout="9")
    assert "changed" in refused.text
    assert refused.form("save")["payout"] == "9"
    assert web.admin.made("GET", f"/api/v1/offers/{offer['id']}")["payout"] == "1.75"


def test_lists_are_searched_narrowed_sorted_and_read_page_by_page(web, staff):
    word = f"zebra{web.number()}"
    for n, status in enumerate(["approved", "pending", "approved"]):
        web.admin.made("POST", "/api/v1/partners", {"name": f"{word} {n}", "status": status})

    def names(page):
        return [row["Partner ↑" if "Partner ↑" in row else "Partner"].split()[1] for row in page.table("Partners")]

    assert names(staff.see(f"/partners?q={word}")) == ["0", "1", "2"]
    assert names(staff.see(f"/partners?q={word}&status=pending")) == ["1"]
    page = staff.see(f"/partners?q={word}&sort=-name")
    assert [row["Partner ↓"].split()[1] for row in page.table("Partners")] == ["2", "1", "0"]
    assert "Nobody matches" in staff.see("/partners?q=nobody-is-called-this").text
    many = [{"name": f"{word} many {number:02}"} for number in range(51)]
    web.admin.made("POST", "/api/v1/programs/ensure", {"partners": many})
    first = staff.see(f"/partners?q={word}+many")
    second = staff.see(first.links()["Next page"])
    rows = [row["Partner ↑"].rpartition(" ")[0] for row in (*first.table("Partners"), *second.table("Partners"))]
    assert rows == [one["name"] for one in many]
    assert "Next page" not in second.links()


@pytest.mark.parametrize(
    "path",
    [
        *("/partners?sort=nix", "/partners?cursor=nix", "/offers?status=nix", "/links?partner_id=x", "/partners/nix"),
        *("/partners/99999999999", "/offers/0", "/advertisers/-1", "/links/x", "/program/nix", "/program/goals/nix"),
        *("/program/caps/new?offer_id=nix", "/links/new?offer_id=nix&partner_id=nix&sub1=%00", "/offers?q=%00"),
        *("/program/payout-overrides/new?offer_id=99999999999", "/offers/new?name=%00&payout=x", "/partners?q=" + "x" * 300),
    ],
)  # fmt: skip
def test_no_address_breaks_a_page(staff, path):
    assert staff.get(path).status_code in {200, 303, 400, 404, 422}


def test_a_partners_status_is_changed_with_a_reason(web, staff, partner):
    path = f"/partners/{partner['id']}"
    refused = staff.see(path).send("status", 400, status="banned", reason="")
    assert "say why the partner is banned" in refused.text
    banned = staff.see(path).send("status", status="banned", reason="Bought clicks")
    assert f"{partner['name']} is banned now." in banned.text
    assert "Bought clicks" in banned.text
    assert web.admin.made("GET", f"/api/v1/partners/{partner['id']}")["status"] == "banned"
    buttons = {one.get("value") for one in banned.soup.find_all("button", attrs={"name": "status"})}
    assert buttons == {"suspended"}


def test_what_belongs_to_an_offer_is_made_changed_and_deleted_from_its_page(web, staff, offer, partner):
    path = f"/offers/{offer['id']}"
    goal = staff.see(f"/program/goals/new?offer_id={offer['id']}")
    seen = goal.send("create", code="signup", name="Sign-up", payout="0.40")
    assert seen.path == f"{path}#goals"
    assert seen.table("Goals")[0]["Goal"] == "Sign-up"
    cap = staff.see(f"/program/caps/new?offer_id={offer['id']}")
    assert "all goals" in cap.text
    cap.send("create", kind="conversion", period="day", amount="5", goal="(base)")
    made = web.admin.made("GET", f"/api/v1/caps?offer_id={offer['id']}")["items"][0]
    assert (made["goal"], made["amount"], made["hard"]) == ("", "5.00", True)
    edit = staff.see(f"/program/caps/{made['id']}")
    assert edit.form("save")["goal"] == "(base)"
    edit.send("save", amount="7")
    page = staff.see(f"/program/caps/{made['id']}")
    page.send("delete")
    assert web.admin.made("GET", f"/api/v1/caps?offer_id={offer['id']}")["items"] == []
    override = staff.see(f"/program/payout-overrides/new?offer_id={offer['id']}")
    override.send("create", partner_id=str(partner["id"]), payout="2", goal="signup")
    assert staff.see(f"/partners/{partner['id']}").table("Other prices")[0]["Goal"] == "signup"
    missing = override.send("create", 400, payout="2")
    assert "name a partner or a tier, one of the two" in missing.text


def test_a_partner_asks_for_an_offer_and_staff_decides_on_its_page(web, staff, offer, partner):
    web.admin.made("PATCH", f"/api/v1/offers/{offer['id']}", {"visibility": "approval"})
    visitor = as_partner(web, partner)
    assert visitor.get(f"/offers/{offer['id']}").status_code == 404
    asking = visitor.see(f"/offers?show=ask&q={offer['name'].replace(' ', '+')}")
    assert LANDING not in asking.text
    asked = asking.send("ask", holding={"offer_id": str(offer["id"])}, offer_id=str(offer["id"]), note="My blog")
    assert "You asked for the offer" in asked.text
    page = staff.see(f"/offers/{offer['id']}")
    row = page.table("Who asked for it")[0]
    assert (row["Partner"], row["Access"], row["Note"]) == (partner["name"], "pending", "My blog")
    access = page.form("let-in", status="approved")
    let_in = page.after(staff.post(f"/offers/{offer['id']}", access))
    assert let_in.table("Who asked for it")[0]["Access"] == "approved"
    assert visitor.see(f"/offers/{offer['id']}").heading == offer["name"]
    every = staff.see(f"/program/offer-access?partner_id={partner['id']}")
    kept_out = every.after(staff.post(every.path, every.form("let-in", status="rejected")))
    assert [row["Status"] for row in kept_out.table("Offer access")] == ["rejected"]
    assert visitor.get(f"/offers/{offer['id']}").status_code == 404


def test_a_partner_sees_its_offers_and_no_more_of_the_program(web, offer, partner):
    visitor = as_partner(web, partner)
    page = visitor.see(f"/offers/{offer['id']}")
    assert "$1.50" in page.text
    for hidden in ("2.25", "Revenue", "Advertiser", "Change", "Partners who run it", "token"):
        assert hidden not in page.text
    for path in (
        "/partners",
        f"/partners/{partner['id']}",
        "/advertisers",
        "/program/goals",
        "/offers/new",
        "/advertiser",
    ):
        assert visitor.get(path).status_code in {403, 404}, path
    assert (
        visitor.post(f"/offers/{offer['id']}", {"do": "let-in", "id": "1", "status": "approved"}).status_code
        == 403
    )
    menu = [a["href"] for a in page.soup.find("nav", id="navigation").find_all("a")]
    assert "/offers" in menu
    assert "/links" in menu
    assert not {"/partners", "/advertisers"} & set(menu)


def test_an_advertiser_sees_its_own_page_and_its_own_offers(web, offer):
    visitor = as_advertiser(web, offer)
    answer = visitor.get("/advertiser")
    assert answer.headers["location"] == f"/advertisers/{offer['advertiser_id']}"
    page = visitor.see(f"/advertisers/{offer['advertiser_id']}")
    token = web.admin.made("GET", f"/api/v1/advertisers/{offer['advertiser_id']}")["postback_token"]
    assert token in str(page.soup)
    assert [row["Offer"] for row in page.table("Your offers")] == [offer["name"]]
    seen = visitor.see(f"/offers/{offer['id']}")
    assert "$2.25" in seen.text
    assert "1.50" not in seen.text
    other = web.advertiser()
    assert visitor.get(f"/advertisers/{other}").status_code == 404
    for path in ("/partners", "/links", "/advertisers", "/program/caps", "/offers/new"):
        assert visitor.get(path).status_code in {403, 404}, path


def test_an_analyst_looks_and_changes_nothing(web, offer, partner):
    visitor = Visitor(web, web.key(role="analyst"))
    for path in (f"/offers/{offer['id']}", f"/partners/{partner['id']}", "/partners", "/program/goals"):
        words = visitor.see(path).links()
        assert not {"Change", "New partner", "New goal", "Make a link"} & set(words)
    assert visitor.get(f"/offers/{offer['id']}/edit").status_code == 403
    assert visitor.post(f"/partners/{partner['id']}", {"do": "status", "status": "banned"}).status_code == 403


def test_the_numbers_beside_entries_are_those_of_the_report(web, staff, event_store, offer, partner):
    now = dt.datetime.now(dt.UTC)
    clicks = [
        {
            "ts": int((now - dt.timedelta(days=day)).timestamp() * 1000),
            "partner_id": partner["id"],
            "offer_id": offer["id"],
            "verdict": "valid",
            "trafficback_reason": "",
        }
        for day in range(10)
        for _ in range(3)
    ]
    store(event_store, clicks)

    def told(of, days, *dimensions):
        """The API's answer; clicks that other tests gave to an entry of this number are in it as they are in a page."""
        query = {
            "from": str(now.date() - dt.timedelta(days=days - 1)),
            "to": str(now.date() + dt.timedelta(days=1)),
            "metrics": ["clicks"],
            "dimensions": list(dimensions),
            "filters": [
                {"dimension": f"{of}_id", "op": "eq", "value": {"offer": offer, "partner": partner}[of]["id"]}
            ],
            "sort": [{"by": "clicks", "desc": True}],
        }
        return web.admin.made("POST", "/api/v1/reports/query", query)["rows"]

    known = f"{told('offer', 7)[0]['clicks']:,}"
    row = staff.see(f"/offers?q={offer['name'].replace(' ', '+')}").table("Offers")[0]
    assert row["Clicks"] == known
    partners = staff.see(f"/partners?q={partner['name'].replace(' ', '+')}")
    assert partners.table("Partners")[0]["Clicks"] == f"{told('partner', 7)[0]['clicks']:,}"
    page = staff.see(f"/offers/{offer['id']}")
    tiles = {page.words(one.h3): page.words(one.find(class_="value")) for one in page.soup.find_all(class_="tile")}
    assert tiles["Clicks"] == known
    by_day = {row["day"]: row["clicks"] for row in told("offer", 30, "day")}
    shown = [row["Clicks"] for row in page.table("Each of the last 30 days")]
    assert shown == [f"{by_day.get(str(now.date() - dt.timedelta(days=n)), 0):,}" for n in range(30)]
    assert all(int(clicks.replace(",", "")) >= 3 for clicks in shown[:10])
    most = told("offer", 7, "partner")[0]["clicks"]
    assert page.table("The partners with the most clicks")[0]["Clicks"] == f"{most:,}"


ODD_FORMS = (
    {},
    {
        "name": "\x00",
        "payout": "1e999",
        "offer_id": "99999999999999999999",
        "partner_id": "\x00",
        "revision": "x",
        "targeting.country.allow": "\x00",
        "starts_at": "2026-13-45",
        "ends_at": "0001-01-01T00:00",
        "members.offer_id": ["x", "1", "1"],
        "members.weight": ["", "-1"],
        "rate": "-1",
        "valid_from": "today",
        "id": "../partners/1",
        "status": ["nix", "approved"],
        "ip": "nowhere",
        "amount": "\u0661",
        "code": "a b",
        "duplicates.window_s": "1" * 5000,
    },
    {
        "targeting.hours": "Mon 1-99",
        "parameters.[key]": ["sub1", "sub1"],
        "payout_rules.countries.[key]": ["D", "D"],
    },
)


@pytest.mark.parametrize("page", [one for one in PAGES if one.acts], ids=lambda page: page.path)
def test_no_form_breaks_a_page(staff, offer, page):
    names = {"id": str(offer["id"]), "resource": "caps", "entry": "1"}
    for path in {page.path.format(**names), page.path.format(**names | {"resource": "smart-links", "id": "nix"})}:
        for act in page.acts:
            for fields in ODD_FORMS:
                answer = staff.post(path, {"do": act.name, **fields})
                assert answer.status_code < 500, (path, act.name, fields, answer.text[-1500:])
