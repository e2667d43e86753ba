"""Users, sessions and sign-up: who gets in, as what, and who doesn't any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kernel.auth import ROLE_SCOPES
from partners.identity import passwords
from partners.identity.signup import HAS_A_USER
from partners.models import Advertiser, ApiKey, AuditEntry, Partner, User
from tests.support.web import PASSWORD, running_web


def sign_in(web, email, password=PASSWORD):
    return web.holding(None).ask("POST", "/api/v1/sessions", {"email": email, "password": password})


def test_a_user_signs_in_works_twelve_hours_and_signs_out(web):
    user = web.user("manager")
    answer = sign_in(web, user["email"].upper())
    assert answer.status_code == 201
    session = answer.json()
    assert session["user"]["id"] == user["id"]
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    me = web.holding(session["key"])
    seen = me.made("GET", "/api/v1/me")
    assert (seen["actor"], seen["role"], seen["key"]["kind"]) == (f"user:{user['id']}", "manager", "session")
    assert seen["scopes"] == sorted(ROLE_SCOPES["manager"])
    assert me.ask("DELETE", "/api/v1/sessions/current").status_code == 204
    assert me.refused("GET", "/api/v1/me") == (401, "unauthenticated")


def test_a_key_is_no_session_to_sign_out_of(web):
    assert web.admin.refused("DELETE", "/api/v1/sessions/current") == (409, "not_a_session")
    key = web.holding(web.key(role="analyst"))
    assert key.refused("DELETE", "/api/v1/sessions/current") == (409, "not_a_session")


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(web):
    user = web.user()
    wrong, unknown = sign_in(web, user["email"], "wrong"), sign_in(web, "nobody@example.com", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"]["code"] == "login_refused"


def test_an_unknown_address_costs_a_password_check_like_a_known_one(web, monkeypatch):
    user, checked = web.user(), []
    real = passwords._hasher.verify

    def verify(stored, password):
        checked.append(stored.split("$")[:4])
        return real(stored, password)

    monkeypatch.setattr(
        passwords, "_hasher", type("Hasher", (), {"verify": staticmethod(verify), "hash": passwords._hasher.hash})
    )
    for email in (user["email"], "nobody@example.com"):
        assert sign_in(web, email, "wrong").status_code == 401
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_a_stored_hash_is_argon2id_and_renewed_when_its_parameters_are_old(web):
    user = web.user()

    def stored():
        with web.app.state.programs.reading() as session:
            return session.get_one(User, user["id"]).password_hash

    assert stored().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    old = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    web.change(User, user["id"], password_hash=old)
    assert sign_in(web, user["email"]).status_code == 201
    assert stored().startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_attempts_are_limited_by_address_and_by_e_mail(event_store, store_settings, tmp_path):
    with running_web(store_settings, tmp_path, login_rate_per_minute=2) as web:
        user = web.user()
        answers = [sign_in(web, user["email"], "wrong") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[-1].json()["error"]["code"] == "too_many_attempts"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
        assert sign_in(web, user["email"]).status_code == 429
        others = [sign_in(web, f"other{n}@example.com", "wrong").status_code for n in range(3)]
        assert others == [401, 401, 429]


def test_a_disabled_user_loses_everything_at_once(web):
    user = web.user()
    session = web.holding(web.session(user))
    key = web.holding(session.made("POST", "/api/v1/keys", {"name": "k"})["key"])
    web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"status": "disabled"})
    for holder in (session, key):
        assert holder.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    answer = sign_in(web, user["email"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "access_ended")
    web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"status": "active"})
    assert key.ask("GET", "/api/v1/me").status_code == 200
    assert session.refused("GET", "/api/v1/me") == (401, "unauthenticated")


@pytest.mark.parametrize("status", ["suspended", "banned"])
def test_a_partner_that_is_turned_out_loses_access_at_once(web, status):
    partner = web.partner()
    user = web.user("partner", partner_id=partner)
    holders = [
        web.holding(web.session(user)),
        web.holding(web.key(role="partner", partner_id=partner)),
    ]
    for holder in holders:
        assert holder.made("GET", "/api/v1/me")["partner"]["status"] == "approved"
    web.change(Partner, partner, status=status, status_reason="Fake leads.")
    for holder in holders:
        assert holder.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    answer = sign_in(web, user["email"])
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == f"This account is {status}: Fake leads."


def test_a_suspended_advertiser_loses_access_at_once(web):
    advertiser = web.advertiser()
    holder = web.holding(web.session(web.user("advertiser", advertiser_id=advertiser)))
    assert holder.made("GET", "/api/v1/me")["advertiser"]["status"] == "active"
    web.change(Advertiser, advertiser, status="suspended")
    assert holder.refused("GET", "/api/v1/me") == (401, "unauthenticated")


def test_a_revoked_key_of_another_process_opens_nothing_a_second_later(web):
    made = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})
    authenticator = web.app.state.authenticator
    holder, moment = web.holding(made["key"]), [1000.0]
    real, authenticator._clock = authenticator._clock, lambda: moment[0]
    authenticator.forget()
    try:
        assert holder.ask("GET", "/api/v1/me").status_code == 200
        with web.app.state.programs.writing() as session:
            session.get_one(ApiKey, made["id"]).revoked_at = datetime.now(UTC)
        moment[0] += 1.0
        assert holder.ask("GET", "/api/v1/me").status_code == 401
    finally:
        authenticator._clock = real
        authenticator.forget()


def test_who_is_no_administrator_any_more_has_no_key_of_one(web):
    user = web.user("admin")
    key = web.holding(web.key(user_id=user["id"]))
    assert key.ask("POST", f"/api/v1/users/{user['id']}/password", {}).status_code == 200
    web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"role": "analyst"})
    assert key.refused("POST", f"/api/v1/users/{user['id']}/password", {}) == (403, "forbidden")
    assert key.made("GET", "/api/v1/me")["role"] == "analyst"


def test_whoever_belongs_to_a_partner_never_becomes_staff(web):
    user = web.user("partner", partner_id=web.partner())
    change = {"role": "admin"}
    assert web.admin.refused("PATCH", f"/api/v1/users/{user['id']}", change) == (409, "role_fixed")


@pytest.mark.parametrize(
    "wanted",
    [
        {"role": "partner"},
        {"role": "advertiser"},
        {"role": "admin", "partner_id": 1},
        {"role": "partner", "advertiser_id": 1},
        {"role": "owner"},
        {"role": "admin", "password": "short"},
        {"role": "admin", "email": "no address"},
        {"role": "admin", "email": "a@b\u0000.example"},
        {"role": "admin", "colour": "red"},
    ],
)
def test_a_user_that_can_not_be_is_refused(web, wanted):
    body = {"email": "someone@example.com", "name": "S", **wanted}
    assert web.admin.refused("POST", "/api/v1/users", body) == (400, "body_invalid")


def test_a_user_of_nobody_is_refused_and_an_address_belongs_to_one_user(web):
    body = {"email": "new@example.com", "name": "N", "role": "partner", "partner_id": 999_999}
    assert web.admin.refused("POST", "/api/v1/users", body) == (400, "reference_unknown")
    user = web.user()
    again = {"email": user["email"].title(), "name": "N", "role": "analyst"}
    assert web.admin.refused("POST", "/api/v1/users", again) == (409, "conflict")


def test_a_password_the_service_makes_up_is_shown_once_and_works(web):
    made = web.admin.made("POST", "/api/v1/users", {"email": "gen@example.com", "name": "G", "role": "analyst"})
    assert len(made["password"]) == 20
    assert sign_in(web, "gen@example.com", made["password"]).status_code == 201
    again = web.admin.made("POST", f"/api/v1/users/{made['id']}/password", {})
    assert again["password"] != made["password"]
    assert sign_in(web, "gen@example.com", made["password"]).status_code == 401
    assert "password" not in web.admin.made("GET", f"/api/v1/users/{made['id']}")


def test_a_new_password_ends_every_session(web):
    user = web.user()
    sessions = [web.holding(web.session(user)) for _ in range(2)]
    change = {"current": PASSWORD, "new": "another long password"}
    assert sessions[0].refused("POST", "/api/v1/me/password", change | {"current": "wrong"}) == (
        401,
        "login_refused",
    )
    assert sessions[0].ask("POST", "/api/v1/me/password", change).status_code == 204
    for session in sessions:
        assert session.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    assert sign_in(web, user["email"]).status_code == 401
    assert sign_in(web, user["email"], "another long password").status_code == 201
    assert web.admin.refused("POST", "/api/v1/me/password", change) == (409, "not_a_user")


def test_a_change_meant_for_an_older_revision_is_refused(web):
    user = web.user()
    path = f"/api/v1/users/{user['id']}"
    tag = web.admin.ask("GET", path).headers["etag"]
    changed = web.admin.ask("PATCH", path, {"name": "Ann"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Ann")
    assert changed.headers["etag"] != tag
    stale = web.admin.ask("PATCH", path, {"name": "Bob"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "changed_meanwhile")


def test_users_are_listed_by_what_they_are(web):
    partner = web.partner()
    ids = [web.user("partner", partner_id=partner)["id"] for _ in range(2)]
    listed = web.admin.made("GET", f"/api/v1/users?partner_id={partner}")
    assert ([user["id"] for user in listed["items"]], listed["next_cursor"]) == (ids, None)
    assert web.admin.refused("GET", "/api/v1/users?colour=red") == (400, "query_invalid")
    assert web.admin.refused("GET", "/api/v1/users?limit=1&limit=2") == (400, "query_invalid")


def signing_up(web, **given):
    number = web.number()
    body = {"name": f"Blog {number}", "email": f"blog{number}@example.com", "password": PASSWORD, **given}
    return web.holding(None).ask("POST", "/api/v1/signup", body), body


def test_while_sign_up_is_closed_nobody_signs_up(web):
    web.set_signup()
    answer, _ = signing_up(web)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "signup_closed")
    assert web.holding(None).made("GET", "/api/v1/signup") == {"open": False, "terms_url": ""}


def test_a_partner_signs_up_waits_and_sees_its_own_state_alone_until_it_is_approved(web):
    web.set_signup(open=True, terms_url="https://net.example/terms")
    refused, _ = signing_up(web)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "terms_not_accepted")
    answer, body = signing_up(web, accept_terms=True, company="Blog Ltd", country="DE")
    assert answer.status_code == 201
    partner = answer.json()["partner"]
    assert partner["status"] == "pending"
    me = web.holding(sign_in(web, body["email"]).json()["key"])
    seen = me.made("GET", "/api/v1/me")
    assert (seen["partner"], seen["scopes"]) == (partner, [])
    for method, path in (("GET", "/api/v1/keys"), ("GET", "/api/v1/reports/schema"), ("GET", "/api/v1/users")):
        assert me.refused(method, path) == (403, "forbidden")
    web.change(Partner, partner["id"], status="approved")
    seen = me.made("GET", "/api/v1/me")
    assert (seen["partner"]["status"], seen["scopes"]) == ("approved", sorted(ROLE_SCOPES["partner"]))
    assert me.ask("GET", "/api/v1/keys").status_code == 200


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"website": "javascript:alert(1)"}, "website: write the whole URL"),
        ({"website": "https://a.example/{sub1}"}, "website: this URL takes no macros"),
        ({"country": "Germany"}, "country"),
        ({"company": "two\nlines"}, "company"),
        ({"role": "admin"}, "role: Extra inputs"),
    ],
)
def test_a_sign_up_is_checked_like_a_partner_that_the_network_enters(web, given, says):
    web.set_signup(open=True)
    answer, _ = signing_up(web, **given)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


def test_a_taken_name_leaves_nothing_behind(web):
    web.set_signup(open=True)
    _, body = signing_up(web)
    answer, again = signing_up(web, name=body["name"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    with web.app.state.programs.reading() as session:
        assert session.scalars(select(Partner.name).where(Partner.email == again["email"])).all() == []


def test_a_sign_up_doesnt_tell_whose_e_mail_address_has_a_user_already(web):
    web.set_signup(open=True)
    new, body = signing_up(web)
    known, again = signing_up(web, email=body["email"].upper())
    assert new.status_code == known.status_code == 201
    states = [answer.json()["partner"] for answer in (new, known)]
    assert [{**state, "id": 0, "name": ""} for state in states] == [
        {"id": 0, "name": "", "status": "pending", "status_reason": ""}
    ] * 2
    assert set(new.json()) == set(known.json()) == {"partner"}
    notes = [web.admin.made("GET", f"/api/v1/partners/{state['id']}")["notes"] for state in states]
    assert notes == ["", HAS_A_USER]
    users = web.admin.made("GET", "/api/v1/users", params={"email": body["email"]})["items"]
    assert [user["partner_id"] for user in users] == [states[0]["id"]], "the user stays whose it was"
    taken, _ = signing_up(web, name=again["name"])
    assert taken.status_code == 409, "its name is taken as any other's"


def test_sign_ups_of_one_address_are_limited(event_store, store_settings, tmp_path):
    with running_web(store_settings, tmp_path, signup_rate_per_hour=2) as web:
        web.set_signup(open=True)
        assert [signing_up(web)[0].status_code for _ in range(3)] == [201, 201, 429]


def test_every_attempt_to_sign_in_is_in_the_audit_log(web):
    user = web.user()
    sign_in(web, user["email"], "wrong")
    sign_in(web, user["email"])
    with web.app.state.programs.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert [(entry.action, entry.actor, entry.address) for entry in entries] == [
        ("login", f"user:{user['id']}", ""),
        ("login_failed", "nobody", ""),
    ]
