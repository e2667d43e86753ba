"""Settings and the audit log: the program is changed, the service's settings are told without secrets."""

from __future__ import annotations

import pytest

from kernel.setting_groups import groups
from reports.web.pages.audit import told
from tests.support.pages import Visitor
from tests.support.web import ADMIN_KEY


@pytest.fixture
def manager(web):
    return Visitor(web, web.key(role="manager"))


def test_the_program_is_changed_and_wrong_fields_are_refused_where_they_stand(web, manager):
    before = web.admin.made("GET", "/api/v1/program")
    page = manager.see("/settings")
    wrong = page.send("change", 400, fallback_url="not an address", terms_url="neither")
    assert wrong.soup.select_one("#f-fallback_url-problem") is not None
    assert wrong.soup.select_one("#f-terms_url-problem") is not None
    assert wrong.form("change")["fallback_url"] == "not an address"
    fallback = f"https://elsewhere{web.number()}.example/"
    try:
        saved = page.send("change", fallback_url=fallback, terms_url="https://network.example/terms")
        assert "Saved" in saved.text
        stored = web.admin.made("GET", "/api/v1/program")
        assert stored["fallback_url"] == fallback
        assert stored["signup"] == {"open": False, "terms_url": "https://network.example/terms"}
        assert "changed" in page.send("change", 412, fallback_url="https://late.example/").text
        log = manager.see("/audit?kind=program").table("Changes")[0]
        assert log["Did what"] == "changed program"
        assert f"fallback url: {before['fallback_url'] or 'nothing'} → {fallback}" in log["Before and after"]
    finally:
        back = {"fallback_url": before["fallback_url"], "signup": before["signup"]}
        web.admin.made("PATCH", "/api/v1/program", back)


def test_the_services_settings_are_told_without_a_secret(web):
    analyst = Visitor(web, web.key(role="analyst"))
    page = analyst.see("/settings")
    listed = web.holding(web.key(role="analyst")).made("GET", "/api/v1/settings")["items"]
    assert [one["variable"] for one in listed] == [
        f"CLICKLEDGER_{name.upper()}" for _, names in groups() for name in names
    ]
    by_name = {one["variable"]: one for one in listed}
    for name in ("CLICKLEDGER_ADMIN_KEY", "CLICKLEDGER_CLICK_KEYS", "CLICKLEDGER_REDIS_URL"):
        assert by_name[name] | {"is_secret": True, "is_set": True, "value": "", "default": ""} == by_name[name]
        assert f"{name} set, not shown" in page.text
    for hidden in (ADMIN_KEY, "5c" * 32, "nobody.sock"):
        assert hidden not in page.answer.text
        assert hidden not in str(listed)
    assert by_name["CLICKLEDGER_EDGE_PORT"]["value"] == str(web.app.state.settings.edge_port)
    assert web.holding(web.key(role="partner", partner_id=web.partner())).refused("GET", "/api/v1/settings") == (
        403, "forbidden",
    )  # fmt: skip
    assert analyst.post("/settings", {"do": "change"}).status_code == 403


def test_the_audit_log_says_who_did_what_with_links_and_filters(web, manager):
    user = web.user("admin")
    by = web.holding(web.session(user))
    tier = by.made("POST", "/api/v1/tiers", {"name": f"Gold {web.number()}"})
    advertiser = by.made("POST", "/api/v1/advertisers", {"name": f"Audited {web.number()}"})
    by.made("PATCH", f"/api/v1/advertisers/{advertiser['id']}", {"require_token": True})
    page = manager.see(f"/audit?actor=user:{user['id']}")
    rows = page.table("Changes")
    assert rows[0]["Who"] == "Nora admin"
    assert rows[0]["Did what"] == f"changed advertiser {advertiser['id']}"
    assert "require token: no → yes" in rows[0]["Before and after"]
    assert page.links()[f"advertiser {advertiser['id']}"] == f"/advertisers/{advertiser['id']}"
    assert f"made tier {tier['id']}" in [row["Did what"].partition(" Gold")[0] for row in rows]
    assert advertiser["postback_token"] not in page.answer.text
    one = manager.see(f"/audit?kind=advertiser&entry_id={advertiser['id']}&action=create").table("Changes")
    assert [row["Did what"] for row in one] == [f"made advertiser {advertiser['id']} {advertiser['name']}"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        ([], "nothing"),
        (True, "yes"),
        (["a", 1], "a, 1"),
        ({"open": False}, "open: no"),
        ("x", "x"),
    ],
)
def test_values_of_changes_are_words(value, words):
    assert told(value) == words
