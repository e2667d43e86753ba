"""Every field of every form says what it is for, and what it says is read out with it."""

from __future__ import annotations

import pytest

from reports.web import pages
from reports.web.pages.program.below import BELOW
from tests.support.pages import Visitor

PATHS = [page.path for page in pages() if page.acts and "{" not in page.path and page.path != "/sign-out"]


@pytest.fixture(scope="module")
def addresses(web):
    body = {
        "name": f"Boots {web.number()}",
        "advertiser_id": web.advertiser(),
        "destination": "https://shop.example/",
    }
    offer = web.admin.made("POST", "/api/v1/offers", body)["id"]
    partner = web.partner()
    link = web.admin.made("POST", "/api/v1/links", {"offer_id": offer, "partner_id": partner})["id"]
    hook = {
        "name": f"Counter {web.number()}",
        "partner_id": partner,
        "url": "https://tracker.example/?c={click_id}",
    }
    hook_id = web.admin.made("POST", "/api/v1/hooks", hook)["id"]
    person = {"name": "Ada", "email": f"ada{web.number()}@network.example", "role": "analyst"}
    user = web.admin.made("POST", "/api/v1/users", person)["id"]
    return [
        *PATHS,
        *(f"/program/{path}/new" for path in BELOW),
        *(f"/offers/{offer}{more}" for more in ("", "/edit")),
        *(f"/partners/{partner}{more}" for more in ("", "/edit")),
        *(f"/links/{link}{more}" for more in ("", "/edit")),
        f"/advertisers/{web.advertiser()}/edit",
        f"/hooks/{hook_id}",
        f"/users/{user}",
        f"/fraud/partners/{partner}",
        "/fraud/rules/datacenter_ip",
    ]


def is_explained(page, field):
    """Return whether a field has an explanation: its own, or that of the group it is in."""
    told = [page.soup.find(id=name) for name in field.get("aria-describedby", "").split()]
    if any(page.words(one) for one in told):
        return True
    if field.find_parent("td") is not None and field.get("aria-label"):
        return True  # it chooses its row, and says which
    group = field.find_parent("fieldset")
    if group is None:
        return False
    # Rows have theirs above them, and each of several ticks is a sentence of its own.
    in_group = group.select_one("p.help") is not None or field.get("type") in {"checkbox", "radio"}
    return in_group and page.words(group.find("legend")) != ""


def silent(page):
    """Return the fields of a page's forms that say nothing, and how many there are."""
    fields = [
        field
        for field in page.soup.select("main form[method=post] :is(input, select, textarea)")
        if not (field.get("type") == "hidden" or field.has_attr("hidden") or field.has_attr("readonly"))
    ]
    return [f"{page.path}: {field.get('name')}" for field in fields if not is_explained(page, field)], len(fields)


def test_every_field_says_what_it_is_for(web, addresses):
    visitor, nobody = Visitor(web, web.key(role="admin")), Visitor(web, None)
    found = [silent((nobody if address == "/sign-in" else visitor).see(address)) for address in addresses]
    assert sum(count for _, count in found) > 200
    assert not (quiet := [one for names, _ in found for one in names]), "\n".join(quiet)


@pytest.mark.parametrize("role", ["partner", "advertiser"])
def test_every_field_of_a_reduced_page_does_so_too(web, role):
    owner = getattr(web, role)()
    offer = {
        "name": f"To ask for {web.number()}",
        "advertiser_id": owner if role == "advertiser" else web.advertiser(),
    }
    web.admin.made(
        "POST", "/api/v1/offers", offer | {"destination": "https://shop.example/", "visibility": "approval"}
    )
    visitor = Visitor(web, web.key(role=role, **{f"{role}_id": owner}))
    paths = [page.path for page in pages() if role in page.roles and page.acts and "{" not in page.path]
    paths = [path for path in paths if visitor.get(path).status_code == 200]
    found = [silent(visitor.see(path)) for path in [*paths, *(["/offers?show=ask"] if role == "partner" else [])]]
    assert sum(count for _, count in found) > 20
    assert not (quiet := [one for names, _ in found for one in names]), "\n".join(quiet)
