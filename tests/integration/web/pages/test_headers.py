"""What every answer tells browsers: to run no script that stands in it, to frame it nowhere, to keep it from nobody."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from reports.web import assets
from reports.web.cookies import SESSION
from tests.support.pages import Visitor
from tests.support.web import ADMIN_KEY, PASSWORD

TOO_FAR = {"from": "2018-06-01", "to": "2018-06-02"}


def policy(answer):
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize(
    ("method", "path", "status", "options"),
    [
        ("GET", "/sign-in", 200, {}),
        ("GET", "/partners", 303, {}),
        ("GET", "/nothing-here", 404, {}),
        ("PUT", "/sign-in", 405, {"headers": {"Origin": "http://testserver"}}),
        ("POST", "/sign-in", 403, {"headers": {"Origin": "https://evil.example"}}),
        ("POST", "/sign-in", 400, {"headers": {"Origin": "http://testserver"}, "data": {"do": "nothing"}}),
        ("GET", "/api/v1/me", 401, {}),
        ("GET", "/api/v1/me", 200, {"headers": {"Authorization": f"Bearer {ADMIN_KEY}"}}),
        ("GET", "/api/v1/nothing", 404, {}),
        ("GET", "/api/v1/export/clicks", 200, {"headers": {"Authorization": f"Bearer {ADMIN_KEY}"}, "params": TOO_FAR}),
        ("GET", "/openapi.json", 200, {}),
        ("GET", "/healthz", 200, {}),
        ("GET", assets.address("app.js"), 200, {}),
        ("GET", "/assets/none.js", 404, {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_every_answer_has_them(web, method, path, status, options, accept):
    web.client.cookies.clear()
    given = options | {"headers": {"Accept": accept} | options.get("headers", {})}
    answer = web.client.request(method, path, follow_redirects=False, **given)
    assert answer.status_code == status
    said = policy(answer)
    assert (said["default-src"], said["base-uri"], said["frame-ancestors"]) == ("'none'",) * 3
    assert said.get("script-src", "'none'") in {"'self'", "'none'"}
    assert said["form-action"] in {"'self'", "'none'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    expected = assets.FOREVER if path.startswith("/assets/app") else "no-store"
    assert answer.headers["cache-control"] == expected


def test_a_slash_too_many_leads_to_the_page_on_the_same_host_and_scheme(web):
    answer = Visitor(web, None).get("/offers/?q=x", Host="proxied.example")
    assert (answer.status_code, answer.headers["location"]) == (307, "/offers?q=x")


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_what_nobody_expected_has_them_too(web, monkeypatch, accept):
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("reports.web.cookies._session", broken)
    client = TestClient(web.app, raise_server_exceptions=False)
    answer = client.get("/sign-in", headers={"Accept": accept})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert policy(answer)["default-src"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("text/html" if accept == "text/html" else "application/json")


@pytest.mark.parametrize(
    "origin",
    ["http://[", "http://[::1", "//testserver", "ftp://testserver", "testserver", "http://testserver:1", ""],
)
def test_an_origin_that_is_none_or_anothers_is_refused(web, origin):
    key = web.session(web.user("admin"))
    visitor = Visitor(web, key)
    del visitor.headers["Sec-Fetch-Site"]
    assert visitor.post("/account", {"do": "prefer", "zone": "UTC"}, Origin=origin).status_code == 403
    headers = {"Cookie": f"{SESSION}={key}", "Origin": origin}
    web.client.cookies.clear()
    assert web.client.post("/api/v1/partners", json={"name": "X"}, headers=headers).status_code == 403


def test_a_browser_is_told_on_a_page_why_its_form_was_refused(web):
    visitor = Visitor(web, web.session(web.user()))
    elsewhere = visitor.post("/account", {"do": "prefer", "zone": "UTC"}, **{"Sec-Fetch-Site": "same-site"})
    assert elsewhere.status_code == 403
    assert "This came from a page of another site" in elsewhere.text
    assert "<h1>" in elsewhere.text
    formless = visitor.post("/partners", {"do": "x"})
    assert (formless.status_code, "Nothing can be sent to this page" in formless.text) == (405, True)
    assert "GET" in formless.headers["allow"]


def test_too_many_attempts_say_when_to_come_again(web, monkeypatch):
    chosen = web.app.state.settings.model_copy(update={"login_rate_per_minute": 2})
    monkeypatch.setitem(web.app.state._state, "settings", chosen)
    user = web.user()
    page = Visitor(web, None).see("/sign-in")
    fields = page.form("sign-in") | {"email": user["email"], "password": "not this one at all"}
    answers = [page.visitor.post("/sign-in", fields) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    # Whether the password is right is nobody's to learn now.
    right = page.visitor.post("/sign-in", fields | {"password": PASSWORD})
    assert right.status_code == 429
    assert 1 <= int(right.headers["retry-after"]) <= 60
    assert f"wait {right.headers['retry-after']} seconds" in right.text
