"""The link generator and the pages of links."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from kernel.macro_names import CLICK_MACROS
from reports.web.pages.program import generator, links
from tests.support.pages import Visitor

LANDING = "https://shop.example/lp?cid={click_id}"


@pytest.fixture(scope="module")
def staff(web):
    return Visitor(web, web.key(role="manager"))


@pytest.fixture
def offer(web):
    body = {"name": f"Boots {web.number()}", "advertiser_id": web.advertiser(), "destination": LANDING}
    return web.admin.made("POST", "/api/v1/offers", body)


@pytest.fixture
def partner(web):
    return web.admin.made("POST", "/api/v1/partners", {"name": f"Bruno {web.number()}"})


def preview(page):
    return page.soup.find(id="preview-link").get_text()


def test_the_link_is_shown_before_it_is_saved_and_saved_as_it_was_shown(web, staff, offer, partner):
    lp = web.admin.made(
        "POST", "/api/v1/landing-pages", {"offer_id": offer["id"], "name": "Summer", "url": LANDING}
    )
    page = staff.see(f"/links/new?offer_id={offer['id']}&partner_id={partner['id']}")
    assert "Summer" in page.text
    chosen = {"landing_id": str(lp["id"]), "sub1": "news letter/7&x", "utm_source": "mail", "url": ""}
    fields = _fields(page)
    shown = page.after(staff.post("/links/new", fields | chosen | {"do": "preview"}), 200)
    link = preview(shown)
    assert parse_qs(urlsplit(link).query) == {
        "offer_id": [str(offer["id"])],
        "partner_id": [str(partner["id"])],
        "landing_id": [str(lp["id"])],
        "sub1": ["news letter/7&x"],
        "utm_source": ["mail"],
    }
    code = f"boots{web.number()}"
    saved = page.after(staff.post("/links/new", fields | chosen | {"do": "save", "code": code}))
    made = web.admin.made("GET", f"/api/v1/links?code={code}")["items"][0]
    assert saved.heading == f"Link {code}"
    assert made["parameters"] == {name: value for name, value in chosen.items() if value}
    assert saved.soup.find(id="short-link")["value"] == made["tracking_url"]
    assert saved.soup.find(id="long-link").get_text() == made["long_url"]
    assert parse_qs(urlsplit(made["long_url"]).query) == parse_qs(urlsplit(link).query)
    again = page.after(staff.post("/links/new", fields | chosen | {"do": "save", "code": code}), 409)
    assert "has the code" in again.text


def test_a_link_without_offer_or_partner_is_asked_for_them(staff, offer):
    page = staff.see("/links/new")
    nothing = page.after(staff.post("/links/new", _fields(page) | {"do": "save"}), 400)
    assert "Choose where the link leads to." in nothing.text
    nobody = page.after(
        staff.post("/links/new", _fields(page) | {"do": "save", "offer_id": str(offer["id"])}), 400
    )
    assert "Choose whose link it is." in nobody.text


def test_a_partner_makes_its_own_links_alone(web, offer, partner):
    visitor = Visitor(web, web.key(role="partner", partner_id=partner["id"]))
    other = web.admin.made("POST", "/api/v1/partners", {"name": f"Other {web.number()}"})
    page = visitor.see(f"/offers/{offer['id']}")
    fields = _fields(page)
    assert fields["partner_id"] == str(partner["id"])
    saved = page.after(
        visitor.post("/links/new", fields | {"do": "save", "sub1": "own", "partner_id": str(other["id"])})
    )
    mine = web.admin.made("GET", f"/api/v1/links?partner_id={partner['id']}")["items"]
    assert [one["parameters"] for one in mine] == [{"sub1": "own"}]
    assert web.admin.made("GET", f"/api/v1/links?partner_id={other['id']}")["items"] == []
    assert saved.path == f"/links/{mine[0]['id']}"
    edit = visitor.see(f"/links/{mine[0]['id']}/edit")
    edit.send("save", **{"parameters.[key]": ["sub2"], "parameters.[value]": ["mine"]})
    assert web.admin.made("GET", f"/api/v1/links/{mine[0]['id']}")["parameters"] == {"sub2": "mine"}
    theirs = web.admin.made("POST", "/api/v1/links", {"partner_id": other["id"], "offer_id": offer["id"]})
    assert visitor.get(f"/links/{theirs['id']}").status_code == 404
    assert [row["Link"] for row in visitor.see("/links").table("Links")] == [mine[0]["code"]]
    assert visitor.post(f"/links/{theirs['id']}/edit", {"do": "delete", "revision": "1"}).status_code == 404


def test_a_link_is_changed_and_deleted(web, staff, offer, partner):
    made = web.admin.made(
        "POST", "/api/v1/links",
        {"partner_id": partner["id"], "offer_id": offer["id"], "parameters": {"sub1": "a", "source": "b"}},
    )  # fmt: skip
    page = staff.see(f"/links/{made['id']}/edit")
    assert page.form("save")["parameters.[key]"][:2] == ["sub1", "source"]
    page.send("save", **{"parameters.[key]": ["sub1", "", "sub2"], "parameters.[value]": ["c", "", "d"]})
    assert web.admin.made("GET", f"/api/v1/links/{made['id']}")["parameters"] == {"sub1": "c", "sub2": "d"}
    gone = staff.see(f"/links/{made['id']}/edit").send("delete")
    assert "The link is gone" in gone.text
    assert web.admin.refused("GET", f"/api/v1/links/{made['id']}") == (404, "not_found")


def test_a_partner_reads_its_own_price_on_the_offer(web, offer, partner):
    override = {"offer_id": offer["id"], "partner_id": partner["id"], "payout": "7.25"}
    web.admin.made("POST", "/api/v1/payout-overrides", override)
    visitor = Visitor(web, web.key(role="partner", partner_id=partner["id"]))
    assert "7.25" in visitor.see(f"/offers/{offer['id']}").table("Prices for you")[0]["Prices"]


def test_the_test_of_a_link_tells_each_step(web, staff, offer, partner):
    made = web.admin.made("POST", "/api/v1/links", {"partner_id": partner["id"], "offer_id": offer["id"]})
    page = staff.see(f"/links/{made['id']}")
    told = page.send("test", 200)
    rows = told.table("Steps of the test")
    assert {row["Step"] for row in rows} >= {"The link itself", "The click"}
    assert all(row["Expected"] for row in rows)
    wrong = page.send("test", 400, ip="nowhere")
    assert "ip" in wrong.text


def test_the_preview_and_what_is_saved_are_the_same_link():
    values = dict.fromkeys((*generator.TARGETS, *generator.PARAMETERS, "code"), "")
    assert generator.preview("https://go.example", values) == ""
    values |= {"smart_link_id": "4", "partner_id": "3", "sub1": "a b", "utm_term": "ö"}
    assert generator.preview("https://go.example", values) == (
        "https://go.example/click?smart_link_id=4&partner_id=3&sub1=a%20b&utm_term=%C3%B6"
    )
    assert generator.body(values) == {
        "smart_link_id": 4, "partner_id": 3, "parameters": {"sub1": "a b", "utm_term": "ö"},
    }  # fmt: skip


def _fields(page):
    """Return the fields of the generator, whose buttons say what it does."""
    form = page.soup.find("form", class_="generator")
    fields = {}
    for tag in form.find_all(["input", "select", "textarea"]):
        if tag.get("name"):
            chosen = tag.find("option", selected=True) or tag.find("option")
            fields[tag["name"]] = chosen["value"] if tag.name == "select" and chosen else tag.get("value", "")
    return fields


def test_every_macro_of_a_destination_is_explained():
    assert sorted(name for names, _ in links.MACROS for name in names) == sorted(CLICK_MACROS)


def test_a_conversion_rate_says_of_which_clicks_it_is(staff, offer):
    page = staff.see(f"/offers/{offer['id']}")
    tile = next(one for one in page.soup.select(".tile") if one.h3.get_text() == "Conversion rate")
    assert page.words(tile).endswith("of unique clicks")
