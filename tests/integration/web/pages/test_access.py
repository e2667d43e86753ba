"""Signing in and out in a browser, and what guards the session."""

from __future__ import annotations

import pytest

from reports.web.cookies import SESSION
from tests.support.pages import Visitor
from tests.support.web import ADMIN_KEY, PASSWORD


def session_cookie(answer):
    return next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{SESSION}="))


def test_one_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(web):
    answer = Visitor(web, None).get("/keys?cursor=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fkeys%3Fcursor%3D3")
    user = web.user()
    page = Visitor(web, None).see("/sign-in?next=%2Fkeys%3Fcursor%3D3")
    fields = page.form("sign-in") | {"email": user["email"], "password": PASSWORD}
    done = page.visitor.post("/sign-in", fields)
    assert (done.status_code, done.headers["location"]) == (303, "/keys?cursor=3")
    cookie = session_cookie(done)
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        *("httponly", "secure", "path=/", "samesite=lax", "max-age=43200"),
    }
    key = cookie.partition("=")[2].partition(";")[0]
    assert web.holding(key).made("GET", "/api/v1/me")["user"]["email"] == user["email"]


def test_a_wrong_password_says_so_beside_the_form_and_keeps_the_address(web):
    user = web.user()
    page = Visitor(web, None).see("/sign-in")
    wrong = page.send("sign-in", 401, email=user["email"], password="not this one at all")
    assert "E-mail address or password is wrong" in wrong.text
    assert wrong.form("sign-in")["email"] == user["email"]
    assert wrong.form("sign-in")["password"] == ""


def test_the_admin_key_is_exchanged_for_a_session_that_ends(web):
    page = Visitor(web, None).see("/sign-in")
    done = page.visitor.post("/sign-in", page.form("key") | {"key": ADMIN_KEY})
    key = session_cookie(done).partition("=")[2].partition(";")[0]
    assert key != ADMIN_KEY
    assert Visitor(web, key).see("/keys").heading == "API keys"
    assert web.holding(key).made("GET", "/api/v1/me")["actor"] == "admin key"
    out = Visitor(web, key).post("/sign-out", {"do": "sign-out"})
    assert out.headers["location"] == "/sign-in"
    assert "Max-Age=0" in session_cookie(out)
    assert web.holding(key).refused("GET", "/api/v1/me") == (401, "unauthenticated")


def test_a_key_of_nobody_opens_nothing(web):
    page = Visitor(web, None).see("/sign-in")
    refused = page.send("key", 401, key="clk_nobodys_key")
    assert "Nobody has this key" in refused.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(web, elsewhere):
    user = web.user()
    page = Visitor(web, None).see("/sign-in")
    fields = page.form("sign-in") | {"email": user["email"], "password": PASSWORD, "next": elsewhere}
    assert page.visitor.post("/sign-in", fields).headers["location"] == "/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://testserver"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_cookie_changes_something_for_our_own_pages_alone(web, headers, status):
    key = web.session(web.user("admin"))
    web.client.cookies.clear()
    answer = web.client.post(
        "/api/v1/partners", json={"name": f"Made {web.number()}"}, headers={"Cookie": f"{SESSION}={key}"} | headers
    )
    assert answer.status_code == status
    assert status == 201 or answer.json()["error"]["code"] == "cross_site"


def test_a_form_of_another_site_signs_nobody_in(web):
    user = web.user()
    visitor = Visitor(web, None)
    fields = {"do": "sign-in", "email": user["email"], "password": PASSWORD, "next": "/"}
    assert visitor.post("/sign-in", fields, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_other_sites_read_no_answers_of_the_api_by_the_cookie(web):
    key = web.session(web.user("admin"))
    web.client.cookies.clear()
    headers = {"Cookie": f"{SESSION}={key}", "Sec-Fetch-Site": "cross-site"}
    assert web.client.get("/api/v1/me", headers=headers).status_code == 403
    assert web.client.get("/api/v1/me", headers=headers | {"Sec-Fetch-Site": "none"}).status_code == 200


def test_a_key_in_the_header_counts_alone_and_from_anywhere(web):
    key = web.session(web.user("analyst"))
    web.client.cookies.clear()
    headers = {
        "Authorization": f"Bearer {ADMIN_KEY}", "Cookie": f"{SESSION}={key}", "Sec-Fetch-Site": "cross-site",
    }  # fmt: skip
    assert web.client.get("/api/v1/me", headers=headers).json()["actor"] == "admin key"


def test_pages_run_no_script_of_their_own_and_are_nobody_elses_frame(web):
    answer = Visitor(web, web.session(web.user())).get("/keys")
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["script-src"] == "'self'"
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


def test_an_address_where_nothing_is_has_a_page_for_browsers_and_json_for_programs(web):
    visitor = Visitor(web, web.session(web.user()))
    assert visitor.see("/nothing-here", 404).heading == "There is nothing here"
    assert web.admin.refused("GET", "/nothing-here") == (404, "not_found")
    assert visitor.get("/api/v1/nothing").json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "ending",
    [
        lambda web, user, _: web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"role": "analyst"}),
        lambda web, user, _: web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"status": "disabled"}),
        lambda web, user, _: web.admin.made("POST", f"/api/v1/users/{user['id']}/password", {}),
        lambda _web, _user, page: page.send(
            "password", current=PASSWORD, new="a longer horse battery", again="a longer horse battery"
        ),
    ],
    ids=["another role", "disabled", "a password by the administrator", "a password of one's own"],
)
def test_sessions_end_in_every_browser_with_what_they_stood_for(web, ending):
    user = web.user("manager")
    visitors = [Visitor(web, web.session(user)) for _ in range(2)]
    pages = [visitor.see("/account") for visitor in visitors]
    ending(web, user, pages[0])
    for visitor in visitors:
        answer = visitor.get("/account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount")
