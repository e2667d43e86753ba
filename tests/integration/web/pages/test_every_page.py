"""Every page as every role: who is let in, who isn't, and that odd addresses are answered."""

from __future__ import annotations

import re

import pytest

from kernel.api import ANYBODY, PUBLIC
from kernel.auth import ROLE_SCOPES, ROLES
from reports.web import pages
from tests.support.pages import Visitor

PAGES = pages()
ODD = ("%00", "'\"><script>", "-1", "99999999999999999999", "%ff%fe", "a" * 3000, "2026-13-45", "[]", "nan")
"""Values no parameter expects."""
WITHOUT_FIELDS = {"train", "rebuild", "score"}
"""What needs none, and takes long."""


@pytest.fixture(scope="module")
def visitors(web):
    """Somebody of each role, signed in."""
    owners = {
        "partner": {"partner_id": web.partner()},
        "advertiser": {"advertiser_id": web.advertiser()},
    }
    keys = {role: web.key(role=role, **owners.get(role, {})) for role in ROLES}
    return {role: Visitor(web, key) for role, key in keys.items()}


def addressed(page, value="1"):
    return re.sub(r"\{[^}]*\}", value, page.path)


def may(role, page):
    scopes = ROLE_SCOPES[role]
    return page.needs in {PUBLIC, ANYBODY} or page.needs in scopes or page.or_needs in scopes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_is_open_to_those_it_is_made_for_and_to_nobody_else(web, visitors, page):
    nobody = Visitor(web, None).get(addressed(page))
    if page.needs != PUBLIC:
        assert (nobody.status_code, nobody.headers["location"][:8]) == (303, "/sign-in")
    for role, visitor in visitors.items():
        status = visitor.get(addressed(page)).status_code
        if page.needs != PUBLIC and role not in page.roles:
            assert status == 404, role
        elif not may(role, page):
            assert status == 403, role
        else:
            assert status in {200, 303, 404}, role


@pytest.mark.parametrize("page", [page for page in PAGES if page.acts], ids=lambda page: page.path)
def test_what_is_done_on_a_page_needs_its_scope(web, visitors, page):
    for act in page.acts:
        for role, visitor in visitors.items():
            if act.needs in {PUBLIC, ANYBODY} or (act.needs in ROLE_SCOPES[role] and role in page.roles):
                continue
            assert visitor.post(addressed(page), {"do": act.name}).status_code in {403, 404}, (role, act.name)
    unknown = visitors["admin"].post(addressed(page), {"do": "nothing known"})
    assert unknown.status_code in {400, 404}


@pytest.mark.parametrize("page", [page for page in PAGES if page.acts], ids=lambda page: page.path)
def test_a_form_without_its_fields_is_answered(visitors, page):
    for act in page.acts:
        if act.name in WITHOUT_FIELDS:
            continue
        for role in ("admin", "partner"):
            answer = visitors[role].post(addressed(page), {"do": act.name})
            assert answer.status_code < 500, (role, act.name, answer.text[:1500])


@pytest.mark.parametrize("act", ["change", "switch", "delete"])
def test_a_form_that_names_no_entry_does_not_say_that_it_is_done(visitors, act):
    answer = visitors["admin"].post("/reports/schedules", {"do": act})
    assert (answer.status_code, "open the page anew" in answer.text) == (404, True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_odd_addresses_are_answered(visitors, page):
    names = (
        "cursor",
        "q",
        "status",
        "id",
        "partner_id",
        "offer_id",
        "from",
        "to",
        "range",
        "by",
        "metrics",
        "where",
    )
    names += ("sort", "zone", "page", "day", "tab", "next", "limit", "compare")
    for value in ODD:
        query = "&".join(f"{name}={value.replace('&', '%26').replace('#', '%23')}" for name in names)
        for role in ("admin", "partner"):
            answer = visitors[role].get(f"{addressed(page)}?{query}")
            assert answer.status_code < 500, (role, value, answer.text[:1500])
            assert "<script>" not in answer.text
        if "{" in page.path:
            answer = visitors["admin"].get(
                addressed(page, value.replace("?", "%3F").replace("#", "%23").replace("/", "%2F"))
            )
            assert answer.status_code < 500, (value, answer.text[:1500])


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"do=prefer&zone=\xff%ff%00", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"zone=1"] * 2_001), 400),
        ("application/json", b'{"do": "prefer"}', 400),
        ("text/plain", b"\0" * 1_000, 400),
        ("multipart/form-data", b"do=prefer", 400),
        ("multipart/form-data; boundary=x", b"no part at all", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="do"; filename="a"\r\n\r\n\xff\r\n--x--\r\n', 400),
    ],
)  # fmt: skip
def test_bodies_that_are_no_form_are_answered(visitors, kind, body, status):
    assert sent(visitors["admin"], "/account", kind, body).status_code == status


def test_a_form_has_a_size_smaller_for_those_who_are_not_signed_in(web, visitors):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    file = head + b"a" * (2 * 1024 * 1024) + b"\r\n--x--\r\n"
    nobodys = sent(Visitor(web, None), "/sign-in", "multipart/form-data; boundary=x", file)
    assert (nobodys.status_code, "at most 1 MiB" in nobodys.text) == (413, True)
    # One who is signed in may send a file of conversions.
    assert sent(visitors["admin"], "/account", "multipart/form-data; boundary=x", file).status_code == 400
    assert (
        sent(visitors["admin"], "/account", "multipart/form-data; boundary=x", head + file * 11).status_code == 413
    )


def sent(visitor, path, kind, body):
    visitor._client.cookies.clear()
    return visitor._client.post(path, content=body, headers=visitor.headers | {"Content-Type": kind})
