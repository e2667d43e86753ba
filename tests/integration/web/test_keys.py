"""API keys: what they open, for how long, and who may make, see and end them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kernel import keys
from kernel.auth import ROLE_SCOPES
from partners.models import ApiKey, AuditEntry
from tracker import snapshot


def hours_from_now(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def stored(web, key_id: int) -> ApiKey:
    with web.app.state.programs.reading() as session:
        return session.get_one(ApiKey, key_id)


def test_a_new_key_is_shown_once_and_only_its_hash_is_stored(web):
    made = web.admin.made("POST", "/api/v1/keys", {"name": "Nightly", "role": "analyst"})
    assert keys.parse(made["key"]) == made["prefix"]
    assert (made["role"], made["kind"], made["scopes"]) == ("analyst", "key", sorted(ROLE_SCOPES["analyst"]))
    row = stored(web, made["id"])
    assert row.secret_hash == keys.fingerprint(made["key"])
    shown = web.admin.made("GET", f"/api/v1/keys/{made['id']}")
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert made["key"] not in web.admin.ask("GET", "/api/v1/keys").text


def test_a_key_opens_what_its_scopes_say(web):
    limited = web.holding(web.key(role="manager", scopes=["reports:read"]))
    assert limited.ask("GET", "/api/v1/reports/schema").status_code == 200
    assert limited.refused("GET", "/api/v1/users") == (403, "forbidden")
    assert limited.made("GET", "/api/v1/me")["scopes"] == ["reports:read"]


def test_a_key_that_expired_opens_nothing(web):
    made = web.admin.made(
        "POST", "/api/v1/keys", {"name": "k", "role": "analyst", "expires_at": hours_from_now(1)}
    )
    assert web.holding(made["key"]).ask("GET", "/api/v1/me").status_code == 200
    web.change(ApiKey, made["id"], expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert web.holding(made["key"]).refused("GET", "/api/v1/me") == (401, "unauthenticated")


@pytest.mark.parametrize("moment", [-1, 24 * 365 * 20, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_key_can_not_expire_in_the_past_or_the_far_future(web, moment):
    expires_at = moment if isinstance(moment, str) else hours_from_now(moment)
    body = {"name": "k", "role": "analyst", "expires_at": expires_at}
    assert web.admin.refused("POST", "/api/v1/keys", body) == (400, "body_invalid")


def test_a_revoked_key_opens_nothing_at_once(web):
    made = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})
    holder = web.holding(made["key"])
    assert holder.ask("GET", "/api/v1/me").status_code == 200
    ended = web.admin.made("POST", f"/api/v1/keys/{made['id']}/revoke")
    assert ended["revoked_at"] is not None
    assert holder.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    assert web.admin.made("POST", f"/api/v1/keys/{made['id']}/revoke") == ended


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(web):
    old = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst", "scopes": ["reports:read"]})
    new = web.admin.made("POST", f"/api/v1/keys/{old['id']}/rotate", {"overlap_hours": 2})
    assert (new["name"], new["role"], new["scopes"]) == ("k", "analyst", ["reports:read"])
    for key in (old["key"], new["key"]):
        assert web.holding(key).ask("GET", "/api/v1/me").status_code == 200
    after = web.admin.made("GET", f"/api/v1/keys/{old['id']}")
    assert after["replaced_by"] == new["id"]
    left = datetime.fromisoformat(after["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    assert web.admin.refused("POST", f"/api/v1/keys/{old['id']}/rotate", {}) == (409, "key_not_active")


def test_a_rotation_without_overlap_ends_the_old_key_at_once(web):
    old = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})
    web.admin.made("POST", f"/api/v1/keys/{old['id']}/rotate", {"overlap_hours": 0})
    assert web.holding(old["key"]).refused("GET", "/api/v1/me") == (401, "unauthenticated")


def test_a_rotation_never_makes_the_old_key_last_longer(web):
    old = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst", "expires_at": hours_from_now(1)})
    web.admin.made("POST", f"/api/v1/keys/{old['id']}/rotate", {"overlap_hours": 48})
    assert web.admin.made("GET", f"/api/v1/keys/{old['id']}")["expires_at"] == old["expires_at"]


def test_a_key_can_not_make_a_key_that_can_more_than_itself(web):
    maker = web.holding(web.key(role="manager", scopes=["keys:write", "reports:read"]))
    assert maker.refused("POST", "/api/v1/keys", {"name": "k", "scopes": ["audit:read"]}) == (
        403,
        "scope_not_held",
    )
    assert maker.made("POST", "/api/v1/keys", {"name": "k"})["scopes"] == ["keys:write", "reports:read"]
    strong = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "manager"})
    assert maker.refused("POST", f"/api/v1/keys/{strong['id']}/rotate", {}) == (403, "scope_not_held")


def test_no_key_has_a_scope_that_its_role_has_not(web):
    body = {"name": "k", "role": "analyst", "scopes": ["users:write"]}
    assert web.admin.refused("POST", "/api/v1/keys", body) == (403, "scope_not_held")


@pytest.mark.parametrize("given", [{"role": "admin"}, {"user_id": 1}, {"rate_per_minute": 5}])
def test_keys_for_others_and_with_own_rates_need_users_write(web, given):
    maker = web.holding(web.key(role="manager"))
    assert maker.refused("POST", "/api/v1/keys", {"name": "k", **given}) == (403, "forbidden")


def test_what_a_partners_user_makes_is_the_partners(web):
    partner = web.partner()
    user = web.user("partner", partner_id=partner)
    mine = web.holding(web.session(user))
    made = mine.made("POST", "/api/v1/keys", {"name": "k"})
    assert (made["role"], made["partner_id"], made["user_id"]) == ("partner", partner, user["id"])
    for other in ({"partner_id": web.partner(), "role": "partner"}, {"role": "admin"}, {"user_id": 1}):
        assert mine.refused("POST", "/api/v1/keys", {"name": "k", **other}) == (403, "forbidden")


def test_nobody_sees_or_ends_the_keys_of_others(web):
    partners = [web.partner(), web.partner()]
    users = [web.user("partner", partner_id=partner) for partner in partners]
    one, two = (web.holding(web.session(user)) for user in users)
    foreign = two.made("POST", "/api/v1/keys", {"name": "k"})["id"]
    assert [key["user_id"] for key in one.made("GET", "/api/v1/keys")["items"]] == []
    assert one.refused("GET", f"/api/v1/keys/{foreign}") == (404, "not_found")
    assert one.refused("POST", f"/api/v1/keys/{foreign}/revoke") == (404, "not_found")
    assert one.refused("POST", f"/api/v1/keys/{foreign}/rotate", {}) == (404, "not_found")
    manager = web.holding(web.key(role="manager"))
    assert manager.made("GET", f"/api/v1/keys/{foreign}")["id"] == foreign
    assert manager.refused("POST", f"/api/v1/keys/{foreign}/revoke") == (403, "forbidden")


def test_keys_are_listed_by_pages_and_by_whether_they_work(web):
    maker = web.holding(web.session(web.user("manager")))
    ids = [maker.made("POST", "/api/v1/keys", {"name": f"k{n}"})["id"] for n in range(3)]
    user_id = maker.made("GET", "/api/v1/me")["user"]["id"]
    maker.made("POST", f"/api/v1/keys/{ids[1]}/revoke")
    first = maker.made("GET", f"/api/v1/keys?limit=2&user_id={user_id}")
    assert ([key["id"] for key in first["items"]], first["next_cursor"]) == (ids[:2], str(ids[1]))
    rest = maker.made("GET", f"/api/v1/keys?limit=2&user_id={user_id}&cursor={first['next_cursor']}")
    assert ([key["id"] for key in rest["items"]], rest["next_cursor"]) == (ids[2:], None)
    works = maker.made("GET", f"/api/v1/keys?user_id={user_id}&active=true")["items"]
    assert [key["id"] for key in works] == [ids[0], ids[2]]
    gone = maker.made("GET", f"/api/v1/keys?user_id={user_id}&active=false")["items"]
    assert [key["id"] for key in gone] == [ids[1]]


def test_the_last_use_is_written_later_and_to_the_minute(web):
    made = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})
    web.holding(made["key"]).made("GET", "/api/v1/me")
    ring = web.app.state.authenticator._lookup.__self__
    ring.write_uses()
    used = datetime.fromisoformat(web.admin.made("GET", f"/api/v1/keys/{made['id']}")["last_used_at"])
    assert (used.second, used.microsecond) == (0, 0)
    assert datetime.now(UTC) - used < timedelta(minutes=2)


def test_a_keys_own_rate_is_what_it_may_ask_and_headers_tell_what_is_left(web):
    limited = web.holding(web.key(role="analyst", rate_per_minute=2))
    first = limited.ask("GET", "/api/v1/me")
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert first.headers["ratelimit"] == '"key";r=1;t=0'
    assert limited.ask("GET", "/api/v1/me").status_code == 200
    refused = limited.ask("GET", "/api/v1/me")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert refused.headers["ratelimit"].startswith('"key";r=0;t=')
    assert limited.ask("GET", "/healthz").status_code == 200


def test_a_key_without_a_rate_has_the_services_and_the_admin_key_none(web):
    key = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})["key"]
    assert web.holding(key).ask("GET", "/api/v1/me").headers["ratelimit-policy"] == '"key";q=600;w=60'
    assert "ratelimit" not in web.admin.ask("GET", "/api/v1/me").headers


def test_every_change_of_a_key_is_in_the_audit_log_without_its_secret(web):
    made = web.admin.made("POST", "/api/v1/keys", {"name": "k", "role": "analyst"})
    web.admin.made("POST", f"/api/v1/keys/{made['id']}/rotate", {})
    web.admin.made("POST", f"/api/v1/keys/{made['id']}/revoke")
    with web.app.state.programs.reading() as session:
        entries = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.kind == "key", AuditEntry.entry_id == made["id"])
            .order_by(AuditEntry.id)
        ).all()
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("create", "admin key"),
        ("rotate", "admin key"),
        ("revoke", "admin key"),
    ]
    assert entries[0].changes["secret_hash"] == [None, "***"]


def snapshot_keys(web) -> set[str]:
    """Return the prefixes of the keys that edges are told of."""
    program = snapshot.decode((web.app.state.settings.data_dir / snapshot.SNAPSHOT_FILE).read_bytes())
    return {key.prefix for key in program.keys.values()}


def test_edges_are_told_at_once_of_keys_that_record_clicks_and_of_their_end(web):
    partner = web.partner()
    user = web.user("partner", partner_id=partner)
    session = web.holding(web.session(user))
    clicks = session.made("POST", "/api/v1/keys", {"name": "k", "scopes": ["clicks:write"]})
    other = session.made("POST", "/api/v1/keys", {"name": "k", "scopes": ["reports:read"]})
    assert snapshot_keys(web) >= {clicks["prefix"]}
    assert other["prefix"] not in snapshot_keys(web)
    new = session.made("POST", f"/api/v1/keys/{clicks['id']}/rotate", {"overlap_hours": 1})
    assert snapshot_keys(web) >= {clicks["prefix"], new["prefix"]}
    session.made("POST", f"/api/v1/keys/{clicks['id']}/revoke")
    assert snapshot_keys(web) & {clicks["prefix"], new["prefix"]} == {new["prefix"]}
    web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"status": "disabled"})
    assert snapshot_keys(web) & {clicks["prefix"], new["prefix"]} == set()


def test_who_gets_a_smaller_role_has_smaller_keys(web):
    user = web.user("manager")
    made = web.holding(web.session(user)).made("POST", "/api/v1/keys", {"name": "k"})
    assert made["prefix"] in snapshot_keys(web)
    web.admin.made("PATCH", f"/api/v1/users/{user['id']}", {"role": "analyst"})
    key = web.admin.made("GET", f"/api/v1/keys/{made['id']}")
    assert (key["role"], key["scopes"]) == ("analyst", sorted(ROLE_SCOPES["analyst"]))
    assert made["prefix"] not in snapshot_keys(web)
