"""Keys, users, one's account and sign-up, in a browser without scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.auth import ROLE_SCOPES
from reports.web.cookies import SESSION
from reports.web.pages.keys import scope_groups
from tests.support.pages import Visitor
from tests.support.web import ADMIN_KEY, PASSWORD, running_web


@pytest.fixture
def admin(web):
    return Visitor(web, web.session(web.user("admin")))


def secret(page):
    return page.soup.select_one("#copy-secret").get_text()


def test_every_scope_is_in_a_group_and_once():
    for scopes in ROLE_SCOPES.values():
        listed = [name for _, group in scope_groups(scopes) for name, _ in group]
        assert sorted(listed) == sorted(scopes)


def test_a_key_is_shown_once_and_can_do_what_was_ticked(web, admin):
    page = admin.see("/keys")
    made = page.send("create", 200, name="Nightly report", scopes=["reports:read", "events:read"], life="30")
    key = secret(made)
    me = web.holding(key).made("GET", "/api/v1/me")
    assert me["scopes"] == ["events:read", "reports:read"]
    left = datetime.fromisoformat(me["key"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)
    assert key not in admin.see("/keys").answer.text
    assert key not in made.answer.headers.get("location", "")


def test_a_key_without_a_scope_is_refused_beside_the_scopes(admin):
    page = admin.see("/keys").send("create", 400, name="Nothing")
    assert page.soup.select_one("fieldset.wrong .problem").get_text().startswith("Tick what the key may do")
    assert page.form("create")["name"] == "Nothing"


def test_administrators_make_keys_for_others(web, admin):
    partner_id = web.partner()
    page = admin.see("/keys")
    made = page.send("create", 200, name="For Nora", whom=f"partner:{partner_id}", extent="all", life="")
    me = web.holding(secret(made)).made("GET", "/api/v1/me")
    assert (me["role"], me["partner"]["id"], me["key"]["expires_at"]) == ("partner", partner_id, None)
    assert me["scopes"] == sorted(ROLE_SCOPES["partner"])


def test_a_replaced_key_works_for_its_overlap_and_a_revoked_one_not_at_all(web):
    user = web.user("analyst")
    visitor = Visitor(web, web.session(user))
    old = secret(visitor.see("/keys").send("create", 200, name="Rotated", extent="all"))
    page = visitor.see("/keys").send("rotate", 200, overlap_hours="24")
    new = secret(page)
    assert [web.holding(key).ask("GET", "/api/v1/me").status_code for key in (old, new)] == [200, 200]
    row = next(one for one in page.table("Keys") if one["Begins with"] == old[:12])
    assert row["Name"].endswith("replaced")
    key_id = str(web.holding(new).made("GET", "/api/v1/me")["key"]["id"])
    ended = visitor.see("/keys").send("revoke", holding={"id": key_id})
    assert "The key Rotated has ended." in ended.text
    assert web.holding(new).refused("GET", "/api/v1/me") == (401, "unauthenticated")


def test_nobody_sees_or_ends_anothers_keys(web):
    theirs = web.user("analyst")
    made = web.admin.made("POST", "/api/v1/keys", {"name": "Not yours at all", "user_id": theirs["id"]})
    visitor = Visitor(web, web.session(web.user("analyst")))
    assert "Not yours at all" not in visitor.see("/keys").text
    for do in ("revoke", "rotate"):
        answer = visitor.post("/keys", {"do": do, "id": made["id"], "overlap_hours": "1"})
        assert answer.status_code == 404


def test_a_user_is_added_signs_in_with_the_password_shown_and_is_disabled(web, admin):
    email = f"new{web.number()}@example.com"
    page = admin.see("/users").send("invite", 200, name="Newcomer", email=email, role="analyst")
    password = secret(page)
    user = web.admin.made("GET", f"/api/v1/users?email={email}")["items"][0]
    assert web.holding(web.session(user, password)).made("GET", "/api/v1/me")["role"] == "analyst"
    shown = admin.see(f"/users/{user['id']}")
    assert password not in shown.answer.text
    assert shown.send("change", role="manager", status="disabled").soup.select_one("main .badge.bad") is not None
    stored = web.admin.made("GET", f"/api/v1/users/{user['id']}")
    assert (stored["role"], stored["status"]) == ("manager", "disabled")


@pytest.mark.parametrize("kind", ["partner", "advertiser"])
def test_its_page_leads_to_a_user_who_sees_that_partner_or_advertiser_alone(web, admin, kind):
    owner = getattr(web, kind)()
    address = admin.see(f"/{kind}s/{owner}").links()["Make a user"].partition("#")[0]
    email = f"{kind}{web.number()}@example.com"
    admin.see(address).send("invite", 200, name="Theirs", email=email, password=PASSWORD)
    user = web.admin.made("GET", f"/api/v1/users?email={email}")["items"][0]
    assert (user["role"], user[f"{kind}_id"]) == (kind, owner)


def test_a_taken_address_is_refused_beside_the_field(web, admin):
    taken = web.user()["email"]
    page = admin.see("/users").send("invite", 409, name="Again", email=taken, role="analyst")
    assert "already" in page.soup.select_one("#f-email-problem").get_text()


def test_an_administrator_sets_a_new_password(web, admin):
    user = web.user("analyst")
    page = admin.see(f"/users/{user['id']}").send("password", 200)
    assert web.session(user, secret(page))
    assert web.holding(None).refused(
        "POST", "/api/v1/sessions", {"email": user["email"], "password": PASSWORD}
    ) == (401, "login_refused")  # fmt: skip


def test_managers_look_at_users_and_change_none(web):
    user = web.user("analyst")
    manager = Visitor(web, web.session(web.user("manager")))
    assert manager.see(f"/users/{user['id']}").soup.select("form[method=post][data-confirm]") == []
    assert manager.post("/users", {"do": "invite", "name": "x"}).status_code == 403
    assert manager.post(f"/users/{user['id']}", {"do": "change", "name": "x"}).status_code == 403


def test_ones_password_is_changed_and_every_session_ends(web):
    user = web.user("analyst")
    key = web.session(user)
    visitor = Visitor(web, key)
    page = visitor.see("/account")
    new = "another horse battery staple"
    wrong = page.send("password", 401, current="not it, not at all", new=new, again=new)
    assert "current password is wrong" in wrong.soup.select_one("#f-current-problem").get_text()
    assert wrong.send("password", 400, current=PASSWORD, new=new, again="x").soup.select_one("#f-again-problem")
    done = visitor.post("/account", page.form("password") | {"current": PASSWORD, "new": new, "again": new})
    assert done.headers["location"] == "/sign-in"
    assert web.holding(key).refused("GET", "/api/v1/me") == (401, "unauthenticated")
    assert web.session(user, new)


def test_zone_and_theme_are_kept_in_the_browser_and_an_odd_zone_is_refused(web):
    visitor = Visitor(web, web.session(web.user("analyst")))
    page = visitor.see("/account")
    fields = page.form("prefer") | {"zone": "Asia/Tokyo", "theme": "dark"}
    done = visitor.post("/account", fields)
    kept = {one.partition("=")[0]: one.partition("=")[2] for one in done.headers.get_list("set-cookie")}
    assert kept["zone"].startswith('"Asia/Tokyo"') or kept["zone"].startswith("Asia/Tokyo")
    assert kept["theme"].startswith("dark")
    shown = visitor.get("/account", Cookie=f"{visitor.headers['Cookie']}; zone=Asia/Tokyo; theme=dark")
    assert 'value="Asia/Tokyo"' in shown.text
    assert 'data-theme="dark"' in shown.text
    assert page.send("prefer", 400, zone="Mars/Olympus").soup.select_one("#f-zone-problem") is not None


def test_sessions_are_listed_and_another_is_ended(web):
    user = web.user("analyst")
    here, there = web.session(user), web.session(user)
    page = Visitor(web, here).see("/account")
    assert len(page.table("Sessions")) == 2
    other = str(web.holding(there).made("GET", "/api/v1/me")["key"]["id"])
    assert "That session has ended" in page.send("end", holding={"id": other}).text
    assert web.holding(there).refused("GET", "/api/v1/me") == (401, "unauthenticated")
    assert web.holding(here).made("GET", "/api/v1/me")["user"]["id"] == user["id"]


def test_partners_sign_up_while_the_network_lets_them_and_accept_its_terms(web):
    visitor = Visitor(web, None)
    assert "Sign-up is closed" in visitor.see("/sign-up").text
    web.set_signup(open=True, terms_url="https://network.example/terms")
    try:
        page = visitor.see("/sign-up")
        assert page.links()["The network's terms"] == "https://network.example/terms"
        given = {"name": f"Blog {web.number()}", "email": f"blog{web.number()}@example.com", "password": PASSWORD}
        unread = page.send("sign-up", 400, **given)
        assert unread.words(unread.soup.select_one("#f-accept_terms-problem")).startswith(
            "Read the terms and tick"
        )
        assert unread.soup.select_one("#f-accept_terms").has_attr("required")
        short = page.send("sign-up", 400, **given | {"password": "short"}, accept_terms="true")
        assert "12 to 512" in short.soup.select_one("#f-password-problem").get_text()
        done = page.send("sign-up", 200, **given, accept_terms="true")
        assert "waits for the network's approval" in done.text
    finally:
        web.set_signup()
    partner = web.admin.made("GET", f"/api/v1/partners?q={given['name'].replace(' ', '+')}")["items"][0]
    assert partner["status"] == "pending"
    account = Visitor(web, web.session({"email": given["email"]})).see("/account")
    assert "is pending" in account.text
    closed = account.visitor.see("/links", 403).text
    assert "may not open this as it stands now" in closed
    assert "scope" not in closed


def test_a_person_is_told_of_the_role_and_a_program_of_the_scope(web):
    analyst = Visitor(web, web.session(web.user("analyst")))
    assert "The role analyst doesn't allow this." in analyst.see("/partners/new", 403).text
    assert "scope program:write" in Visitor(web, web.key(role="analyst")).see("/partners/new", 403).text


def test_the_first_visit_with_the_admin_key_leads_to_making_a_user(store_settings, tmp_path):
    with running_web(store_settings, tmp_path) as web:
        page = Visitor(web, None).see("/sign-in")
        assert "Nobody has an account yet" in page.text
        assert page.soup.select_one("details[open] input[name=key]") is not None
        done = page.visitor.post("/sign-in", page.form("key") | {"key": ADMIN_KEY})
        assert done.headers["location"] == "/users"
        cookie = next(one for one in done.headers.get_list("set-cookie") if one.startswith(SESSION))
        visitor = Visitor(web, cookie.partition("=")[2].partition(";")[0])
        first = visitor.see("/users")
        assert "Make your own user first" in first.text
        assert first.form("invite")["role"] == "admin"
        first.send("invite", 200, name="Me", email="me@example.com", password=PASSWORD)
        later = page.visitor.post("/sign-in", page.form("key") | {"key": ADMIN_KEY})
        assert later.headers["location"] == "/"
        assert "Make your own user first" not in visitor.see("/users").text
        known = Visitor(web, None).see("/sign-in")
        assert "Nobody has an account yet" not in known.text
        assert known.soup.select_one("details[open]") is None
